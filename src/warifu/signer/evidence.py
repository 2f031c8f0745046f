"""The attester's side: what this device shows of itself, made anew for each envelope key and each session."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from warifu.errors import InputRefused, PlatformRefused
from warifu.protocol.attesting import (
    MAX_ATTESTATION_BYTES,
    MAX_DOCUMENTS,
    Attestation,
    Binding,
    Claims,
    Evidence,
    HostClaims,
)
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import EndorsementAnswer
from warifu.tee.platform import Platform


@runtime_checkable
class Endorsing(Protocol):
    """A platform that was handed endorsements by its host (the certificates of an SNP report, say)."""

    def endorsements(self) -> tuple[bytes, ...]: ...


class Endorsement(Protocol):
    """What a chip has from its maker, in the TPM's structures."""

    @property
    def public(self) -> bytes: ...

    @property
    def certificate(self) -> bytes: ...


@runtime_checkable
class Activating(Protocol):
    """A platform whose attestation key is bound to its chip by a challenge (TPM2_ActivateCredential)."""

    @property
    def endorsement(self) -> Endorsement: ...

    @property
    def attestation_key(self) -> bytes: ...

    def activate(self, credential: tuple[bytes, bytes]) -> bytearray: ...


class Attester:
    """Makes this device's attestations. ``host`` and ``kept`` are set by what the agent last told."""

    def __init__(
        self, platform: Platform, release: bytes = bytes(32), isolation: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """``release``: digest of the program's files (32 bytes). ``isolation``: (layer, state) as applied."""
        self.platform = platform
        self.release = release
        self.isolation = tuple((layer[:48], state[:48]) for layer, state in isolation)
        self.host: HostClaims | None = None
        self.kept: tuple[bytes, ...] = ()
        """Documents of the maker, fetched before, by which the evidence is judged. Nobody believes them."""

    def attest(self, binding: Binding) -> Attestation:
        """Fresh evidence for ``binding``, beside what is claimed at this moment. ``PlatformRefused``.

        What others could not read is not shown: they would take a host that hands out too much for a device that lies.
        """
        claims = Claims(self.release, self.isolation, self.host, given(self.platform))
        evidence = self.platform.attest(binding.report_data(claims))
        handed_out = self.platform.endorsements() if isinstance(self.platform, Endorsing) else ()
        kept = [each for each in dict.fromkeys(self.kept) if each not in handed_out]
        documents = (*handed_out, *kept[: max(0, MAX_DOCUMENTS - len(handed_out))])
        made = Attestation(Evidence(evidence.format, evidence.body), documents, claims)
        try:
            return decode(Attestation, encode(made), MAX_ATTESTATION_BYTES)
        except InputRefused:
            raise PlatformRefused(
                "attestation-size",
                "this device's evidence, with the endorsements that its host handed out, is longer than others read",
                not_done="It was shown to nobody, and nothing was signed.",
                remedy="See what the host hands out beside the evidence: certificates, and nothing else.",
            ) from None


def given(platform: Platform) -> tuple[str, ...]:
    """The names of what a platform gives."""
    return tuple(name for name, value in vars(platform.capabilities).items() if value is True)


def activate(platform: Platform, credential: bytes, secret: bytes) -> bytes:
    """What the chip makes of the owner's challenge; ``PlatformRefused`` where the platform has no such chip."""
    return bytes(_activating(platform).activate((credential, secret)))


def endorsement(platform: Platform) -> EndorsementAnswer:
    """What a challenge to the chip is made for; ``PlatformRefused`` where the platform has no such chip."""
    chip = _activating(platform)
    return EndorsementAnswer(chip.endorsement.public, chip.endorsement.certificate, chip.attestation_key)


def _activating(platform: Platform) -> Activating:
    if not isinstance(platform, Activating):
        raise PlatformRefused(
            "activation",
            f"the platform {platform.capabilities.name} has no key to activate",
            not_done="Nothing was proven.",
        )
    return platform
