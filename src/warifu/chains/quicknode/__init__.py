"""QuickNode: its endpoints' ways of letting one in, Blockbook for Bitcoin's addresses, and the admin API.

JSON-RPC for the Ethereum family and for Solana is ``warifu.chains.rpc`` over ``QuickNodeAccess.endpoint``; Bitcoin is a
``Backend`` of its own (``bitcoin``). What QuickNode learns about the wallet, and what it can lie about, is in
docs/quicknode.md.
"""
