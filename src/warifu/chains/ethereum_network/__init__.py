"""Ethereum and every EVM chain, the network half: what the custody service asks of nodes, and what it sends to them.

Everything that comes from a node can be a lie. What a lie could cost is bounded here (fees, gas, agreement of several
nodes on what decides money), and again by what the signers read in the raw transaction.
"""
