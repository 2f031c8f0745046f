"""May this leave the wallet? Pure functions of the policy, of what was read, and of the facts that a signer remembers.

``judge`` for transactions and messages, ``exchanges`` for calls of an exchange. Neither has a clock, a store or a
network: the same in every signer, and in a rehearsal.
"""
