"""Threshold cryptography: the mathematics, with no I/O, no clock and no network.

Imports nothing else of Warifu. Randomness comes from the operating system or is handed in by the caller.
"""

from __future__ import annotations

import os

# Ahead of the first import of numpy. A second thread saves 20 us of a matrix product here, and costs tens of
# milliseconds where it has to wait for a processor; and a signer that has shut itself in may start no threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
