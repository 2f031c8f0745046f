"""Threshold cryptography: the mathematics, with no I/O, no clock and no network.

Imports nothing else of Warifu. Randomness comes from the operating system or is handed in by the caller.
"""
