"""Ethereum and every EVM chain, the pure half: how a signer reads what it is asked to sign with its own eyes.

Bytes in, frozen values or refusals out: no network, no clock, no randomness, no secret. The owner's client and
``warifu decode`` read with the same code, so what the owner sees is what the signers judge. Malformed bytes raise
``InputRefused``; something well-formed that should not be signed raises ``TransactionRefused``.
"""
