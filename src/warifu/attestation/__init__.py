"""What evidence is worth (the verifier's side of RFC 9334), apart from the attesters in ``warifu.tee``.

A verifier is pure and offline: bytes, endorsements and a moment come in, and what the evidence says comes out, or the
name of the first check that failed. A Raspberry Pi verifies the report of a server with it, and so does the owner's
client. Whether what was said is *enough* is another question, which an appraisal policy answers (``rules``).
To add a format, add its file and one line in ``registry``.
"""
