"""An Ethereum chain in a process of its own, for the demo and the tests: on this machine only, worth nothing.

Execution is real: transactions, contracts, gas, base fees, blocks and reorganisations are py-evm's, by the rules of the
Prague fork. The mempool is a simulation: its rules are ours, modelled on Geth's, and prove nothing about what real
nodes relay. There is no consensus between nodes, as there is only one. The chain lives in memory and ends with its
process. In front stands the part of Ethereum's JSON-RPC interface that the wallet uses, so that the demo takes the same
road as production.
"""
