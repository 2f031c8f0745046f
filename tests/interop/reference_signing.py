"""Signing sessions of BIP 445 with signers of both makes: ours, and those of the published reference."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.interop.references import References

from warifu.threshold.frost.aggregation import Aggregation
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

Tweaks = Sequence[tuple[bytes, bool]]


class Signer(ABC):
    """One signer in one session: ``pubnonce`` first, then ``sign`` with everybody's."""

    pubnonce: bytes

    @abstractmethod
    def sign(self, pubnonces: Mapping[int, bytes]) -> bytes: ...

    @abstractmethod
    def aggregate(self, pubnonces: Mapping[int, bytes], partials: Mapping[int, bytes]) -> bytes:
        """As coordinator: the signature."""


@dataclass(frozen=True)
class Job:
    """What is signed, and by whom."""

    t: int
    threshold_pubkey: bytes
    pubshares: tuple[bytes, ...]
    ids: tuple[int, ...]
    message: bytes
    tweaks: Tweaks

    @property
    def key(self) -> ThresholdKey:
        return ThresholdKey(self.t, len(self.pubshares), self.threshold_pubkey, self.pubshares)


class OurSigner(Signer):
    """The signing session that signers run."""

    def __init__(self, job: Job, who: int, share: bytes) -> None:
        self._job = job
        self._session, self.pubnonce = SigningSession.start(
            job.key, Secret(share), who, job.ids, job.message, job.tweaks, os.urandom(16)
        )

    def sign(self, pubnonces: Mapping[int, bytes]) -> bytes:
        return self._session.sign(pubnonces)

    def aggregate(self, pubnonces: Mapping[int, bytes], partials: Mapping[int, bytes]) -> bytes:
        signers = self._job.key.signers(SECP256K1, self._job.ids)
        task = BIP340.task(signers, self._job.message, self._job.tweaks)
        return Aggregation(task, pubnonces).aggregate(partials)


class TheirSigner(Signer):
    """By the functions of ``frost_ref``."""

    def __init__(self, references: References, job: Job, who: int, share: bytes) -> None:
        self._ref, self._job, self._who, self._share = references.frost, job, who, share
        ref = self._ref
        tweaked = ref.thresh_pubkey_and_tweak(job.threshold_pubkey, *self._tweaks)
        self._secnonce, self.pubnonce = ref.nonce_gen(
            share, job.pubshares[who], ref.get_xonly_pk(tweaked), job.message, None
        )

    @property
    def _tweaks(self) -> tuple[list[bytes], list[bool]]:
        return [tweak for tweak, _ in self._job.tweaks], [is_xonly for _, is_xonly in self._job.tweaks]

    @property
    def _context(self) -> Any:
        job = self._job
        return self._ref.SignersContext(
            len(job.pubshares),
            job.t,
            list(job.ids),
            [job.pubshares[who] for who in job.ids],
            job.threshold_pubkey,
        )

    def _session(self, pubnonces: Mapping[int, bytes]) -> Any:
        aggnonce = self._ref.nonce_agg([pubnonces[who] for who in self._job.ids])
        return self._ref.SessionContext(aggnonce, self._context, *self._tweaks, self._job.message)

    def sign(self, pubnonces: Mapping[int, bytes]) -> bytes:
        return bytes(self._ref.sign(self._secnonce, self._share, self._who, self._session(pubnonces)))

    def accepts(self, who: int, pubnonces: Mapping[int, bytes], partial: bytes) -> bool:
        ids = self._job.ids
        return bool(
            self._ref.partial_sig_verify(
                partial,
                [pubnonces[other] for other in ids],
                self._context,
                *self._tweaks,
                self._job.message,
                ids.index(who),
            )
        )

    def aggregate(self, pubnonces: Mapping[int, bytes], partials: Mapping[int, bytes]) -> bytes:
        ordered = [partials[who] for who in self._job.ids]
        return bytes(self._ref.partial_sig_agg(ordered, self._session(pubnonces)))


def signers(makes: str, references: References, job: Job, shares: Sequence[bytes]) -> dict[int, Signer]:
    """``makes[who]`` is the make of participant ``who``."""
    return {
        who: OurSigner(job, who, shares[who])
        if makes[who] != "t"
        else TheirSigner(references, job, who, shares[who])
        for who in job.ids
    }
