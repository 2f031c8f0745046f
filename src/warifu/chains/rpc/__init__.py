"""How any chain's network half asks a server: bounded HTTP, JSON-RPC 2.0, several servers as one.

Servers are believed as little as possible: answers are bounded in size and time, numbers never pass through a float,
and what decides money is read from several (``Endpoints.agreed``). Addresses and headers hold tokens, so they are kept
in ``Secret`` and stay out of every message, log and representation.
"""
