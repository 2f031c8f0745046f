"""Evidence as it travels: the name of a format, and bytes that only that format's verifier reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal[0, 1, 2]
"""0: isolation by software. 1: measured boot and a hardware root of trust, while the share enters ordinary memory.
2: a confidential machine or enclave, whose memory the host cannot read."""

REPORT_DATA_BYTES = 64
MAX_EVIDENCE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Evidence:
    """What the attester shows. ``format`` names the verifier that understands ``body``."""

    format: str
    body: bytes
