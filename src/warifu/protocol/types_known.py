"""Everything that is read is worked out before a second thread reads.

msgspec (0.22) works a type out when it is first read, and puts it where other threads find it before it is complete:
two threads that read it for the first time at once make the process crash (NULL where a field's type belongs). A
process with threads calls this first.
"""

from __future__ import annotations

import msgspec


def know_types() -> None:
    """Have msgspec work out every type that was imported. Takes some hundredths of a second."""
    waiting: list[type[msgspec.Struct]] = [msgspec.Struct]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        msgspec.msgpack.Decoder(kind)
