"""Journals of devices as an owner's program collects, checks and tells them."""
