"""Signers that hold a whole key each, in place of threshold ECDSA: a simulation of what the service sees of signers.

They prove who they are, certify envelope keys, count correlations as the protocol says, and sign. What they leave out
is what the real ones are for: shares, judgement, policy, journals. So they test the service and nothing else.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import coincurve
from nacl.signing import SigningKey
from nacl.utils import random
from tests.support.attested import attested

from warifu.chains.ethereum.signature import HALF_ORDER
from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import EnvelopeKey, EnvelopeSecret, certify, envelope_binding
from warifu.protocol.exchange_visits import Visits
from warifu.protocol.frames import (
    AskEnvelopeKey,
    AskNotes,
    AskResult,
    AskStatus,
    AskVisits,
    Challenge,
    CloseSession,
    EnvelopeKeyAnswer,
    Finished,
    KeyBirth,
    NotesAnswer,
    OpenCorrelating,
    OpenSession,
    Presence,
    Refusal,
    Relay,
    Reply,
    ResultAnswer,
    SessionFailed,
    ShowEpoch,
    SignedBirth,
    Status,
    TransferSignatures,
    WalletBirth,
    WalletStatus,
    decode_to_signer,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.notes import Place
from warifu.protocol.request import TransferRequest, WalletRequest, decode_request, request_digest
from warifu.protocol.rules import rules_hash
from warifu.service.roads.forms import EVM_PATH, understand
from warifu.threshold.derivation import derive

CHAIN_CODE = hashlib.sha256(b"chain code").digest()
_ORDER = 2 * HALF_ORDER + 1


@dataclass
class WholeKey:
    """The keys of one wallet, which each of its signers knows."""

    secp256k1: coincurve.PrivateKey = field(default_factory=coincurve.PrivateKey)
    ed25519: SigningKey = field(default_factory=SigningKey.generate)

    def births(self) -> dict[str, tuple[bytes, bytes]]:
        """Public key and chain code by scheme."""
        return {
            "ecdsa": (self.secp256k1.public_key.format(), CHAIN_CODE),
            "ed25519": (bytes(self.ed25519.verify_key), bytes(32)),
        }

    def sign(self, chain: str, unsigned: bytes) -> bytes:
        """65 bytes on EVM chains, 64 on Solana."""
        if chain == "solana":
            from warifu.chains.solana.reading import split_proof

            message, _ = split_proof(unsigned)
            return bytes(self.ed25519.sign(message.raw).signature)
        secret = int.from_bytes(self.secp256k1.secret, "big")
        derived = derive(self.secp256k1.public_key.format(), CHAIN_CODE, EVM_PATH)
        for tweak in derived.tweaks:
            secret = (secret + int.from_bytes(tweak, "big")) % _ORDER
        return coincurve.PrivateKey.from_int(secret).sign_recoverable(
            understand(unsigned, chain).name, hasher=None
        )


class WholeKeySigner:
    """Stands where a ``SimulatedDevice`` stands. ``prepared``: correlations by the other device's identity."""

    joined = True

    def __init__(self, name: str, key: WholeKey, request: WalletRequest | None = None) -> None:
        self.name = name
        self.key = key
        self.identity_key = IdentityKey.generate()
        self.request = request
        self.prepared: Counter[bytes] = Counter()
        self.claims: dict[bytes, int] = {}
        """What it says of ``prepared`` that is not true."""
        self.insists: int | None = None
        """What it says of all that it has prepared, whatever is true."""
        self.opened: list[OpenSession] = []
        self.correlating: list[OpenCorrelating] = []
        self.refuses_correlating = False
        self.silent = False
        self.asked = 0
        """How often for its status."""
        self.refuses: tuple[str, str] | None = None
        """Family and reason with which it refuses to sign."""
        self.envelopes: dict[bytes, EnvelopeSecret] = {}
        self.results: dict[bytes, bytes] = {}

    @property
    def signer(self) -> WholeKeySigner:
        """As ``SimulatedDevice`` has one."""
        return self

    @property
    def identity(self) -> bytes:
        return self.identity_key.public

    @property
    def ref(self) -> DeviceRef:
        return DeviceRef(self.name, self.identity)

    @property
    def wallet_id(self) -> bytes:
        assert self.request is not None
        return request_digest(self.request)

    def birth(self) -> bytes:
        """What it would have stated after key generation."""
        assert self.request is not None
        public = self.key.births()
        recovery = tuple(f"recovery {scheme}".encode() for scheme in self.request.schemes)
        keys = tuple(
            KeyBirth(scheme, *public[scheme], (public[scheme][0],), hashlib.sha256(data).digest())
            for scheme, data in zip(self.request.schemes, recovery, strict=True)
        )
        stated = encode(WalletBirth(self.wallet_id, keys))
        return encode(SignedBirth(stated, self.identity, self.identity_key.sign("birth", stated), recovery))

    def receive(self, _origin: Origin, payload: bytes) -> list[tuple[Origin, bytes]]:
        if self.silent:
            return []
        return [(Origin.SERVICE, encode(frame)) for frame in self._answers(decode_to_signer(payload))]

    def _answers(self, frame: Any) -> list[Any]:
        match frame:
            case Challenge():
                return [Presence(self.name, self.identity, self.identity_key.sign("presence", frame.nonce))]
            case AskEnvelopeKey():
                return [
                    Reply(
                        frame.call,
                        encode(EnvelopeKeyAnswer(self._envelope_key(frame.nonce, frame.wallet_id))),
                    )
                ]
            case AskStatus():
                self.asked += 1
                return [Reply(frame.call, encode(self._status()))]
            case AskResult():
                found = self.results.get(frame.request)
                state = "finished" if found else "unknown"
                return [Reply(frame.call, encode(ResultAnswer(state, found or b"")))]
            case ShowEpoch():
                return [Reply(frame.call, b"")]
            case AskNotes():  # the service asks some seconds after a signing, whatever the test is at by then
                return [Reply(frame.call, encode(NotesAnswer(frame.after or Place(bytes(16), 0), ())))]
            case AskVisits():
                return [Reply(frame.call, encode(Visits(frame.wallet_id, 0, (), bytes(64))))]
            case OpenCorrelating():
                return [self._correlate(frame)]
            case OpenSession():
                return self._open(frame)
            case Relay() | CloseSession():
                return []
        raise AssertionError(f"a {type(frame).__name__} is not expected")

    def _correlate(self, frame: OpenCorrelating) -> Any:
        self.correlating.append(frame)
        if self.refuses_correlating:
            return SessionFailed(frame.session, _refusal("session", "busy"))
        for peer in frame.participants:
            if peer != self.identity:
                self.prepared[peer] += frame.count
                self.claims.pop(peer, None)
        return Finished(frame.session, b"")

    def _open(self, frame: OpenSession) -> list[Any]:
        """Prepared or not is looked at before the envelope is touched, as the protocol wants it."""
        self.opened.append(frame)
        request = decode_request(frame.authorization.request)
        assert isinstance(request, TransferRequest)
        peers = [peer for peer in frame.participants if peer != self.identity]
        counts = request.chain.startswith("eip155")
        if counts and any(self.prepared[peer] < 1 for peer in peers):
            return [SessionFailed(frame.session, _refusal("session", "correlations-missing"))]
        if self.refuses is not None:
            return [SessionFailed(frame.session, _refusal(*self.refuses))]
        digest = self._use_envelope(frame, frame.authorization)
        if digest is None:
            return [SessionFailed(frame.session, _refusal("passphrase", "envelope-used"))]
        if counts:
            self.prepared.subtract(peers)
        signature = self.key.sign(request.chain, frame.unsigned)
        self.results[digest] = encode(TransferSignatures(digest, (signature,)))
        said: list[Any] = [Relay(frame.session, peer, b"sealed") for peer in peers]
        return [*said, Finished(frame.session, self.results[digest])]

    def _use_envelope(self, frame: OpenSession, authorization: Authorization) -> bytes | None:
        secret = self.envelopes.pop(frame.envelope.public, None)
        if secret is None:
            return None
        digest = request_digest(decode_request(authorization.request))
        secret.open(frame.envelope, digest, 0)
        return digest

    def _envelope_key(self, nonce: bytes, wallet_id: bytes) -> Any:
        import time

        secret = EnvelopeSecret()
        self.envelopes[secret.public] = secret
        rules = rules_hash(self.request.rules) if wallet_id and self.request is not None else b""
        expires = int(time.time()) + 600
        shown = attested(envelope_binding(self.identity, secret.public, nonce, expires, rules))
        statement = EnvelopeKey(self.name, self.identity, secret.public, nonce, expires, rules, shown)
        return certify(self.identity_key, statement)

    def _status(self) -> Status:
        wallets: tuple[WalletStatus, ...] = ()
        if self.request is not None:
            devices = sorted(self.request.devices, key=lambda device: device.identity)
            said = {**self.prepared, **self.claims}
            wallets = (
                WalletStatus(
                    self.wallet_id,
                    self.request.threshold,
                    tuple(device.name for device in devices),
                    1,
                    random(32),
                    5,
                    0,
                    (),
                    (),
                    tuple(
                        said.get(device.identity, 0) if self.insists is None else self.insists
                        for device in devices
                    ),
                ),
            )
        return Status(
            self.name, self.identity, "0", "whole key", 0, (), bytes(32), None, (), 1, random(32), wallets, ()
        )


def _refusal(family: str, reason: str) -> Refusal:
    return Refusal(family, reason, f"this device says {reason}", "Nothing was signed.", "", None, None)
