"""A household in memory: n signers with real stores, an owner's client, and a service that a test can make hostile.

Everything is the product's own code but four things: the clock is a number, Argon2id is replaced by a cheap hash
(unless a test asks for the real one), the disk is not waited for (a simulated crash loses what was not committed, with
or without that), and the network is a queue in which a test can do what it likes (``Tamper``).
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from nacl.utils import random
from tests.support.limits import limits

from warifu.chains.bitcoin.descriptor import Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.finalize import signed_transaction
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.psbt import KeyOrigin, Psbt, PsbtInput, PsbtOutput, parse_psbt
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput
from warifu.errors import WarifuError
from warifu.protocol.acknowledging import Acknowledgement, Confirmation
from warifu.protocol.authorization import Authorization, authorize
from warifu.protocol.chains import Scheme
from warifu.protocol.credential import Approval, Approver, Credential, DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.envelope import Envelope, EnvelopeKey, check_envelope_key, seal
from warifu.protocol.frames import (
    AnswerPiece,
    AskAcknowledge,
    AskConfirmation,
    AskDecision,
    AskEnvelopeKey,
    AskNotes,
    AskResult,
    AskStatus,
    CallRefused,
    CloseSession,
    Decision,
    EnvelopeKeyAnswer,
    Finished,
    JoinCommit,
    JoinOwner,
    NotesAnswer,
    OpenCorrelating,
    OpenExchangeKey,
    OpenSession,
    RecoverWallet,
    Reply,
    ResultAnswer,
    SessionFailed,
    SignedBirth,
    Status,
    TakeNotes,
    TransferSignatures,
    WalletBirth,
    decode_from_signer,
    error_of,
)
from warifu.protocol.frames import Relay as RelayFrame
from warifu.protocol.framing import Origin
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.operator import (
    BeginJoin,
    ConfirmJoin,
    Joined,
    ShowAuthenticationString,
    decode_for_operator,
)
from warifu.protocol.parcel import Parcel, seal_parcel
from warifu.protocol.policy import POLICY_VERSION, ChainRules, Policy
from warifu.protocol.request import (
    Outflow,
    Request,
    Stretching,
    TransferRequest,
    WalletRequest,
    request_digest,
)
from warifu.signer.device import Device
from warifu.signer.exchanges.loading import Loaded
from warifu.signer.signer import Signer
from warifu.signer.store import Store
from warifu.signer.vault import Stretch
from warifu.tee.platform import Platform
from warifu.tee.unsafe_software import UnsafeSoftware
from warifu.threshold.wiping import Secret
from warifu.units import Satoshi

T = TypeVar("T")
START = 1_800_000_000
PASSPHRASE = "correct horse battery staple"
BTC = 100_000_000
FRIEND = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
FRIEND_SCRIPT = bytes.fromhex("0014751e76e8199196d454941c45d1b3a323f1433bd6")
THIEF = "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry"
THIEF_SCRIPT = bytes.fromhex("00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262")
COIN = KeyPath(Branch.RECEIVE, 0)


def bitcoin_policy(
    per_transaction: int = 10 * BTC,
    per_day: int = 100 * BTC,
    fee_ceiling: int = BTC // 10,
    destinations: Sequence[str] | None = None,
    passphrase_tries: int = 5,
    others: Sequence[ChainRules] = (),
) -> Policy:
    """Amounts in satoshi; ``destinations`` None: any. ``others``: the rules of other chains."""
    coin = limits("", "BTC", 8, per_transaction, per_day)
    listed = tuple(sorted(destinations or ()))
    rules = ChainRules("bitcoin", str(fee_ceiling), destinations is None, listed, (coin,), (), False)
    return Policy(POLICY_VERSION, passphrase_tries, (rules, *others))


GENEROUS = bitcoin_policy()


def cheap_stretch(passphrase: bytearray, salt: bytes, stretching: Stretching) -> Secret:
    """In place of Argon2id: the same shape, none of the cost."""
    return Secret(hashlib.sha256(bytes(passphrase) + salt + encode(stretching)).digest())


class FakeClock:
    """Seconds, set by the test."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> int:
        return self.time

    def pass_(self, seconds: int) -> None:
        self.time += seconds


