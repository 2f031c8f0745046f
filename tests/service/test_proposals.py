"""Transfers that wait for other owners: kept and passed on by the service, which decides nothing of them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.authenticator import Authenticator
from tests.support.service_world import Client, Payment, World, copied, made_ready, now, refusal

from warifu.protocol import api
from warifu.protocol.authorization import REFUSAL, approve_request, refuse_request
from warifu.protocol.credential import Approval, DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_requests import (
    AccountRequest,
    CallRequest,
    ExchangeKeyRequest,
    RemoveAccountRequest,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import UnfreezeRequest, request_digest

pytestmark = pytest.mark.real

PARTNER = IdentityKey(bytes([9]) * 32)
KEY = Authenticator()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A wallet of three owners: this client, a partner's client, and a security key. To be copied, never to be run."""
    others = (DeviceKey(PARTNER.public), KEY.credential)
    return made_ready(tmp_path_factory.mktemp("shared"), others=others)


@pytest.fixture
def world(shared: World, tmp_path: Path):
    with copied(shared, tmp_path / "world") as made:
        yield made


async def propose(client: Client, payment: Payment) -> str:
    approval = encode(approve_request(approver(client.owner), payment.request))
    question = api.NewProposal(request=encode(payment.request), unsigned=payment.unsigned, approval=approval)
    return (await client.post("/proposals", question, api.Accepted)).id


async def say(client: Client, transfer: str, approval: Approval, *, refuses: bool = False) -> api.Proposal:
    question = api.NewApproval(approval=encode(approval), refuses=refuses)
    return await client.post(f"/proposals/{transfer}/approvals", question, api.Proposal)


async def carry_out(world: World, client: Client, payment: Payment, given: list[Approval]) -> api.Transfer:
    identities = [world.devices[name].identity for name in ("device0", "device1")]
    authorization, envelopes = await client.authorized(payment.request, identities, further=given)
    question = api.NewAuthorization(authorization=authorization, envelopes=envelopes)
    await client.post(f"/transfers/{payment.id}/authorize", question, api.Accepted)
    return await client.until(payment.id)


async def test_from_the_proposal_to_the_network(world: World):
    async with world.running() as client:
        payment = await world.payment(client)
        assert await propose(client, payment) == await propose(client, payment) == payment.id
        proposals = (await client.get("/proposals", api.Proposals)).proposals
        assert [(item.id, item.state, item.request) for item in proposals] == [
            (payment.id, "proposed", encode(payment.request))
        ]
        assert proposals[0].unsigned == payment.unsigned
        await say(client, payment.id, approve_request(approver(PARTNER), payment.request))
        shown = await say(client, payment.id, KEY.approval("approval", request_digest(payment.request)))
        words = [decode(Approval, word.approval, 8192) for word in shown.words]
        assert {word.credential for word in words} == {DeviceKey(client.owner.public), *world.others}
        further = [word for word in words if word.credential in world.others]
        done = await carry_out(world, client, payment, further)
        assert done.state == "broadcast", done.refusal
        assert world.mempool() == [payment.request.transaction]
        assert (await client.get("/proposals", api.Proposals)).proposals == ()


async def test_what_is_proposed_holds_its_coins_until_its_request_expires(world: World):
    async with world.running() as client:
        payment = await world.payment(client)
        await propose(client, payment)
        assert (await refusal(world.payment(client, 70_000))).code == "input.insufficient-funds"
    async with world.running() as client:  # the service was started again meanwhile
        proposals = (await client.get("/proposals", api.Proposals)).proposals
        assert [item.id for item in proposals] == [payment.id]


async def test_the_newest_word_of_a_credential_stands(world: World):
    async with world.running() as client:
        payment = await world.payment(client)
        await propose(client, payment)
        partner = approver(PARTNER)
        no = refuse_request(partner, payment.request)
        shown = await say(client, payment.id, no, refuses=True)
        assert [word.refuses for word in shown.words if word.approval == encode(no)] == [True]
        shown = await say(client, payment.id, approve_request(partner, payment.request))
        assert [word.refuses for word in shown.words] == [False, False]


async def test_what_nobody_approves_any_more_is_withdrawn_and_holds_nothing(world: World):
    async with world.running() as client:
        payment = await world.payment(client)
        await propose(client, payment)
        partner, mine = approver(PARTNER), approver(client.owner)
        await say(client, payment.id, approve_request(partner, payment.request))
        await say(client, payment.id, refuse_request(mine, payment.request), refuses=True)
        assert (await client.get(f"/transfers/{payment.id}", api.Transfer)).state == "proposed"
        await say(client, payment.id, refuse_request(partner, payment.request), refuses=True)
        ended = await client.get(f"/transfers/{payment.id}", api.Transfer)
        assert (ended.state, ended.settled) == ("refused", True)
        assert ended.refusal is not None and ended.refusal.code == "authorization.withdrawn"
        assert (await client.get("/proposals", api.Proposals)).proposals == ()
        again = await world.payment(client, 70_000)
        assert (await world.send(client, again)).state == "broadcast"


