"""What the service's process (``service_process.py``) says to whoever started it (``serving.py``).

A file of its own, so that the starter, which goes on as a device's agent, has nothing of the service in its memory.
"""

from __future__ import annotations

CLOSED = "closed"
"""It is closed to other programs of its user, and takes the key of its database."""
READY = "ready "
"""It accepts connections; the address and the certificate's fingerprint follow."""
