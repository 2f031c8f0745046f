"""Solana, the network half: what is on the chain, drafts, broadcast, and what became of them, over JSON-RPC.

Only the custody service imports this. Nothing here holds a secret or is believed by a signer. A lying node can show
balances that are not there, have a draft built that will not execute, or hold a transaction back; what could make
somebody pay twice (that a transaction can never land any more) is believed only when a quorum says so.
Everything is synchronous; the service calls it in threads.
"""
