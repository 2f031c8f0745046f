"""Proactive refresh: new shares of the same key, so that shares of different times do not combine.

A. Herzberg, S. Jarecki, H. Krawczyk, M. Yung, "Proactive Secret Sharing Or: How to Cope With Perpetual Leakage", CRYPTO
1995, section 3.3 with Feldman's commitments (section 3.4). Every participant deals a sharing of zero: a polynomial of
degree t-1 without a constant term. Each adds what it was dealt to its share. The sum of all polynomials is zero at
zero, where the key lies, and random everywhere else. A thief needs t shares of one time then: t-1 of before and
another of afterwards are nothing.

From ChillDKG (``threshold.dkg``) come the shape (commitments that are checked share by share, sums that become the new
public shares, blame), that a share or public share is never zero, and that nothing is final before all agree on one
transcript. That agreement, its signatures and everything durable are the caller's (``warifu.protocol.epochs``,
``warifu.signer.sessions.refreshing``). What is not taken: proofs of possession. They keep a participant from choosing
the secret that it adds to the key, and here nobody adds one: the constant term is not sent, so it is zero for all.

What it does not do. Whoever has t-1 participants during the refresh knows every polynomial (it has t of its points, the
zero among them), as in Herzberg et al.: they count as taken before and after. A participant can keep the others from
finishing, and is named for it.
"""
