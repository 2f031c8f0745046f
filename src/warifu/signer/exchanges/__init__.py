"""A wallet's accounts at exchanges: the credentials that this device keeps of them.

What is here loads nothing of ``warifu.exchanges`` and ``warifu.signer.egress`` by itself: most devices ask no exchange,
and an idle signer has no room for that (``loading``). What needs them imports them where it is called.
"""
