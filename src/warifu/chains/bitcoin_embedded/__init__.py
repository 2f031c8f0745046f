"""A Bitcoin chain in a process of its own, for the demo and the tests: regtest, on this machine only.

Consensus is real: blocks are built here and judged by Bitcoin Core's own engine (py-bitcoinkernel), scripts and
signatures included. Policy is a simulation: the mempool's rules are ours, modelled on Bitcoin Core's, and prove nothing
about what real nodes relay. In front stands the part of Esplora's HTTP interface that the wallet uses, so that the
demo takes the same road as production.
"""
