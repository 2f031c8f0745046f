"""The TPM as the rest of this room uses it: sessions that an interposer on the bus can neither read nor alter, objects
that never stay behind, and facts about the chip.

Each session is salted to the storage root key and encrypts parameters both ways (AES-128-CFB), so a secret crosses the
wires between processor and TPM encrypted, and every answer is authenticated (TPM 2.0 Library, Part 1, "Session-based
encryption"). That holds only if the salt is encrypted to the TPM's own key, so the name of that key is pinned. It is
compared with the name that ESAPI *computes* from the public area it encrypts to; the one that came beside it is
whatever an interposer likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tpm2_pytss import (
    ESAPI,
    ESYS_TR,
    TPM2_ALG,
    TPM2_CAP,
    TPM2_SE,
    TPM2B_PUBLIC,
    TPMA_SESSION,
    TPML_PCR_SELECTION,
    TPMT_PUBLIC,
    TPMT_SYM_DEF,
    TSS2_Exception,
)

from warifu.errors import PlatformRefused
from warifu.tee.platform import PlatformSettings
from warifu.tee.tpm.policy import pcr_selection
from warifu.tee.tpm.refusals import NO_SUCH_HANDLE, code, refusing
from warifu.tee.tpm.transport import Address, Transport, read_address

_MANUFACTURER, _VENDOR_1, _PERMANENT, _LOCKOUT_COUNTER = 0x105, 0x106, 0x200, 0x20E
_OWNER_SET, _ENDORSEMENT_SET, _LOCKOUT_SET, _IN_LOCKOUT = 1 << 0, 1 << 1, 1 << 2, 1 << 9
NO_KEY = ESYS_TR.NONE
_SYMMETRIC = "aes128cfb"
_BOTH_WAYS = TPMA_SESSION.CONTINUESESSION | TPMA_SESSION.DECRYPT | TPMA_SESSION.ENCRYPT


@dataclass(frozen=True)
class Facts:
    """What the TPM says of itself. None of it is proof; a certificate of its endorsement key is."""

    manufacturer: str
    vendor: str
    owner_auth_set: bool
    endorsement_auth_set: bool
    lockout_auth_set: bool
    in_lockout: bool
    wrong_tries: int
    most_tries: int
    recovery_seconds: int
    lockout_recovery_seconds: int


@dataclass(frozen=True)
class Key:
    """A key in the TPM."""

    handle: ESYS_TR
    name: bytes


class Chip:
    """An open TPM. ``root`` is the storage root key that sessions are salted to, once it is known."""

    def __init__(self, transport: Transport) -> None:
        """Takes ownership of ``transport``."""
        self._transport = transport
        self._esapi: ESAPI | None = None
        self.root: Key | None = None
        self._session: ESYS_TR | None = None
        try:
            with refusing("opening it"):
                self._esapi = ESAPI(transport)
                self.facts = self._read_facts()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, settings: PlatformSettings) -> Chip:
        """The TPM that ``settings.device`` names. ``PlatformRefused``: ``device``, ``unreachable``, ``simulator``."""
        chip = cls(Transport(read_address(settings.device)))
        if chip.simulator and not settings.development:
            chip.close()
            raise PlatformRefused(
                "simulator",
                f"the TPM is a simulated one ({chip.facts.vendor}): whoever has its files has its secrets",
                not_done="The device was not started; no other platform was tried.",
                remedy="Use the machine's own TPM, or set the device up in a development profile.",
            )
        return chip

    @property
    def simulator(self) -> bool:
        """Whether it is software: reached as such, or saying so itself (also behind a virtual machine's device)."""
        return simulated(self._transport.address, self.facts)

    @property
    def esapi(self) -> ESAPI:
        """The TPM's commands."""
        if self._esapi is None:
            raise PlatformRefused("locked", "the TPM was closed; start the device again to open it")
        return self._esapi

    @property
    def descriptor(self) -> int:
        """The one descriptor that must stay open."""
        try:
            return self._transport.descriptor
        except TSS2_Exception:
            raise PlatformRefused("unreachable", "the TPM's descriptor is closed") from None

    def refresh(self) -> Facts:
        """The facts as they are now."""
        with refusing("reading its properties"):
            self.facts = self._read_facts()
        return self.facts

    def close(self) -> None:
        """Close the connection. Everything is refused from now on."""
        if self._esapi is not None:
            self._esapi.close()
        self._esapi = None
        self._transport.close()

    # -- sessions -----------------------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[ESYS_TR]:
        """An HMAC session, salted as soon as there is a root key. Inside another one it is that other one: each costs
        the TPM a Diffie-Hellman exchange, which is most of the time that real chips take."""
        if self._session is not None:
            yield self._session
            return
        with self._started(TPM2_SE.HMAC) as self._session:
            try:
                yield self._session
            finally:
                self._session = None

    @contextmanager
    def policy_session(self) -> Iterator[ESYS_TR]:
        """A policy session of its own, salted likewise."""
        with self._started(TPM2_SE.POLICY) as session:
            yield session

    @contextmanager
    def _started(self, kind: TPM2_SE) -> Iterator[ESYS_TR]:
        with refusing("starting a session"):
            session = self.esapi.start_auth_session(
                self.root.handle if self.root is not None else NO_KEY,
                ESYS_TR.NONE,
                kind,
                TPMT_SYM_DEF.parse(_SYMMETRIC),
                TPM2_ALG.SHA256,
            )
        with self.flushed(session):
            with refusing("starting a session"):
                self.esapi.trsess_set_attributes(session, _BOTH_WAYS)
            yield session

    # -- objects ------------------------------------------------------------------------------------------------

    @contextmanager
    def flushed(self, handle: ESYS_TR) -> Iterator[ESYS_TR]:
        """``handle`` for the time of the block; its slot in the TPM is free again afterwards."""
        try:
            yield handle
        finally:
            self.flush(handle)

    def flush(self, handle: ESYS_TR) -> None:
        """Free the slot. Nothing to report where that fails: whatever comes next meets the same trouble."""
        try:
            self.esapi.flush_context(handle)
        except TSS2_Exception:
            return

    def name(self, handle: ESYS_TR) -> bytes:
        """The name of ``handle``, computed by ESAPI from the public area that it was told."""
        return bytes(self.esapi.tr_get_name(handle))

    def handles(self, first: int) -> frozenset[int]:
        """All handles of the kind of ``first`` (persistent keys, NV indices) that are in use."""
        found: set[int] = set()
        more = True
        with refusing("listing what it holds"):
            while more:
                more, data = self.esapi.get_capability(TPM2_CAP.HANDLES, first, 64)
                batch = [int(handle) for handle in data.data.handles]
                if not batch:
                    break
                found.update(batch)
                first = batch[-1] + 1
        return frozenset(found)

    def pinned_key(self, handle: int, name: bytes) -> Key:
        """The persistent key at ``handle``, if it is the one with this name.

        ``PlatformRefused`` (``root-key``) where another key, or none, is there: the TPM was cleared or exchanged, or
        something between it and us offers a key of its own to be told our secrets.
        """
        try:
            esys = self.esapi.tr_from_tpmpublic(handle)
        except TSS2_Exception as error:
            if code(error) == NO_SUCH_HANDLE:
                raise _other_root() from None
            with refusing("reading its storage root key"):
                raise
        if self.name(esys) != name:
            raise _other_root()
        return Key(esys, name)

    # -- PCRs ---------------------------------------------------------------------------------------------------

    def read_pcrs(self, pcrs: tuple[int, ...]) -> tuple[bytes, ...]:
        """The values of ``pcrs`` in the SHA-256 bank. Not authenticated: a quote or a policy is what proves them."""
        values: dict[int, bytes] = {}
        with refusing("reading its PCRs"):
            while len(values) < len(pcrs):
                wanted = [pcr for pcr in pcrs if pcr not in values]
                _, selection, digests = self.esapi.pcr_read(selection_of(wanted))
                got = [pcr for pcr in wanted if _selected(selection, pcr)]
                if not got or len(got) != len(digests):
                    raise PlatformRefused(
                        "pcr-bank",
                        "the TPM has no SHA-256 bank of PCRs, or not all of these",
                        remedy="Switch the SHA-256 bank on in the firmware's settings.",
                    )
                values.update({pcr: bytes(digest) for pcr, digest in zip(got, digests, strict=True)})
        return tuple(values[pcr] for pcr in pcrs)

    def _read_facts(self) -> Facts:
        properties: dict[int, int] = {}
        for first in (0x100, _PERMANENT):
            _, data = self.esapi.get_capability(TPM2_CAP.TPM_PROPERTIES, first, 64)
            properties.update({int(item.property): int(item.value) for item in data.data.tpmProperties})
        permanent = properties.get(_PERMANENT, 0)
        tries, most, recovery, lockout = (properties.get(_LOCKOUT_COUNTER + offset, 0) for offset in range(4))
        return Facts(
            manufacturer=_text(properties.get(_MANUFACTURER, 0)),
            vendor="".join(_text(properties.get(_VENDOR_1 + offset, 0)) for offset in range(4)).strip(),
            owner_auth_set=bool(permanent & _OWNER_SET),
            endorsement_auth_set=bool(permanent & _ENDORSEMENT_SET),
            lockout_auth_set=bool(permanent & _LOCKOUT_SET),
            in_lockout=bool(permanent & _IN_LOCKOUT),
            wrong_tries=tries,
            most_tries=most,
            recovery_seconds=recovery,
            lockout_recovery_seconds=lockout,
        )


def simulated(address: Address, facts: Facts) -> bool:
    """libtpms and swtpm say "IBM", "SW TPM"; Microsoft's reference code, which clouds run, "xCG fTPM" (also "MSFT").

    A simulator can be made to say anything. This stops the mistake; the liar is stopped by the endorsement certificate.
    """
    return (
        address.kind != "device"
        or facts.vendor.upper().startswith(("SW", "XCG"))
        or facts.manufacturer in ("MSFT", "XYZZ")
    )


def selection_of(pcrs: list[int] | tuple[int, ...]) -> TPML_PCR_SELECTION:
    """ESAPI's form of a selection."""
    selection, _ = TPML_PCR_SELECTION.unmarshal(pcr_selection(pcrs))
    return selection


def public_of(public: bytes) -> TPM2B_PUBLIC:
    """ESAPI's form of a TPMT_PUBLIC."""
    area, _ = TPMT_PUBLIC.unmarshal(public)
    return TPM2B_PUBLIC(area)


def _selected(selection: TPML_PCR_SELECTION, pcr: int) -> bool:
    return any(bytes(bank.pcrSelect)[pcr // 8] >> pcr % 8 & 1 for bank in selection)


def _text(value: int) -> str:
    """Four characters of a property; what is not printable is left out."""
    return "".join(
        character for character in value.to_bytes(4, "big").decode("latin-1") if character.isprintable()
    )


def _other_root() -> PlatformRefused:
    return PlatformRefused(
        "root-key",
        "this is not the TPM that the device was set up with: its storage root key is another one, or is gone",
        not_done="No secret was sent to it and nothing was opened.",
        remedy="If the TPM was cleared or the mainboard exchanged, replace this device by a new one from the others. "
        "If not, something sits between the machine and its TPM.",
    )
