"""A signer whose passphrase is stretched by one hash instead of Argon2id: for measuring what everything else costs."""

from __future__ import annotations

import sys

from warifu.signer.isolation.handover import receive


def main() -> int:
    """The production signer with one function exchanged."""
    handover = receive()
    from tests.support.simulator import cheap_stretch

    from warifu.signer import device, running

    device.Device.start.__func__.__defaults__ = (cheap_stretch, None)  # type: ignore[attr-defined]  # its default is Argon2id
    return running.run(handover)


if __name__ == "__main__":
    sys.exit(main())
