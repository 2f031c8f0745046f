"""The platforms a signer can run on: what each gives, and what its evidence is worth.

The words are those of RATS (RFC 9334): a signer is the *attester*, each peer and the owner's client are *verifier*
and *relying party*. To add a platform, add its file and one line in ``registry``.
"""
