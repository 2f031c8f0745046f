"""Threshold ECDSA by DKLs23 (Doerner, Kondi, Lee, shelat: "Threshold ECDSA in Three Rounds", IACR eprint 2023/765).

From the bottom: ``binding`` (what every hash names), ``limbs`` (constant-time field arithmetic on many scalars),
``gf2`` (matrices of bits), ``steps`` (each taken once), ``base_ot``, ``ot_extension``, ``correlating`` and
``correlation`` (what two signers prepare for one signature), ``sealing`` (how it waits on the disk), ``vole``,
``zero_sharing``, ``pair`` (all multiplications between two signers), ``presign``, ``sign``, ``session`` (what a signer
drives). For thresholds of two and more, and at most sixteen participants.

Every signature has oblivious transfers of its own, made ahead of time and used once: an attacker who guesses bits and
is caught by a check has learnt nothing that is ever used again (ADR 13).

How sure the citations are. The papers' texts were not at hand. The equations of signing (protocol 3.6), of the random
vector OLE (functionality 3.5, protocol 5.2, with its parameters), of zero sharing (functionality 3.4) and of endemic
transfers, and the numbers of sections and protocols, agree with those that published implementations in Rust by others
attribute to the papers. Not compared with any text are the bounds that the modules give for cheats who guess; each is
argued where it stands.
"""
