"""Threshold ECDSA by DKLs23 (Doerner, Kondi, Lee, shelat: "Threshold ECDSA in Three Rounds", IACR eprint 2023/765).

From the bottom: ``binding`` (what every hash names), ``limbs`` (constant-time field arithmetic on many scalars),
``base_ot``, ``ot_extension``, ``vole``, ``zero_sharing``, ``pair`` (all of these between two signers), ``presign``,
``sign``, ``session`` (what a signer drives).

Every presignature has oblivious transfers of its own: no OT state outlives it, so that an attacker who guesses bits
and is caught by a check has learnt nothing that is ever used again.
"""

from __future__ import annotations

import os

# Ahead of the first import of numpy. A second thread saves 20 us of a matrix product here, and costs tens of
# milliseconds where it has to wait for a processor; and a signer that has shut itself in may start no threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
