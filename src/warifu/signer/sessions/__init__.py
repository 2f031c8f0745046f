"""Ceremonies among several signers, as state machines without I/O: key generation and signing a transfer."""
