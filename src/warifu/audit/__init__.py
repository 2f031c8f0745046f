"""Auditing: the journals of a wallet's devices held against themselves, each other, the owner's records and the chain.

Pure: journals, heads and histories go in, findings come out. What a single device says of itself is worth what the
device is worth; what counts is what two of them, or one and the chain, say differently.

1. ``journals``: each journal alone: signatures, chain, numbers, its signed end.
2. ``heads``: what others remember of it, signed by itself: removed, altered, inserted, truncated, forked.
3. ``transfers``: what several devices took part in, the same in each.
4. ``calls``: what several devices took part in at exchanges, and what each looked at afterwards.
5. ``rules``: by which rules each device judged, and whether they were in force there.
6. ``records``: what this client verified when the wallet was made.
7. ``at_exchange``: what an exchange lists that no device signed for.
8. ``onchain``: what left the wallet, and what the service says became of it.
"""
