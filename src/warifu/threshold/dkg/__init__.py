"""ChillDKG: distributed key generation for FROST (BlockstreamResearch/bip-frost-dkg, commit a918968).

One layer of the protocol per file, each standing on the one below: ``vss`` (verifiable secret sharing),
``simplpedpop`` (sharings with proofs of possession), ``encpedpop`` (the shares encrypted), ``certeq`` (the equality
check), ``chilldkg`` (the whole protocol as its steps) with ``recovery`` beside it, and ``session`` (the steps as one
state machine that takes messages and returns messages).

The ciphersuite is a parameter (``suite``): ``suite_bip340`` is ChillDKG as it is specified, ``suite_ed25519`` a profile
of Warifu's own in the same shape.
"""
