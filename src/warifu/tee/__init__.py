"""The platforms a signer can run on: the attester's side of RFC 9334. The verifiers are in ``warifu.attestation``.

A signer is the *attester*, each peer and the owner's client are *verifier* and *relying party*. To add a platform, add
its file and one line in ``registry``.
"""
