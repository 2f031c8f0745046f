"""A transfer's way through the device, from the owner's authorization to the ceremony.

Each step stands on the ones before it, and a refusal at one leaves no trace of the next:

1. The authorization: owners' approvals, over this request, and the first over this envelope, in time.
2. The participants: enough of the wallet's devices, this one among them.
3. The transaction: read from its bytes alone, and exactly what the request says, down to the txid.
4. The request's id: new, or of this very request. What was finished is answered from memory.
5. The policy.
6. The passphrase: one counted try opens the share.
7. The ceremony (``sessions.frost``, or ``sessions.ecdsa``), which comes back twice: before partial signatures
   leave, when policy and reuse are judged again (other sessions ran meanwhile), and when the signatures are there;
   for ECDSA also before, when correlations are used up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.reading import Outflow, Reading, Scheme
from warifu.errors import AuthorizationRefused, InputRefused, PolicyDenied, WarifuError
from warifu.protocol.acknowledging import Acknowledgement, Confirmation, acknowledge
from warifu.protocol.authorization import APPROVAL, Authorization, check_times
from warifu.protocol.credential import Approval, Credential, check_approval
from warifu.protocol.encoding import digest, encode
from warifu.protocol.events.transfers import Acknowledged, FinishedTransfer, Moved, Started
from warifu.protocol.frames import (
    AskAcknowledge,
    Decision,
    Finished,
    OpenSession,
    Refusal,
    TransferSignatures,
    refusal_of,
)
from warifu.protocol.journal import Asker
from warifu.protocol.operator import Judged
from warifu.protocol.policy import Policy
from warifu.protocol.request import Outflow as Authorized
from warifu.protocol.request import TransferRequest, decode_request, request_digest
from warifu.signer.acknowledging import require_confirmed, require_strict
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.expecting import accepted, require_own
from warifu.signer.ledger import LONGEST, Counting
from warifu.signer.notes import fits, spent_note
from warifu.signer.notices import Notice
from warifu.signer.policy.facts import Facts, Verdict
from warifu.signer.policy.judge import judge
from warifu.signer.reading import Seen, read
from warifu.signer.recent import Recent, in_words, judgement
from warifu.signer.sessions import ecdsa
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.ecdsa import EcdsaCeremony
from warifu.signer.sessions.frost import FrostCeremony, Task, ToSign
from warifu.signer.unlocking import require_try, unlock
from warifu.signer.vault import Role
from warifu.signer.wallets import Wallet
from warifu.threshold.ecdsa.sign import VerifiedSignature
from warifu.threshold.frost import scheme as frost
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.rfc9591 import FROST_ED25519

_FROST: dict[Scheme, frost.Scheme] = {Scheme.BIP340: BIP340, Scheme.ED25519: FROST_ED25519}


@dataclass(frozen=True)
class Transfer:
    """A request together with the transaction that it names."""

    request: TransferRequest
    digest: bytes
    wallet: Wallet
    seen: Seen
    unsigned: bytes
    approved: tuple[Credential, ...] | None
    """The owners who approved; None in a dry run, in which whoever asks counts as one."""

    @property
    def reading(self) -> Reading:
        return self.seen.reading


@dataclass(frozen=True)
class Given:
    """What came with a transfer beside its bytes: the owners' word, and in a strict wallet that of its devices."""

    authorization: Authorization
    acknowledgements: tuple[Acknowledgement, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def by(self) -> Asker:
        """Whose word it is."""
        return asker(self.authorization)


@dataclass(frozen=True)
class Judgement:
    """What this device makes of a transfer, as it is now."""

    verdict: Verdict
    counting: Counting
    notice: Notice | None
    """The one that announced it, if any."""


class Transfers:
    """Judges transfers and opens their ceremonies."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.recent = Recent()
        """What was judged last, for the operator to look at."""

    def open(
        self, frame: OpenSession, request: TransferRequest, seat: Seat
    ) -> FrostCeremony | EcdsaCeremony | Finished:
        """Steps 1 to 6. The result at once where the request was finished before."""
        device, now = self._device, self._device.clock.now()
        wallet = device.wallets.born(request.wallet_id)
        owners = device.rules.of(wallet.id).owners
        authorized = device.approvals.check(frame.authorization, owners, frame.envelope, now)
        check_participants(wallet, frame.participants, device.identity.public)
        transfer = self.read(wallet, request, frame.unsigned, authorized.credentials)
        device.ledger.refuse_reuse(request.request_id, authorized.digest)
        result = device.ledger.result(authorized.digest)
        if result is not None:
            return Finished(frame.session, result)
        given = Given(frame.authorization, frame.acknowledgements, frame.confirmations)
        self._require_tellable(given, frame.unsigned)
        self._judge(transfer, now)
        self._require_confirmed(transfer, given)
        if transfer.reading.scheme is Scheme.ECDSA:  # what cannot be signed now must not cost an envelope
            count = len(transfer.reading.to_sign)
            device.pool_of(wallet).require(frame.participants, count, wallet.names)
        require_try(device, wallet, frame.envelope, now)
        role = Role("share", transfer.reading.scheme.value)
        lock, (share,) = unlock(device, wallet, [role], frame.envelope, authorized.digest, given.by)
        lock.wipe()
        try:
            if transfer.reading.scheme is Scheme.ECDSA:
                return EcdsaCeremony(seat, self._ecdsa_task(transfer, seat, given), share)
            return FrostCeremony(seat, self._frost_task(transfer, seat, given), share)
        except BaseException:
            share.wipe()
            raise

    def decide(
        self,
        request: TransferRequest,
        unsigned: bytes,
        approvals: Sequence[Approval] = (),
        *,
        keep: bool = True,
    ) -> Decision:
        """A dry run: steps 3 to 5, what the policy demands of this device, and whether a passphrase would be tried.
        Nothing is counted. ``approvals``: of owners, given so far; whoever asks counts as one where there is none.
        ``keep``: for the operator to look at."""
        device, now = self._device, self._device.clock.now()
        rules: tuple[str, ...] = ()
        try:
            check_times(request.created, request.expires, now)
            wallet = device.wallets.born(request.wallet_id)
            transfer = self.read(wallet, request, unsigned)
            device.ledger.refuse_reuse(request.request_id, transfer.digest)
            owners = device.rules.of(wallet.id).owners
            given = _approved(approvals, transfer.digest, owners)
            verdict = self._verdict(transfer, now, dry_run=max(1, given), keep=keep).verdict
            rules = in_words(verdict)
            if verdict.refusal is not None:
                raise verdict.refusal
            require_own(device, accepted(device, wallet)[device.identity.public])
            device.tries.require(wallet.id, device.rules.of(wallet.id).policy.passphrase_tries, now)
        except WarifuError as error:
            return Decision(False, rules, refusal_of(error))
        return Decision(True, rules, None)

    def look(self, request: TransferRequest, unsigned: bytes) -> Judged:
        """What ``decide`` says, with what was read, for the operator who brought it. ``TransactionRefused`` or
        ``InputRefused`` where the bytes are not what the request says: that is shown to nobody."""
        wallet = self._device.wallets.born(request.wallet_id)
        transfer = self.read(wallet, request, unsigned)
        decision = self.decide(request, unsigned, keep=False)
        return _judged(transfer, "asked", decision.rules, decision.refusal, self._device.clock.now())

    def acknowledge(self, frame: AskAcknowledge) -> Acknowledgement:
        """Judge for the others, from the bytes, and count: steps 1 and 3 to 5, for a strict wallet.

        What was acknowledged before is acknowledged again while the request is in time.
        """
        device, now = self._device, self._device.clock.now()
        device.freeze.require_none()
        request = decode_request(frame.authorization.request)
        if not isinstance(request, TransferRequest):
            raise InputRefused("request-kind", "only a transfer can be acknowledged")
        wallet = device.wallets.born(request.wallet_id)
        rules = device.rules.of(wallet.id)
        require_strict(rules.policy)
        authorized = device.approvals.check(frame.authorization, rules.owners, None, now)
        require_own(device, accepted(device, wallet)[device.identity.public])
        transfer = self.read(wallet, request, frame.unsigned, authorized.credentials)
        given = Given(frame.authorization)
        self._require_tellable(given, frame.unsigned)
        if device.ledger.known(authorized.digest) in (None, "noted"):
            with device.epoch.lasting():
                device.ledger.refuse_reuse(request.request_id, authorized.digest)
                self._count(transfer, given, self._judge(transfer, now), "acknowledged", now)
                device.wallets.reach(wallet.id, transfer.seen.reached)
                device.journal.append(
                    Acknowledged(
                        wallet.id,
                        authorized.digest,
                        request.chain,
                        request.transaction,
                        device.rules.hash(wallet.id),
                    ),
                    now,
                    given.by,
                )
        return acknowledge(device.identity, wallet.id, authorized.digest)

    def read(
        self,
        wallet: Wallet,
        request: TransferRequest,
        unsigned: bytes,
        approved: tuple[Credential, ...] | None = None,
    ) -> Transfer:
        """The transaction, if it is exactly what the request says. ``TransactionRefused``, ``InputRefused``."""
        seen = read(wallet, request, unsigned, self._device.wallets.window(wallet.id))
        return Transfer(request, request_digest(request), wallet, seen, unsigned, approved)

    def _verdict(self, transfer: Transfer, now: int, dry_run: int = 1, *, keep: bool = True) -> Judgement:
        """``dry_run``: how many owners count as having approved, where nobody authorized it. ``keep``: to be shown."""
        self._device.freeze.require_none()
        counting = self._device.ledger.counting(transfer.request, transfer.digest, transfer.reading, now)
        rules = self._device.rules.of(transfer.wallet.id)
        # Judged again later: an owner who was removed meanwhile has approved nothing.
        authorized = transfer.approved is not None
        approvals = len(set(transfer.approved or ()) & set(rules.owners)) if authorized else dry_run
        known = self._device.notices.known(transfer.wallet.id, transfer.reading)
        policy = self._policy(transfer)
        notice = self._device.notices.of(
            transfer.wallet.id, transfer.reading, counting.payment, policy.notice_delay, now
        )
        since = notice.since if notice is not None else None
        deposits = self._device.visits.deposits(
            transfer.wallet.id, transfer.reading.chain, policy, counting.payment, now
        )
        facts = Facts(now, approvals, counting.leaves, counting.spent, known, since, deposits)
        verdict = judge(policy, transfer.reading, facts)
        if keep:
            refusal = refusal_of(verdict.refusal) if verdict.refusal is not None else None
            self.recent.keep(_judged(transfer, "judged", in_words(verdict), refusal, now))
        return Judgement(verdict, counting, notice)

    def _policy(self, transfer: Transfer) -> Policy:
        return self._device.rules.policy(transfer.wallet.id)

    def _require_confirmed(self, transfer: Transfer, given: Given) -> None:
        if self._policy(transfer).strict:
            require_confirmed(
                transfer.wallet,
                transfer.digest,
                given.acknowledgements,
                given.confirmations,
                lambda other: self._knows(transfer.wallet, other),
            )

    def _knows(self, wallet: Wallet, other: bytes) -> bool:
        """Whether this device counts what another one does: a transfer, or a visit to an exchange."""
        device = self._device
        return device.ledger.known(other) is not None or device.visits.find(wallet.id, other) is not None

    @staticmethod
    def _require_tellable(given: Given, unsigned: bytes) -> None:
        if not fits(spent_note(given.authorization, unsigned)):
            raise InputRefused(
                "too-long-to-tell",
                "the other devices could not be told of this transfer: request and approvals are too long",
                remedy="Pay fewer recipients by one transfer.",
            )

    def _judge(self, transfer: Transfer, now: int) -> Judgement:
        judged = self._verdict(transfer, now)
        if judged.verdict.refusal is not None:
            raise judged.verdict.refusal
        return judged

    def _require_same_rules(self, transfer: Transfer, seat: Seat) -> None:
        """What this device and its peers began under other rules ends: they agreed on those, and on no others."""
        if self._device.rules.hash(transfer.wallet.id) != seat.rules_hash:
            raise PolicyDenied(
                "rules-changed",
                "the wallet's rules changed meanwhile",
                remedy="Ask again, under the new ones.",
            )

    def _ecdsa_task(self, transfer: Transfer, seat: Seat, given: Given) -> ecdsa.Task:
        wallet, reading = transfer.wallet, transfer.reading
        return ecdsa.Task(
            pool=self._device.pool_of(wallet),
            signatures=tuple(
                ecdsa.ToSign(item.message, wallet.tweaks(Scheme.ECDSA, item.path)) for item in reading.to_sign
            ),
            seen=self._device.seen,
            use_up=lambda take: self._use_up(transfer, seat, take),
            started=lambda used: self._started(transfer, seat, given, used),
            finished=lambda signatures: self._finished(
                transfer, seat, given.by, [_with_recovery(each) for each in signatures]
            ),
        )

    def _frost_task(self, transfer: Transfer, seat: Seat, given: Given) -> Task:
        wallet, reading = transfer.wallet, transfer.reading
        return Task(
            scheme=_FROST[reading.scheme],
            key=wallet.threshold_key(reading.scheme),
            signers={identity: wallet.identities.index(identity) for identity in seat.participants},
            signatures=tuple(
                ToSign(item.message, _frost_tweaks(wallet, reading.scheme, item.path))
                for item in reading.to_sign
            ),
            started=lambda commitments: self._started(transfer, seat, given, commitments),
            finished=lambda signatures: self._finished(
                transfer, seat, given.by, list(map(bytes, signatures))
            ),
        )

    def _use_up(self, transfer: Transfer, seat: Seat, take: Callable[[], None]) -> None:
        """``take`` what an ECDSA signature is made of, unless it would be refused now. Nothing is counted: the share
        does not leave yet, and before it does everything is judged once more."""
        device, request, now = self._device, transfer.request, self._device.clock.now()
        check_times(request.created, request.expires, now)
        with device.epoch.lasting():
            device.ledger.refuse_reuse(request.request_id, transfer.digest)
            self._require_same_rules(transfer, seat)
            self._judge(transfer, now)
            take()

    def _started(self, transfer: Transfer, seat: Seat, given: Given, commitments: bytes) -> None:
        device, request, now = self._device, transfer.request, self._device.clock.now()
        check_times(request.created, request.expires, now)
        with device.epoch.lasting():
            device.ledger.refuse_reuse(request.request_id, transfer.digest)
            self._require_same_rules(transfer, seat)
            judged = self._judge(transfer, now)
            self._require_confirmed(transfer, given)
            self._count(transfer, given, judged, "started", now)
            device.wallets.reach(transfer.wallet.id, transfer.seen.reached)
            device.journal.append(
                Started(
                    transfer.digest,
                    request.request_id,
                    request.wallet_id,
                    seat.session,
                    seat.participants,
                    request.chain,
                    request.transaction,
                    request.replaces,
                    seat.rules_hash,
                    commitments,
                    tuple(map(_written, transfer.reading.outflows)),
                    str(transfer.reading.fee),
                    _moved(judged.counting),
                ),
                now,
                given.by,
            )

    def _count(
        self,
        transfer: Transfer,
        given: Given,
        judged: Judgement,
        how: Literal["started", "acknowledged"],
        now: int,
    ) -> None:
        """Inside the transaction in which it was ``judged``: it counts here from now on, its notice is used up, and the
        wallet's other devices are told.

        In a strict wallet it counts from the moment after which it can not be signed any more: with the same
        acknowledgements other devices may sign it until then."""
        device, request, counting = self._device, transfer.request, judged.counting
        moment = request.expires if self._policy(transfer).strict else now
        if judged.notice is not None:
            device.notices.use_up(judged.notice, counting.payment)
        device.ledger.count(request, transfer.digest, transfer.reading, counting, how, moment)
        device.visits.pays(transfer.wallet.id, request.chain, counting.payment, _paid(transfer.reading), now)
        device.notes.write(
            transfer.wallet.id, spent_note(given.authorization, transfer.unsigned), request.expires + LONGEST
        )

    def _finished(self, transfer: Transfer, seat: Seat, by: Asker, signatures: Sequence[bytes]) -> bytes:
        device = self._device
        result = encode(TransferSignatures(transfer.digest, tuple(signatures)))
        with device.store.transaction():
            device.ledger.finish(transfer.digest, result)
            device.journal.append(
                FinishedTransfer(
                    transfer.request.wallet_id,
                    transfer.digest,
                    seat.session,
                    transfer.request.transaction,
                    digest("result", result),
                ),
                device.clock.now(),
                by,
            )
        return result


def _paid(reading: Reading) -> dict[tuple[str, str], int]:
    """How much goes to each address, of each token."""
    paid: Counter[tuple[str, str]] = Counter()
    for outflow in reading.outflows:
        paid[outflow.to, outflow.token] += outflow.amount
    return dict(paid)


def check_participants(wallet: Wallet, participants: Sequence[bytes], me: bytes) -> None:
    """Return if these can sign: at least t devices of the wallet; else as ``check_devices``."""
    check_devices(wallet, participants, me)
    if len(participants) < wallet.request.threshold:
        raise InputRefused(
            "too-few-participants",
            f"this wallet needs {wallet.request.threshold} devices to sign; asked were {len(participants)}",
        )


def check_devices(wallet: Wallet, participants: Sequence[bytes], me: bytes) -> None:
    """Return if these are ascending, distinct devices of the wallet, with this one; else ``InputRefused``."""
    if list(participants) != sorted(set(participants)) or not set(participants) <= set(wallet.identities):
        raise InputRefused(
            "participants", "the participants are not distinct devices of this wallet, in ascending order"
        )
    if me not in participants:
        raise InputRefused("participants", "this device is not among the participants")


def _judged(
    transfer: Transfer,
    source: Literal["judged", "asked"],
    rules: tuple[str, ...],
    refusal: Refusal | None,
    now: int,
) -> Judged:
    return judgement(
        source,
        transfer.request,
        transfer.digest,
        tuple(transfer.wallet.names[identity] for identity in transfer.wallet.identities),
        transfer.seen,
        rules,
        refusal,
        now,
        authorized=transfer.approved is not None,
    )


def _approved(approvals: Sequence[Approval], request: bytes, owners: Sequence[Credential]) -> int:
    """How many owners approved the request with this digest. ``AuthorizationRefused`` for one who did not."""
    for approval in approvals:
        if approval.credential not in owners:
            raise AuthorizationRefused(
                "unknown-credential", "an approval is of a credential that is no owner's"
            )
        check_approval(approval, APPROVAL, request)
    return len({approval.credential for approval in approvals})


def _frost_tweaks(wallet: Wallet, scheme: Scheme, path: tuple[int, ...]) -> tuple[tuple[bytes, bool], ...]:
    """A Bitcoin key is reached by derivation and the Taproot tweak; on Ed25519 there is neither."""
    if scheme is not Scheme.BIP340:
        assert not path, "nothing is derived on Ed25519"
        return ()
    branch, index = path
    return wallet.bitcoin.key(KeyPath(Branch(branch), index)).tweaks


def _with_recovery(signature: VerifiedSignature) -> bytes:
    """r, low s, and the recovery id: 65 bytes."""
    return bytes(signature) + bytes([signature.recovery_id])


def _written(outflow: Outflow) -> Authorized:
    return Authorized(outflow.kind.value, outflow.token, str(outflow.amount), outflow.to)


def _moved(counting: Counting) -> tuple[Moved, ...]:
    return tuple(
        Moved(token, str(amount), str(counting.adds.get(token, 0)))
        for token, amount in sorted(counting.leaves.items())
    )
