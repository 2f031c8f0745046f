"""A Solana chain in a process of its own, for the demo and the tests: on this machine only, gone with its process.

Execution is real: LiteSVM (in ``solders``) runs Solana's own runtime with mainnet's programs, checks signatures, fees,
rent and durable nonces, and refuses what was executed before. A simulation, ours, are slots, blockhashes and their age,
finality (a slot is final when 32 follow it; nothing is ever dropped), and the JSON-RPC answers, modelled on Agave's:
they prove nothing about a cluster's consensus, its leaders or its fee market. Whatever commitment is asked for,
balances and accounts are those of the newest slot.
"""
