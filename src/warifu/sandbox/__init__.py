"""A simulation of exchanges, on this machine only: Coinbase's three APIs and Binance's, for demos and tests.

What is real: TLS 1.3, each exchange's authentication, the matching of orders, and (on a local chain) the transactions
by which coins come and go. What is not: the exchange. Its fees, minimums and the trader who makes its market are made
up, its answers are written from the exchanges' documents, and money in it is worth nothing.

It shares no line with ``warifu.exchanges``, which speaks to exchanges: two sides that were made of the same code would
agree on the same mistake.

- ``amounts``, ``refusal``: exact decimals, and no in the words of no exchange.
- ``ledger``, ``markets``, ``orders``, ``book``, ``engine``: whose money, what is traded, and how orders meet.
"""
