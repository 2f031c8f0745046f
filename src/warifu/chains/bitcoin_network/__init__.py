"""Bitcoin, the network half: a watch-only wallet, and the backends that tell it what happened on the chain.

Only the custody service imports this. Nothing here holds a secret or is believed by a signer: a lying backend can hide
coins or show coins that are not there, and what is then signed is invalid or is what the owner authorized anyway.
Everything is synchronous; the service calls it in threads. Hashes and transaction ids are 32 bytes in hash order.
"""
