"""Exchanges as an owner's program sees them: accounts and their keys, calls, visits, and what is shown of them."""
