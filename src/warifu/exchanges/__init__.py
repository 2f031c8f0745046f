"""Exchanges, their pure half: typed requests and answers, what is signed, what an answer means.

No connection, no clock, no randomness, no secret: values in, values out, so that a signer that judges a request, the
signer that carries it and a stand-in that answers it read the same thing. ``docs/exchanges.md`` says how to add one.

- ``http``: messages as values. ``calls``: one typed endpoint, from its request to its answer.
- ``signing``: what a credential signs and what that signature does not cover.
- ``failures``: again, refused, or unknown. ``amounts``: decimals, never floats.
- ``market``, ``adapter``: what all exchanges have in common. ``registry``: the list of them.
- ``coinbase``, ``binance``: one folder each.
"""
