"""How a signer shuts itself in: one layer per file, one table, one report.

Order of a start: the agent calls ``spawn.spawn``; the new process calls ``handover.receive`` before anything else,
imports all that it will ever need, opens nothing, and calls ``apply.apply_all``. From then on it can compute, read
and write its own store, and speak on the one connection that it was given; nothing else.

Each layer is tried after it was applied. What the kernel cannot give is in the report; what the owner requires and
does not get stops the signer.
"""
