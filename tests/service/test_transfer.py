"""Transfers from the draft to the last confirmation, with real signers on a real chain, and all that goes wrong."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from nacl.utils import random
from tests.support.service_world import Client, Payment, World, changed, copied, embedded_chain, refusal
from tests.support.simulator import FRIEND, THIEF, bitcoin_policy

from warifu.chains.bitcoin.address import script_for
from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.chains.bitcoin.transaction import Transaction, TxOutput, parse_transaction
from warifu.chains.bitcoin_network.backends.base import BroadcastOutcome
from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.chains.bitcoin_network.drafts import draft_again
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.errors import BroadcastRejected, ChainUnavailable
from warifu.protocol import api
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import AskResult, Decision, OpenSession, ResultAnswer, decode_to_signer
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import Outflow, request_digest
from warifu.service.store import transfers as store

pytestmark = pytest.mark.real

BTC = 100_000_000


@pytest.fixture
def world(template: World, tmp_path: Path):
    with copied(template, tmp_path / "world") as made:
        yield made


@pytest.fixture
def new_world(tmp_path: Path):
    """Nothing is there yet."""
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = World(tmp_path, chain, url)
        made.found()
        yield made


async def mine(world: World, blocks: int = 1) -> None:
    await asyncio.to_thread(world.chain.mine, blocks)


def openings(world: World, seen: list[str]) -> None:
    """Note each session that a device is asked into."""
    for name, device in world.devices.items():
        original = device.signer.receive

        def receive(origin: Any, payload: bytes, name: str = name, original: Any = original) -> Any:
            if origin == 1 and isinstance(decode_to_signer(payload), OpenSession):
                seen.append(name)
            return original(origin, payload)

        device.signer.receive = receive  # type: ignore[method-assign]


# --- the road ----------------------------------------------------------------------------------------------------


async def test_the_eight_steps(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        sent = await world.send(client, payment)
        assert sent.state == "broadcast"
        assert world.mempool() == [payment.request.transaction]
        await mine(world)
        done = await client.until(payment.id, ("confirmed",))
        steps = [event.step for event in done.events]
        assert steps == sorted(steps) and set(steps) == set(range(1, 9))
        assert {event.device for event in done.events if event.step == 3} == {"device0", "device1"}
        assert (done.confirmations, done.height, done.settled) == (1, world.chain.height, False)
        for head in done.journal:
            status = world.devices[head.device].status()
            assert (head.length, head.head) == (status.journal_length, status.journal_head)
        await mine(world, 5)
        while not (await client.get(f"/transfers/{payment.id}", api.Transfer)).settled:
            await asyncio.sleep(0.05)


async def test_others_can_look_on(world: World):
    """The PSBT with its signatures, and the transaction, are there for other programs."""
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        await world.send(client, payment)
        shown = await client.get(f"/transfers/{payment.id}/transaction", api.TransferBytes)
        signed = parse_psbt(shown.unsigned)
        assert signed.transaction.txid == payment.request.transaction
        assert all(item.final_witness for item in signed.inputs)
        assert parse_transaction(shown.raw).txid == payment.request.transaction
        listed = (await client.get("/transfers", api.Transfers, wallet="savings")).transfers
        assert [item.id for item in listed] == [payment.id]
        assert (await client.get("/transfers", api.Transfers, wallet="other")).transfers == ()


async def test_the_wallet_shows_what_happened(world: World):
    async with world.running() as client:
        await world.ready(client, amount=BTC)
        payment = await world.payment(client, 60_000)
        await client.put(
            "/wallets/savings/labels",
            api.NewLabels(
                labels=f'{{"type":"tx","ref":"{payment.request.transaction[::-1].hex()}","label":"rent"}}'
            ),
            api.Labels,
        )
        await world.send(client, payment)
        balance = await client.get("/wallets/savings/balance", api.Balance)
        fee = int(payment.request.fee_ceiling)
        assert (balance.confirmed, balance.pending, balance.total) == (
            0,
            BTC - 60_000 - fee,
            BTC - 60_000 - fee,
        )
        await mine(world)
        history = await client.get("/wallets/savings/transactions", api.History)
        newest, oldest = history.transactions
        assert (newest.label, newest.transfer, newest.fee) == ("rent", payment.id, fee)
        assert (newest.height, newest.sent - newest.received) == (world.chain.height, 60_000 + fee)
        assert (oldest.received, oldest.transfer) == (BTC, None)
        addresses = (await client.get("/wallets/savings/addresses", api.Addresses)).addresses
        another = await client.post("/wallets/savings/addresses", None, api.Address)
        assert another.index == addresses[-1].index + 1


async def test_any_two_of_three_sign(world: World):
    async with world.running() as client:
        await world.ready(client)
        await world.disconnect("device0")
        payment = await world.payment(client)
        sent = await world.send(client, payment, ["device1", "device2"])
        assert sent.state == "broadcast"
        assert {head.device for head in sent.journal} <= {"device1", "device2"}


async def test_waiting_for_news_ends_with_the_news(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        seen = 0
        texts = []
        question = await world.question(client, payment)
        await client.post("/transfers", question, api.Accepted)
        while True:
            found = await client.get(f"/transfers/{payment.id}", api.Transfer, after=seen, wait=10)
            assert found.events, "woken for nothing"
            assert [event.number for event in found.events] == list(
                range(seen + 1, seen + 1 + len(found.events))
            )
            seen = found.events[-1].number
            texts += [event.text for event in found.events]
            if found.state == "broadcast":
                break
        assert len(texts) == len(set(texts)) + 1  # both devices say the same in step 3


# --- exactly once ------------------------------------------------------------------------------------------------


async def test_the_same_request_twice_is_one_transfer(world: World):
    async with world.running() as client:
        await world.ready(client)
        seen: list[str] = []
        openings(world, seen)
        payment = await world.payment(client)
        question = await world.question(client, payment)
        answers = await asyncio.gather(*(client.post("/transfers", question, api.Accepted) for _ in range(5)))
        assert {answer.id for answer in answers} == {payment.id}
        await client.until(payment.id)
        assert (await client.post("/transfers", question, api.Accepted)).id == payment.id
        await asyncio.sleep(0.1)
        assert sorted(seen) == ["device0", "device1"]
        assert world.mempool() == [payment.request.transaction]
        assert len((await client.get("/transfers", api.Transfers)).transfers) == 1


async def test_another_request_under_the_same_id_is_refused(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        await world.send(client, payment)
        other = await world.payment(client, 70_000)
        reused = changed(other.request, request_id=payment.request.request_id)
        question = await world.question(client, Payment(reused, other.unsigned))
        error = await refusal(client.post("/transfers", question, api.Accepted))
        assert error.code == "service.request-id-used"
        assert world.mempool() == [payment.request.transaction]


# --- the door ----------------------------------------------------------------------------------------------------


async def test_what_does_not_fit_together_is_refused_at_the_door(world: World):
    """The signers would refuse it too; here it costs them nothing."""
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        other = await world.payment(client, 70_000)
        good = await world.question(client, payment)
        also = await world.question(client, other)
        thief = IdentityKey.generate()
        envelopes = await client.envelopes(payment.request, [world.devices["device0"].identity] * 1)
        stolen = encode(authorize(approver(thief), payment.request, encode(payment.request), envelopes))
        wallet = world.wallet_request(2)
        wallet_authorization, wallet_envelopes = await client.authorized(
            wallet, [device.identity for device in world.devices.values()]
        )
        unknown = changed(payment.request, wallet_id=bytes(32))
        expired = changed(payment.request, created=1_700_000_000, expires=1_700_000_600)
        early = changed(
            payment.request,
            created=payment.request.created + 4000,
            expires=payment.request.expires + 4000,
        )
        elsewhere = changed(payment.request, chain="solana")
        twice = envelopes + await client.envelopes(payment.request, [world.devices["device0"].identity])
        doubled = encode(authorize(approver(world.owner), payment.request, encode(payment.request), twice))
        altered = bytearray(good.authorization)
        altered[-1] ^= 1
        cases: list[tuple[str, api.NewTransfer]] = [
            ("transaction.other-transaction", changed(good, unsigned=other.unsigned)),
            ("authorization.other-envelope", changed(good, envelopes=also.envelopes)),
            ("authorization.other-envelope", changed(good, envelopes=good.envelopes[:1])),
            ("authorization.signature", changed(good, authorization=bytes(altered))),
            ("input.malformed", changed(good, authorization=good.authorization[:-1])),
            ("input.malformed", changed(good, authorization=b"\x00")),
            ("input.psbt-form", changed(good, unsigned=b"psbt\xff")),
            ("input.psbt-form", changed(good, unsigned=payment.unsigned[:-1])),
            (
                "authorization.unknown-credential",
                changed(good, authorization=stolen, envelopes=tuple(map(encode, envelopes))),
            ),
            (
                "input.request",
                changed(good, authorization=wallet_authorization, envelopes=wallet_envelopes),
            ),
            ("service.unknown-wallet", await world.question(client, Payment(unknown, payment.unsigned))),
            ("authorization.expired", await world.question(client, Payment(expired, payment.unsigned))),
            ("authorization.not-yet", await world.question(client, Payment(early, payment.unsigned))),
            ("chain.no-backend", await world.question(client, Payment(elsewhere, payment.unsigned))),
            ("input.envelopes", changed(good, authorization=doubled, envelopes=tuple(map(encode, twice)))),
        ]
        for code, question in cases:
            assert (await refusal(client.post("/transfers", question, api.Accepted))).code == code
        assert (await client.get("/transfers", api.Transfers)).transfers == ()


async def test_a_device_without_a_share_is_not_asked(world: World):
    async with world.running() as client:
        await world.ready(client)
        await world.add_device(client, "newcomer")
        payment = await world.payment(client)
        question = await world.question(client, payment, ["device0", "newcomer"])
        error = await refusal(client.post("/transfers", question, api.Accepted))
        assert error.code == "input.envelopes"


# --- refusals ----------------------------------------------------------------------------------------------------


async def test_a_wrong_passphrase_is_refused(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        refused = await world.send(client, payment, passphrase="wrong")
        assert refused.state == "refused" and refused.refusal is not None and refused.settled
        assert refused.refusal.code == "passphrase.wrong"
        assert world.mempool() == []


async def test_a_refused_transfer_is_authorized_again_and_sent(world: World):
    """Refused by a device that is then told otherwise: the same request, the same transaction, signed once."""
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        refused = await world.send(client, payment, ["device0"])
        assert refused.state == "refused", refused
        question = await world.question(client, payment)
        again = api.NewAuthorization(authorization=question.authorization, envelopes=question.envelopes)
        await client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted)
        sent = await client.until(payment.id, ("broadcast",))
        assert sent.refusal is None
        assert world.mempool() == [payment.request.transaction]
        # In the same words once more: nothing new.
        await client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted)
        other = await world.question(client, payment)
        late = api.NewAuthorization(authorization=other.authorization, envelopes=other.envelopes)
        error = await refusal(client.post(f"/transfers/{payment.id}/authorize", late, api.Accepted))
        assert error.code == "service.not-waiting"


async def test_only_the_same_request_is_authorized_again(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        await world.send(client, payment, ["device0"])
        dearer = changed(payment.request, fee_ceiling=str(int(payment.request.fee_ceiling) + 1))
        question = await world.question(client, Payment(dearer, payment.unsigned))
        again = api.NewAuthorization(authorization=question.authorization, envelopes=question.envelopes)
        error = await refusal(client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted))
        assert error.code == "service.other-request"


async def test_a_policy_denial_names_the_rule_and_sends_nothing(new_world: World):
    async with new_world.running() as client:
        for number in range(3):
            await new_world.add_device(client, f"device{number}")
        strict = bitcoin_policy(destinations=[THIEF])
        assert (await new_world.create_wallet(client, policy=strict)).state == "finished"
        await new_world.fund(client, BTC)
        payment = await new_world.payment(client, to=FRIEND)
        refused = await new_world.send(client, payment)
        assert refused.state == "refused" and refused.refusal is not None and refused.settled
        assert refused.refusal.code.startswith("policy.")
        assert new_world.mempool() == []
        question = api.DecisionQuestion(
            request=encode(payment.request),
            unsigned=payment.unsigned,
            identities=tuple(device.identity for device in new_world.devices.values()),
        )
        decisions = (await client.post("/decisions", question, api.Decisions)).decisions
        for item in decisions:
            assert item.decision is not None
            assert not decode(Decision, item.decision, 2**20).allowed


async def test_a_swapped_output_is_refused_by_the_signers(world: World):
    """The service is honest here; the request says one thing and names a transaction that does another."""
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client, to=THIEF)
        lie = changed(payment.request, outflows=(Outflow("payment", "", "60000", FRIEND),))
        refused = await world.send(client, Payment(lie, payment.unsigned))
        assert refused.state == "refused" and refused.refusal is not None
        assert refused.refusal.code == "transaction.swapped-output"
        assert world.mempool() == []


async def test_the_coins_of_a_refused_transfer_are_free_again(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        assert (await world.send(client, payment, ["device0"])).state == "refused"
        again = await world.payment(client)
        assert (await world.send(client, again)).state == "broadcast"


async def test_coins_under_way_are_not_offered_again(world: World):
    """Not before it is sent either: two transfers at the same time never compete for a coin."""
    world.settings["signer_wait"] = 30
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        question = await world.question(client, payment)
        await world.disconnect("device0")
        await client.post("/transfers", question, api.Accepted)
        error = await refusal(world.payment(client))
        assert error.code == "input.insufficient-funds"
        await world.connect("device0")
        assert (await client.until(payment.id)).state == "broadcast"


async def test_a_device_that_is_off_is_named(world: World):
    world.settings["signer_wait"] = 0.2
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        question = await world.question(client, payment)
        await world.disconnect("device1")
        await client.post("/transfers", question, api.Accepted)
        broken = await client.until(payment.id)
        assert broken.state == "needs-authorization" and broken.refusal is not None
        assert (broken.refusal.code, broken.refusal.blame) == ("service.device-offline", "device1")
        # Other devices sign the same request.
        other = await world.question(client, payment, ["device0", "device2"])
        again = api.NewAuthorization(authorization=other.authorization, envelopes=other.envelopes)
        await client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted)
        assert (await client.until(payment.id, ("broadcast",))).txid == payment.request.transaction[
            ::-1
        ].hex()


async def test_a_device_that_leaves_in_the_middle(world: World):
    """Its peers may have signed; then the signature is theirs to give. Else the owner is asked again."""
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        question = await world.question(client, payment)
        victim = world.devices["device0"]
        original = victim.signer.receive

        def leave(origin: Any, payload: bytes) -> Any:
            if origin == 1 and isinstance(decode_to_signer(payload), OpenSession):
                asyncio.get_running_loop().create_task(world.disconnect("device0"))
                return []
            return original(origin, payload)

        victim.signer.receive = leave  # type: ignore[method-assign]
        await client.post("/transfers", question, api.Accepted)
        broken = await client.until(payment.id)
        assert broken.state == "needs-authorization" and broken.refusal is not None
        assert (broken.refusal.code, broken.refusal.blame) == ("session.device-left", "device0")


async def test_a_signature_that_was_made_is_found_though_its_message_was_lost(world: World):
    """Each device finishes and its last word is dropped: their journals have the result."""
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        question = await world.question(client, payment)
        hub = world.service.hub
        original = hub._in_session

        def deaf(session: Any, identity: bytes, frame: Any) -> None:
            if type(frame).__name__ == "Finished":
                session.lost(identity)
            else:
                original(session, identity, frame)

        hub._in_session = deaf  # type: ignore[method-assign]
        await client.post("/transfers", question, api.Accepted)
        assert (await client.until(payment.id)).state == "broadcast"
        assert world.mempool() == [payment.request.transaction]


# --- the network -------------------------------------------------------------------------------------------------


class Moody(Esplora):
    """A backend that fails as a test says."""

    fail: BaseException | None = None
    sent = 0

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        self.sent += 1
        if self.fail is not None:
            raise self.fail
        return super().broadcast(raw)


async def test_what_cannot_be_sent_now_is_sent_later(world: World):
    world.make_backend = Moody
    async with world.running() as client:
        await world.ready(client)
        world.backend.fail = ChainUnavailable("time-out", "no answer")
        payment = await world.payment(client)
        waiting = await client.post("/transfers", await world.question(client, payment), api.Accepted)
        signed = await client.until(waiting.id, ("signed",))
        assert world.mempool() == [] and signed.refusal is None
        await asyncio.sleep(0.3)
        world.backend.fail = None
        await client.until(payment.id, ("broadcast",))
        assert world.mempool() == [payment.request.transaction]


async def test_what_the_network_refuses_is_rejected_with_its_reason(world: World):
    world.make_backend = Moody
    async with world.running() as client:
        await world.ready(client)
        world.backend.fail = BroadcastRejected("dust", "esplora refuses the transaction: dust")
        payment = await world.payment(client)
        rejected = await world.send(client, payment)
        assert rejected.state == "rejected" and rejected.refusal is not None and not rejected.settled
        assert rejected.refusal.code == "broadcast.dust"
        assert "before you pay again" in rejected.refusal.remedy
        world.backend.fail = None
        await asyncio.sleep(0.3)
        assert world.mempool() == [], "a rejected one is not tried again behind the owner's back"


async def test_what_a_backend_refused_and_kept_is_followed_and_no_other_payment_takes_its_coins(world: World):
    """Else the owner would pay again by other coins, and both would confirm, one of them unseen."""
    world.make_backend = Moody
    async with world.running() as client:
        await world.ready(client)
        world.backend.fail = BroadcastRejected("refused", "esplora refuses the transaction: because")
        payment = await world.payment(client)
        await world.send(client, payment)
        world.backend.fail = None
        error = await refusal(world.payment(client))
        assert error.code == "input.insufficient-funds", "its one coin is held"
        shown = await client.get(f"/transfers/{payment.id}/transaction", api.TransferBytes)
        await asyncio.to_thread(Esplora(world.url).broadcast, shown.raw)
        kept = await client.until(payment.id, ("broadcast",))
        assert any("though a backend refused it" in event.text for event in kept.events)
        await mine(world)
        done = await client.until(payment.id, ("confirmed",))
        assert done.refusal is None


async def test_what_was_refused_is_paid_by_a_bump_that_excludes_it(world: World):
    world.make_backend = Moody
    async with world.running() as client:
        await world.ready(client, amount=BTC)
        await world.fund(client, BTC)
        payment = await world.payment(client)
        refused = [payment]
        world.backend.fail = BroadcastRejected("fee-too-low", "esplora refuses the transaction: because")
        await world.send(client, payment)
        named = txid(payment)
        error = await refusal(world.payment(client, bump=named, fee_rate=2000))
        assert error.code == "input.fee-rate"
        # Rejected once more; whichever of the two is named, the next one pays more than both, and excludes both.
        refused.append(await world.payment(client, bump=named, fee_rate=5000))
        await world.send(client, refused[-1])
        error = await refusal(world.payment(client, bump=named, fee_rate=4000))
        assert error.code == "input.fee-rate"
        world.backend.fail = None
        last = await world.payment(client, bump=named, fee_rate=9000)
        assert last.request.replaces == payment.request.request_id
        coins = [{item.outpoint for item in parse_psbt(each.unsigned).transaction.inputs} for each in refused]
        assert all(
            each <= {i.outpoint for i in parse_psbt(last.unsigned).transaction.inputs} for each in coins
        )
        assert (await world.send(client, last)).state == "broadcast"
        await mine(world, 6)
        assert (await client.until(last.id, ("confirmed",))).refusal is None
        for each in refused:
            while not (found := await client.get(f"/transfers/{each.id}", api.Transfer)).settled:
                await asyncio.sleep(0.02)
            assert found.state == "rejected" and found.refusal is not None
            assert found.refusal.code == "broadcast.fee-too-low"
        assert (await world.send(client, await world.payment(client))).state == "broadcast"


async def test_a_reorganisation_does_not_send_again_what_was_refused(world: World):
    """What took its place is in a block for a while; then it is not, and the refused one is still refused."""
    world.make_backend = Moody
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        world.backend.fail = BroadcastRejected("fee-too-low", "esplora refuses the transaction: because")
        await world.send(client, payment)
        world.backend.fail = None
        bump = await world.payment(client, bump=txid(payment), fee_rate=9000)
        await world.send(client, bump)
        await mine(world)
        await client.until(bump.id, ("confirmed",))
        await asyncio.sleep(0.3)
        found = await client.get(f"/transfers/{payment.id}", api.Transfer)
        assert (found.state, found.settled) == ("rejected", False)
        await asyncio.to_thread(world.chain.reorganise, 1)
        await asyncio.sleep(0.5)
        found = await client.get(f"/transfers/{payment.id}", api.Transfer)
        assert (found.state, found.settled) == ("rejected", False)
        assert payment.request.transaction not in world.mempool()


async def test_what_was_refused_is_excluded_by_another_payment_of_its_coins(world: World):
    """Another program makes it, and it is handed in as a PSBT: held coins are no obstacle to that."""
    world.make_backend = Moody
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        world.backend.fail = BroadcastRejected("dust", "esplora refuses the transaction: dust")
        await world.send(client, payment)
        world.backend.fail = None
        refused = parse_psbt(payment.unsigned).transaction
        wallet = world.service.wallets.open("savings")
        pays, change = (
            TxOutput(item.amount, script_for(THIEF, wallet.network)) if item.amount == 60_000 else item
            for item in sorted(refused.outputs, key=lambda item: item.amount)
        )
        made = draft_again(wallet, Transaction(2, refused.inputs, (pays, change)), FeeRate.per_vb(90))
        draft = await client.post("/wallets/savings/psbts", api.NewPsbt(psbt=made.psbt), api.Draft)
        request = changed(
            payment.request,
            request_id=random(16),
            outflows=(Outflow("payment", "", str(pays.amount), THIEF),),
            fee_ceiling=str(draft.fee),
            transaction=made.txid,
        )
        sent = await world.send(client, Payment(request, made.psbt))
        assert sent.state == "broadcast", sent.refusal
        await mine(world, 6)
        while not (found := await client.get(f"/transfers/{payment.id}", api.Transfer)).settled:
            await asyncio.sleep(0.02)
        assert found.state == "rejected"


def txid(payment: Payment) -> str:
    return payment.request.transaction[::-1].hex()


async def test_a_reorganisation_is_noticed_and_survived(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        await world.send(client, payment)
        await mine(world)
        await client.until(payment.id, ("confirmed",))
        await asyncio.to_thread(world.chain.reorganise, 1)
        again = await client.until(payment.id, ("broadcast", "confirmed"))
        for _ in range(200):
            again = await client.get(f"/transfers/{payment.id}", api.Transfer)
            if any("reorganisation" in event.text for event in again.events):
                break
            if again.confirmations == 2:
                pytest.skip("the new blocks took it in again at once")
            await asyncio.sleep(0.02)
        assert (again.state, again.confirmations, again.height) == ("broadcast", 0, None)
        await mine(world)
        assert (await client.until(payment.id, ("confirmed",))).height == world.chain.height


async def test_a_forgotten_transaction_is_sent_again(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        await world.send(client, payment)
        with world.chain.lock:
            world.chain.mempool._remove(payment.request.transaction)
        for _ in range(200):
            if world.mempool():
                break
            await asyncio.sleep(0.02)
        assert world.mempool() == [payment.request.transaction]


async def test_a_fee_bump_replaces_and_the_old_one_ends(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        await world.send(client, payment)
        old = payment.request.transaction[::-1].hex()
        bump = await world.payment(client, bump=old, fee_rate=9000)
        assert bump.request.replaces == payment.request.request_id
        sent = await world.send(client, bump)
        assert (sent.state, sent.replaces) == ("broadcast", payment.id)
        assert world.mempool() == [bump.request.transaction]
        await asyncio.sleep(0.3)
        assert world.mempool() == [bump.request.transaction], "the old one is not sent against the new one"
        await mine(world)
        await client.until(bump.id, ("confirmed",))
        replaced = await client.until(payment.id, ("replaced",))
        assert (replaced.replaced_by, replaced.settled) == (bump.request.transaction[::-1].hex(), False)
        await mine(world, 5)
        while not (await client.get(f"/transfers/{payment.id}", api.Transfer)).settled:
            await asyncio.sleep(0.05)


async def test_a_transfer_that_nobody_works_on_is_given_back_to_its_owner(world: World):
    """Its workflow ended without an outcome, as after a full disk."""
    async with world.running() as client:
        payment = await world.payment(client)
        question = await world.question(client, payment)
        store.add_transfer(
            world.database,
            store.NewTransferRow(
                id=payment.id,
                wallet="savings",
                chain="bitcoin",
                body=b"",
                request=encode(payment.request),
                txid=payment.request.transaction[::-1].hex(),
                transaction=payment.request.transaction,
                unsigned=payment.unsigned,
                sends=True,
                slot=None,
                expires=payment.request.expires,
                authorization=question.authorization,
                envelopes=question.envelopes,
                participants=(),
                replaces=None,
            ),
        )
        store.begin_signing(world.database, payment.id, 1)
        world.service.transfers.end_orphans()
        given_back = await client.until(payment.id, ("needs-authorization",))
        assert given_back.refusal is not None and given_back.refusal.code == "session.interrupted"


async def test_a_sweep_empties_the_wallet(world: World):
    async with world.running() as client:
        await world.ready(client)
        question = api.NewDraft(sweep_to=FRIEND, fee_rate=1000)
        draft = await client.post("/wallets/savings/drafts", question, api.Draft)
        payment = await world.payment(client, BTC - draft.fee, sweep_to=FRIEND, fee_rate=1000)
        assert (await world.send(client, payment)).state == "broadcast"
        assert (await client.get("/wallets/savings/balance", api.Balance)).total == 0


async def test_a_psbt_from_elsewhere_is_taken_in(world: World):
    async with world.running() as client:
        await world.ready(client)
        payment = await world.payment(client)
        draft = await client.post("/wallets/savings/psbts", api.NewPsbt(psbt=payment.unsigned), api.Draft)
        assert (draft.psbt, draft.fee) == (payment.unsigned, int(payment.request.fee_ceiling))
        error = await refusal(
            client.post("/wallets/savings/psbts", api.NewPsbt(psbt=payment.unsigned[:-1]), api.Draft)
        )
        assert error.code == "input.psbt-form"


# --- wallets -----------------------------------------------------------------------------------------------------


async def ended(client: Client, ceremony: str) -> api.Ceremony:
    """The ceremony once it ended. An answer comes with each event, and the last event is not always the second."""
    seen = 0
    while (
        found := await client.get(f"/ceremonies/{ceremony}", api.Ceremony, after=seen, wait=10)
    ).state == "running":
        seen = found.events[-1].number if found.events else seen
    return found


async def test_a_wallet_is_made_once(new_world: World):
    async with new_world.running() as client:
        for number in range(3):
            await new_world.add_device(client, f"device{number}")
        request = new_world.wallet_request(2)
        identities = [device.identity for device in new_world.devices.values()]
        authorization, envelopes = await client.authorized(request, identities)
        question = api.NewWallet(name="savings", authorization=authorization, envelopes=envelopes)
        ids = {(await client.post("/wallets", question, api.Accepted)).id for _ in range(3)}
        assert len(ids) == 1
        found = await ended(client, next(iter(ids)))
        assert found.state == "finished" and len(found.births) == 3
        wallet = await client.get("/wallets/savings", api.Wallet)
        assert (wallet.id, wallet.threshold) == (request_digest(request), 2)
        assert wallet.births == found.births and wallet.authorization == authorization
        taken = changed(question, name="other")
        assert (await refusal(client.post("/wallets", taken, api.Accepted))).code == "service.request-id-used"
        fresh = await client.authorized(new_world.wallet_request(2), identities)
        same_name = api.NewWallet(name="savings", authorization=fresh[0], envelopes=fresh[1])
        assert (await refusal(client.post("/wallets", same_name, api.Accepted))).code == "service.name-taken"


async def test_a_wallet_needs_all_its_devices(new_world: World):
    async with new_world.running() as client:
        for number in range(3):
            await new_world.add_device(client, f"device{number}")
        request = new_world.wallet_request(2)
        identities = [device.identity for device in new_world.devices.values()]
        few = await client.authorized(request, identities[:2])
        question = api.NewWallet(name="savings", authorization=few[0], envelopes=few[1])
        assert (await refusal(client.post("/wallets", question, api.Accepted))).code == "input.envelopes"
        every = await client.authorized(request, identities)
        await new_world.disconnect("device2")
        question = api.NewWallet(name="savings", authorization=every[0], envelopes=every[1])
        accepted = await client.post("/wallets", question, api.Accepted)
        found = await ended(client, accepted.id)
        assert found.state == "refused" and found.refusal is not None
        assert (found.refusal.code, found.refusal.blame) == ("service.device-offline", "device2")
        assert (await client.get("/wallets", api.Wallets)).wallets == ()


async def test_one_dissenting_birth_spoils_the_wallet(new_world: World):
    """Every device must state the same key; a device that states another is named."""
    async with new_world.running() as client:
        for number in range(3):
            await new_world.add_device(client, f"device{number}")
        hub = new_world.service.hub
        original = hub._in_session

        def bent(session: Any, identity: bytes, frame: Any) -> None:
            if type(frame).__name__ == "Finished" and identity == new_world.devices["device1"].identity:
                frame = changed(frame, result=frame.result[:-1] + bytes([frame.result[-1] ^ 1]))
            original(session, identity, frame)

        hub._in_session = bent  # type: ignore[method-assign]
        ceremony = await new_world.create_wallet(client)
        # The last bytes are recovery data, which the signature covers by their digest.
        # "partial" where an honest birth came in before the bent one: then its device can still state the right one.
        assert ceremony.state in ("refused", "partial") and ceremony.refusal is not None
        assert ceremony.refusal.blame == "device1"
        assert (await client.get("/wallets", api.Wallets)).wallets == ()


async def test_the_result_of_another_request_is_not_taken(world: World):
    """A device that answers with what it signed earlier, validly, for something else."""
    async with world.running() as client:
        await world.ready(client, amount=BTC)
        await world.fund(client, BTC)
        first = await world.payment(client)
        await world.send(client, first)
        earlier = world.devices["device0"].call(AskResult(1, request_digest(first.request)), ResultAnswer)
        assert earlier.state == "finished"
        hub = world.service.hub
        original = hub._in_session

        def old(session: Any, identity: bytes, frame: Any) -> None:
            if type(frame).__name__ == "Finished" and identity == world.devices["device0"].identity:
                frame = changed(frame, result=earlier.result)
            original(session, identity, frame)

        hub._in_session = old  # type: ignore[method-assign]
        second = await world.payment(client, 70_000)
        assert (await world.send(client, second)).state == "broadcast"
        assert set(world.mempool()) == {first.request.transaction, second.request.transaction}