async def test_other_requests_are_laid_before_the_owners_too(world: World):
    """A change of the rules, say. Who takes back the last approval of one has it forgotten."""
    async with world.running() as client:
        request = UnfreezeRequest(bytes([1]) * 16, world.wallet_id, now(), now() + 600)
        mine, partner = approver(client.owner), approver(PARTNER)
        question = api.NewProposal(
            request=encode(request), unsigned=b"", approval=encode(approve_request(mine, request))
        )
        asked = (await client.post("/proposals", question, api.Accepted)).id
        assert asked == (await client.post("/proposals", question, api.Accepted)).id
        other = msgspec.structs.replace(request, expires=request.expires + 1)
        clash = api.NewProposal(
            request=encode(other), unsigned=b"", approval=encode(approve_request(mine, other))
        )
        assert (
            await refusal(client.post("/proposals", clash, api.Accepted))
        ).code == "service.request-id-used"
        await say(client, asked, approve_request(partner, request))
        (shown,) = (await client.get("/proposals", api.Proposals)).proposals
        assert (shown.request, shown.chain, shown.unsigned, len(shown.words)) == (
            encode(request),
            None,
            b"",
            2,
        )
        await say(client, asked, refuse_request(partner, request), refuses=True)
        last = await say(client, asked, refuse_request(mine, request), refuses=True)
        assert [word.refuses for word in last.words] == [True]
        assert (await client.get("/proposals", api.Proposals)).proposals == ()
        assert (
            await refusal(client.get(f"/proposals/{asked}", api.Proposal))
        ).code == "service.unknown-proposal"


async def test_what_is_asked_of_an_exchange_is_laid_before_the_owners_by_its_digest(world: World):
    """A key, a credential, a call; what forgets an account takes one owner, and is no proposal."""
    async with world.running() as client:
        mine, until = approver(client.owner), now() + 3600
        identities = tuple(sorted(device.identity for device in world.devices.values()))
        common: dict[str, Any] = {
            "wallet_id": world.wallet_id,
            "account": "main",
            "created": now(),
            "expires": until,
        }
        requests = (
            ExchangeKeyRequest(request_id=bytes([1]) * 16, exchange="binance", **common),
            AccountRequest(
                request_id=bytes([2]) * 16,
                exchange="coinbase",
                key="ed25519-split",
                holders=identities,
                terms=bytes(32),
                simulation=False,
                **common,
            ),
            CallRequest(
                request_id=bytes([3]) * 16, call=bytes(32), carrier=identities[0], reader=bytes(32), **common
            ),
        )
        for request in requests:
            question = api.NewProposal(
                request=encode(request), unsigned=b"", approval=encode(approve_request(mine, request))
            )
            asked = (await client.post("/proposals", question, api.Accepted)).id
            shown = await say(client, asked, approve_request(approver(PARTNER), request))
            assert (shown.request, shown.unsigned, len(shown.words)) == (encode(request), b"", 2)
        removal = RemoveAccountRequest(request_id=bytes([4]) * 16, **common)
        question = api.NewProposal(
            request=encode(removal),
            unsigned=b"",
            approval=encode(approve_request(mine, removal)),
        )
        assert (await refusal(client.post("/proposals", question, api.Accepted))).code == "input.request"


async def test_no_word_but_an_owners_on_this_very_transfer_is_kept(world: World):
    async with world.running() as client:
        payment = await world.payment(client)
        await propose(client, payment)
        named = request_digest(payment.request)
        stranger = approve_request(approver(IdentityKey.generate()), payment.request)
        assert (await refusal(say(client, payment.id, stranger))).code == "authorization.unknown-credential"
        for approval in (
            approver(PARTNER)("approval", bytes(32)),
            approver(PARTNER)("authorization", named),
            approver(PARTNER)(REFUSAL, named),
        ):
            assert (await refusal(say(client, payment.id, approval))).code == "authorization.signature"
        yes = approve_request(approver(PARTNER), payment.request)
        assert (await refusal(say(client, payment.id, yes, refuses=True))).code == "authorization.signature"
        assert len((await client.get(f"/proposals/{payment.id}", api.Proposal)).words) == 1


async def test_one_forged_approval_spoils_the_authorization(world: World):
    """Here at the door already; each signer would say the same."""
    async with world.running() as client:
        payment = await world.payment(client)
        await propose(client, payment)
        theirs = approver(IdentityKey.generate())("approval", request_digest(payment.request))
        forged = Approval(DeviceKey(PARTNER.public), theirs.proof)
        assert (await refusal(carry_out(world, client, payment, [forged]))).code == "authorization.signature"
        assert (await client.get(f"/transfers/{payment.id}", api.Transfer)).state == "proposed"


async def test_nothing_can_be_said_any_more_of_what_was_signed(world: World):
    async with world.running() as client:
        payment = await world.payment(client)
        await propose(client, payment)
        assert (await carry_out(world, client, payment, [])).state == "broadcast"
        late = approve_request(approver(PARTNER), payment.request)
        assert (await refusal(say(client, payment.id, late))).code == "service.not-waiting"
