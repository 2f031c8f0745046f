"""The custody service: an untrusted coordinator between the owner's client, the signers and the chain.

It builds unsigned transactions, relays sealed messages between signers, stores what was signed before it is sent,
sends it, and follows it. It holds no key and no passphrase: hostile, it can refuse to work and nothing else.
"""