@dataclass
class SimulatedDevice:
    """One signer with its directory. ``crash`` is what pulling the plug is: the memory is gone, the disk stays."""

    name: str
    directory: Path
    clock: Callable[[], int]
    stretch: Stretch = cheap_stretch
    unlock_key: bytes = field(default_factory=lambda: random(32))
    open_store: Callable[[Path, Platform], Store] = Store.open
    loaded: Loaded | None = field(default_factory=lambda: Loaded(""))
    """What it takes to ask exchanges; without any certificate authority of the program."""
    signer: Signer = field(init=False)
    device: Device = field(init=False)
    platform: Platform = field(init=False)
    calls: int = 0

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        self.platform = self.open_platform()
        store = self.open_store(self.directory, self.platform)
        store.execute("PRAGMA synchronous = OFF")
        try:
            self.device = Device.start(store, self.platform, self.clock, self.stretch, loaded=self.loaded)
        except BaseException:
            store.close()
            raise
        self.signer = Signer(self.device)

    def open_platform(self) -> Platform:
        """What this device runs on."""
        return UnsafeSoftware(self.unlock_key)

    def crash(self) -> None:
        """Nothing is closed in order: what was not committed is lost, and every object in memory with it."""
        self.device.store.close()

    def restart(self) -> None:
        self.crash()
        self.start()

    def close(self) -> None:
        """End in order."""
        self.signer.close()

    @property
    def identity(self) -> bytes:
        return self.device.identity.public

    @property
    def ref(self) -> DeviceRef:
        return DeviceRef(self.name, self.identity)

    def send(self, message: object) -> list[Any]:
        """A frame from the service; what the signer answers, to whomever."""
        return self.send_bytes(encode(message))

    def send_bytes(self, payload: bytes) -> list[Any]:
        return self._read(self.signer.receive(Origin.SERVICE, payload))

    def tick(self) -> list[Any]:
        return [decode_from_signer(data) for _, data in self.signer.tick()]

    def operator(self, message: object) -> list[Any]:
        """A frame from the operator; what the signer answers, to whomever."""
        return self._read(self.signer.receive(Origin.OPERATOR, encode(message)))

    @staticmethod
    def _read(answers: list[tuple[Origin, bytes]]) -> list[Any]:
        return [
            decode_for_operator(data) if origin is Origin.OPERATOR else decode_from_signer(data)
            for origin, data in answers
        ]

    def call(self, message: Any, kind: type[T]) -> T:
        """A call and its answer; raises the refusal."""
        (answer,) = self.send(message)
        if isinstance(answer, CallRefused):
            raise error_of(answer.refusal)
        assert isinstance(answer, Reply) and answer.call == message.call
        return decode(kind, answer.answer, 2**20)

    def status(self) -> Status:
        return self.call(AskStatus(1), Status)

    def result(self, request: bytes) -> ResultAnswer:
        return self.call(AskResult(2, request), ResultAnswer)

    def decide(self, request: TransferRequest, unsigned: bytes) -> Decision:
        return self.call(AskDecision(3, encode(request), unsigned), Decision)

    def join(self, owner: IdentityKey) -> None:
        """Enrol by all three messages and the comparison."""
        (commit,) = self.operator(BeginJoin(self.name, random(16)))
        assert isinstance(commit, JoinCommit)
        _reveal, shown = self.send(JoinOwner(owner.public, random(32)))
        assert isinstance(shown, ShowAuthenticationString)
        (joined,) = self.operator(ConfirmJoin(True))
        assert isinstance(joined, Joined)

    def kinds(self) -> list[str]:
        """The journal, as the kinds of its entries."""
        return [str(event.__struct_config__.tag) for _, event in self.device.journal.entries()]

    def disk(self) -> bytes:
        """Every byte of every file of this device."""
        return b"".join(path.read_bytes() for path in sorted(self.directory.rglob("*")) if path.is_file())


