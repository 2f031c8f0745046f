"""Ceremonies among several signers, as state machines without I/O: keys and their shares, signing, what it needs."""
