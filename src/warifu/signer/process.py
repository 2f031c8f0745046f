"""The enclave process: ``python -I -B -m warifu.signer.process``, started by ``signer.isolation.spawn``.

The handover is taken first, while as little as possible is imported (see ``handover.receive``); all else follows.
"""

from __future__ import annotations

import sys
from importlib import import_module

from warifu.signer.isolation.handover import receive


def _import_keccak_without_a_parser() -> None:
    """Where cffi is to be had, pycryptodome declares its functions in C and has cffi parse that: the parser and its
    tables would stay in a signer's memory for good. Without cffi it takes ctypes, for the same functions."""
    sys.modules["cffi"] = None  # type: ignore[assignment]  # Python's own way to say that it cannot be imported
    try:
        import_module("Crypto.Hash.keccak")
    finally:
        del sys.modules["cffi"]


def main() -> int:
    """Run until the connection ends. Returns the exit status."""
    try:
        handover = receive()
        _import_keccak_without_a_parser()
        from warifu.signer.running import run

        return run(handover)
    except Exception as error:  # noqa: BLE001  # a traceback could show what must not be shown
        sys.stderr.write(f"the signer ended by an unforeseen {type(error).__name__}\n")
        return 70


if __name__ == "__main__":
    sys.exit(main())