Opening = OpenSession | OpenCorrelating | OpenExchangeKey
"""What opens a session."""
Tamper = Callable[[bytes, bytes, RelayFrame], list[tuple[bytes, RelayFrame]]]
"""(sender, receiver, frame for the receiver) -> what is delivered instead: (receiver, frame) each."""


def honest(_sender: bytes, receiver: bytes, frame: RelayFrame) -> list[tuple[bytes, RelayFrame]]:
    return [(receiver, frame)]


@dataclass
class Outcome:
    """What each device said at the end of a session."""

    finished: dict[str, bytes] = field(default_factory=dict)
    failed: dict[str, WarifuError] = field(default_factory=dict)
    pieces: list[AnswerPiece] = field(default_factory=list)
    """Of an exchange's answer, as its carrier handed them on."""
    listens: list[int] = field(default_factory=list)
    """For how many seconds carriers said that they listen."""

    @property
    def codes(self) -> dict[str, str]:
        return {name: error.code for name, error in self.failed.items()}

    @property
    def code(self) -> str:
        """The one code with which all failed that failed."""
        codes = set(self.codes.values())
        assert len(codes) == 1 and not self.finished, (self.codes, self.finished.keys())
        return codes.pop()


@dataclass
class Spend:
    """A payment as the client has it: the request and the unsigned transaction."""

    request: TransferRequest
    unsigned: bytes

    @property
    def digest(self) -> bytes:
        return request_digest(self.request)


def with_witnesses(
    openings: Mapping[str, OpenSession],
    acknowledgements: tuple[Acknowledgement, ...],
    confirmations: tuple[Confirmation, ...],
) -> dict[str, OpenSession]:
    """A strict wallet's openings."""
    return {
        name: msgspec.structs.replace(opening, acknowledgements=acknowledgements, confirmations=confirmations)
        for name, opening in openings.items()
    }


