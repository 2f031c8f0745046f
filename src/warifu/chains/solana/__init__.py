"""Solana, the pure half: how a signer reads a message with its own eyes.

Bytes in, frozen values or refusals out: no network, no clock, no randomness, no secret. The owner's client and
``warifu decode`` read with the same code, so what the owner sees is what the signers judge. Malformed bytes raise
``InputRefused``; a well-formed message that should not be signed raises ``TransactionRefused``. What a signer can and
cannot know from a message alone is in ``docs/solana.md``.
"""
