"""The enclave process: ``python -I -B -m warifu.signer.process``, started by ``signer.isolation.spawn``.

The handover is taken first, while as little as possible is imported (see ``handover.receive``); all else follows.
"""

from __future__ import annotations

import sys

from warifu.signer.isolation.handover import receive


def main() -> int:
    """Run until the connection ends. Returns the exit status."""
    try:
        handover = receive()
        from warifu.signer.running import run

        return run(handover)
    except Exception as error:  # noqa: BLE001  # a traceback could show what must not be shown
        sys.stderr.write(f"the signer ended by an unforeseen {type(error).__name__}\n")
        return 70


if __name__ == "__main__":
    sys.exit(main())