class Household:
    """n devices, one owner, one service."""

    def __init__(
        self,
        root: Path,
        n: int,
        *,
        stretch: Stretch = cheap_stretch,
        joined: bool = True,
        make_device: Callable[[str, Path, Callable[[], int]], SimulatedDevice] | None = None,
    ) -> None:
        """``make_device`` makes devices of another kind, which live by the machine's clock."""
        self.root = root
        self.clock = FakeClock()
        if make_device is not None:
            self.clock.time = int(time.time())
        make = make_device or (lambda name, place, clock: SimulatedDevice(name, place, clock, stretch))
        self.owner = IdentityKey.generate()
        self.choose: Callable[[int], int] = lambda _links: 0
        """From which of so many links comes the next message, the one that waits longest first. On each link from one
        device to another they come in order."""
        self.devices = {
            f"device{number}": make(f"device{number}", root / f"{number}", self.clock) for number in range(n)
        }
        if joined:
            for device in self.devices.values():
                device.join(self.owner)
        self.wallet_request: WalletRequest | None = None
        self.birth: WalletBirth | None = None
        self.keys: WalletKeys | None = None

    def __getitem__(self, name: str) -> SimulatedDevice:
        return self.devices[name]

    @property
    def names(self) -> list[str]:
        return list(self.devices)

    def name_of(self, identity: bytes) -> str:
        return next(name for name, device in self.devices.items() if device.identity == identity)

    def close(self) -> None:
        for device in self.devices.values():
            device.close()

    # --- the owner's client ---

    def new_wallet_request(
        self,
        threshold: int,
        policy: Policy = GENEROUS,
        names: Sequence[str] = (),
        schemes: Sequence[Scheme] = ("bip340",),
        others: Sequence[Credential] = (),
    ) -> WalletRequest:
        chosen = [self[name].ref for name in names or self.names]
        return WalletRequest(
            random(16),
            "regtest",
            tuple(schemes),
            threshold,
            tuple(chosen),
            (DeviceKey(self.owner.public), *others),
            policy,
            Stretching(64, 3),
            self.clock(),
            self.clock() + 3600,
        )

    def envelope(self, device: SimulatedDevice, request: bytes, passphrase: str) -> Envelope:
        return seal(self.envelope_key(device), request, passphrase.encode())

    def authorized(
        self,
        request: Request,
        names: Sequence[str],
        passphrase: str = PASSPHRASE,
        key: IdentityKey | None = None,
        *,
        approve: Approver | None = None,
        further: Sequence[Approval] = (),
    ) -> tuple[Authorization, dict[str, Envelope]]:
        """The owner's yes, with an envelope for each of the named devices. ``approve``: with another credential than
        the owner's device key; ``further``: other owners' approvals."""
        named = request_digest(request)
        envelopes = {name: self.envelope(self[name], named, passphrase) for name in names}
        first = approve or approver(key or self.owner)
        signed = authorize(first, request, encode(request), list(envelopes.values()), further)
        return signed, envelopes

    def envelope_key(self, device: SimulatedDevice) -> EnvelopeKey:
        """A one-shot key of the device, checked as the client checks it."""
        nonce = random(32)
        answer = device.call(AskEnvelopeKey(4, nonce), EnvelopeKeyAnswer)
        return check_envelope_key(answer.key, device.identity, nonce, self.clock())

    def authorized_parcels(
        self, request: Request, contents: Mapping[str, bytes | bytearray], further: Sequence[Approval] = ()
    ) -> tuple[Authorization, dict[str, Parcel]]:
        """The owner's yes, with a parcel of this content for each named device."""
        named = request_digest(request)
        parcels = {
            name: seal_parcel(self.envelope_key(self[name]), named, content)
            for name, content in contents.items()
        }
        signed = authorize(approver(self.owner), request, encode(request), list(parcels.values()), further)
        return signed, parcels

    def authorized_alone(self, request: Request) -> Authorization:
        """The owner's yes without any envelope: whoever has it can open nothing by it."""
        return authorize(approver(self.owner), request, encode(request), ())

    # --- the service ---

    def acknowledged(self, spend: Spend, names: Sequence[str]) -> tuple[Acknowledgement, ...]:
        """What the named devices of a strict wallet say once they count it; raises a refusal."""
        authorization = self.authorized_alone(spend.request)
        ask = AskAcknowledge(7, authorization, spend.unsigned)
        ordered = sorted((self[name] for name in names), key=lambda device: device.identity)
        return tuple(device.call(ask, Acknowledgement) for device in ordered)

    def confirmed(
        self, spend: Spend, names: Sequence[str], acknowledgements: tuple[Acknowledgement, ...]
    ) -> tuple[Confirmation, ...]:
        """What they count beside it then."""
        ask = AskConfirmation(8, spend.request.wallet_id, spend.digest, acknowledgements)
        ordered = sorted((self[name] for name in names), key=lambda device: device.identity)
        return tuple(device.call(ask, Confirmation) for device in ordered)

    def sign_strictly(
        self, spend: Spend, signers: Sequence[str], witnesses: Sequence[str], tamper: Tamper = honest
    ) -> Outcome:
        """All that a strict wallet's spend takes, as an honest service does it but for the carrying of notes."""
        said = self.acknowledged(spend, witnesses)
        heard = self.confirmed(spend, witnesses, said)
        openings = self.openings(spend.request, signers, spend.unsigned)
        return self.run(with_witnesses(openings, said, heard), tamper)

    def carry(self, source: str, target: str) -> None:
        """All of ``source``'s notes to ``target``, as an honest service carries them."""
        assert self.birth is not None
        place = None
        while True:
            answer = self[source].call(AskNotes(5, self.birth.wallet_id, place), NotesAnswer)
            if not answer.notes:
                return
            (answered,) = self[target].send(TakeNotes(6, self.birth.wallet_id, answer.notes))
            if isinstance(answered, CallRefused):
                raise error_of(answered.refusal)
            place = answer.upto

    def openings(
        self,
        request: Request,
        names: Sequence[str],
        unsigned: bytes = b"",
        passphrase: str = PASSPHRASE,
        key: IdentityKey | None = None,
    ) -> dict[str, OpenSession]:
        """What the service sends to each participant."""
        authorization, envelopes = self.authorized(request, names, passphrase, key)
        return self.openings_of(authorization, envelopes, unsigned)

    def openings_of(
        self, authorization: Authorization, envelopes: dict[str, Envelope], unsigned: bytes = b""
    ) -> dict[str, OpenSession]:
        participants = tuple(sorted(self[name].identity for name in envelopes))
        session = random(16)
        return {
            name: OpenSession(session, authorization, envelope, participants, unsigned)
            for name, envelope in envelopes.items()
        }

    def run(
        self,
        openings: Mapping[str, Opening],
        tamper: Tamper = honest,
        opened: Callable[[], object] = lambda: None,
    ) -> Outcome:
        """Relay until nothing is under way. A device that fails makes the service close the session everywhere.

        ``opened`` is called when every device has its opening and nothing was relayed yet.
        """
        outcome = Outcome()
        queue: deque[tuple[bytes, RelayFrame]] = deque()

        def post(name: str, frames: list[Any]) -> None:
            for frame in frames:
                if isinstance(frame, RelayFrame):
                    sender = self[name].identity
                    handed = RelayFrame(frame.session, sender, frame.body)
                    queue.extend(tamper(sender, frame.peer, handed))
                elif isinstance(frame, Finished):
                    outcome.finished[name] = frame.result
                elif isinstance(frame, SessionFailed):
                    outcome.failed[name] = error_of(frame.refusal)

        for name, opening in openings.items():
            post(name, self[name].send(opening))
        opened()
        while queue:
            links = {
                (receiver, frame.peer): place for place, (receiver, frame) in reversed(list(enumerate(queue)))
            }
            place = sorted(links.values())[self.choose(len(links))]
            receiver, frame = queue[place]
            del queue[place]
            name = self.name_of(receiver)
            post(name, self[name].send(frame))
        for name, opening in openings.items():
            if outcome.failed and name not in outcome.finished and name not in outcome.failed:
                self[name].send(CloseSession(opening.session, "another signer failed"))
        return outcome

    def make_wallet(
        self,
        threshold: int,
        policy: Policy = GENEROUS,
        names: Sequence[str] = (),
        schemes: Sequence[Scheme] = ("bip340",),
        others: Sequence[Credential] = (),
    ) -> WalletBirth:
        """Key generation among the named devices (all, if none), checked as the client checks it. ``others``: owners
        beside this one."""
        chosen = list(names) or self.names
        request = self.new_wallet_request(threshold, policy, chosen, schemes, others)
        outcome = self.run(self.openings(request, chosen))
        assert not outcome.failed, outcome.codes
        return self.adopt(request, outcome)

    def adopt(self, request: WalletRequest, outcome: Outcome) -> WalletBirth:
        """The wallet that a key generation made: the one birth that all its devices state."""
        births = set()
        for item in request.devices:
            signed = decode(SignedBirth, outcome.finished[item.name], 2**20)
            assert signed.identity == item.identity
            births.add(signed.birth)
        assert len(births) == 1
        self.wallet_request = request
        self.birth = decode(WalletBirth, births.pop(), 2**20)
        assert self.birth.wallet_id == request_digest(request)
        if "bip340" in request.schemes:
            key = self.birth.key("bip340")
            self.keys = WalletKeys(key.threshold_public, key.chain_code, Network.REGTEST)
        return self.birth

    def correlate(self, count: int = 2, names: Sequence[str] = ()) -> Outcome:
        """Prepare ECDSA signatures between each two of the named devices (all, if none)."""
        assert self.birth is not None
        chosen = list(names) or self.names
        session = random(16)
        participants = tuple(sorted(self[name].identity for name in chosen))
        opening = OpenCorrelating(session, self.birth.wallet_id, participants, count)
        return self.run(dict.fromkeys(chosen, opening))

    def pay(
        self,
        amount: int = 60_000,
        *,
        to: str = FRIEND,
        script: bytes = FRIEND_SCRIPT,
        fee: int = 1_000,
        coins: Sequence[tuple[KeyPath, int]] = ((COIN, 100_000_000),),
        first_coin: int = 0,
        **fields: object,
    ) -> Spend:
        """A payment to one address with change, and the request for exactly it (fields may be replaced)."""
        assert self.keys is not None and self.birth is not None
        total = sum(value for _, value in coins)
        outputs = [TxOutput(Satoshi(amount), script)]
        if total - amount - fee > 0:
            change = self.keys.script(KeyPath(Branch.CHANGE, 0))
            outputs.append(TxOutput(Satoshi(total - amount - fee), change))
        psbt = spend(self.keys, coins, outputs, first_coin)
        request = TransferRequest(
            random(16),
            self.birth.wallet_id,
            "bitcoin",
            (Outflow("payment", "", str(amount), to),),
            str(fee),
            psbt.transaction.txid,
            None,
            self.clock(),
            self.clock() + 600,
        )
        return Spend(msgspec.structs.replace(request, **fields), psbt.serialize())

    def sign(
        self, payment: Spend, names: Sequence[str] = (), tamper: Tamper = honest, passphrase: str = PASSPHRASE
    ) -> Outcome:
        """The whole way of a transfer through the named devices (the first t, if none)."""
        assert self.wallet_request is not None
        chosen = list(names) or self.names[: self.wallet_request.threshold]
        return self.run(self.openings(payment.request, chosen, payment.unsigned, passphrase), tamper)

    def recover(
        self,
        name: str,
        request: WalletRequest,
        recovery: Sequence[bytes],
        passphrase: str = PASSPHRASE,
    ) -> SignedBirth:
        authorization, envelopes = self.authorized(request, [name], passphrase)
        return self[name].call(RecoverWallet(5, authorization, envelopes[name], tuple(recovery)), SignedBirth)


