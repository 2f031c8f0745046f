"""A signer whose passphrase is stretched by one hash instead of Argon2id: for measuring what everything else costs."""

from __future__ import annotations

import sys

from warifu.signer.isolation.handover import receive


def main() -> int:
    """The production signer with one function exchanged."""
    handover = receive()
    from warifu.signer import running

    stretch_cheaply()
    return running.run(handover)


def stretch_cheaply() -> None:
    """From now on a device stretches passphrases by one hash, where Argon2id is its default."""
    from tests.support.simulator import cheap_stretch

    from warifu.signer import device, vault

    start = device.Device.start.__func__  # type: ignore[attr-defined]  # a class method's function
    start.__defaults__ = tuple(
        cheap_stretch if default is vault.argon2id else default for default in start.__defaults__
    )


if __name__ == "__main__":
    sys.exit(main())