def signed(payment: Spend, outcome: Outcome) -> Transaction:
    """The signed transaction, if every device that finished returned the same valid signatures."""
    results = set(outcome.finished.values())
    assert len(results) == 1, outcome.codes
    answer = decode(TransferSignatures, results.pop(), 2**20)
    assert answer.request == payment.digest
    return signed_transaction(parse_psbt(payment.unsigned), answer.signatures)


def spend(
    keys: WalletKeys, coins: Sequence[tuple[KeyPath, int]], outputs: Sequence[TxOutput], first_coin: int = 0
) -> Psbt:
    """A PSBT that spends made-up coins of the wallet, as BDK makes it."""
    points = [
        OutPoint(hashlib.sha256(b"coin %d" % (first_coin + number)).digest(), 0)
        for number in range(len(coins))
    ]
    transaction = Transaction(
        2, tuple(TxInput(point, sequence=0xFFFFFFFD) for point in points), tuple(outputs), 0
    )
    inputs = []
    for path, amount in coins:
        coin = TxOutput(Satoshi(amount), keys.script(path))
        key = keys.key(path).internal_key
        origins = (KeyOrigin(key, bytes(4), (path.branch, path.index)),)
        inputs.append(PsbtInput(witness_utxo=coin, spent=coin, tap_internal_key=key, tap_origins=origins))
    return Psbt(transaction, tuple(inputs), tuple(_hinted(keys, output) for output in outputs))


def _hinted(keys: WalletKeys, output: TxOutput) -> PsbtOutput:
    """Change says where it stands, as BDK writes it."""
    path = KeyPath(Branch.CHANGE, 0)
    if output.script != keys.script(path):
        return PsbtOutput()
    key = keys.key(path).internal_key
    return PsbtOutput(
        tap_internal_key=key, tap_origins=(KeyOrigin(key, bytes(4), (path.branch, path.index)),)
    )


def replaced_output(payment: Spend, index: int, output: TxOutput) -> Spend:
    """The same request with a transaction in which the service swapped an output."""
    psbt = parse_psbt(payment.unsigned)
    outputs = list(psbt.transaction.outputs)
    outputs[index] = output
    changed = replace(psbt, transaction=replace(psbt.transaction, outputs=tuple(outputs)))
    return Spend(payment.request, changed.serialize())
