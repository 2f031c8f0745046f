"""What this client believes of what a service shows it of a call, and of a watch."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from tests.cli.test_exchange_together import founding, wallet_of

from warifu.cli.exchanges import pieces as exchange_pieces
from warifu.cli.exchanges.accounts import accounts_of
from warifu.cli.exchanges.calls import Exchanging, open_only_where_something_changes
from warifu.cli.exchanges.pieces import Begun, Listener, told_in
from warifu.cli.exchanges.rotating import to_rotate
from warifu.errors import InputRefused, ServiceRefused, SessionAborted, WarifuError
from warifu.exchanges.calls import Effect
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown, TryAgain
from warifu.protocol import api
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import (
    AccountStatus,
    AnswerKey,
    ExchangeAnswer,
    Told,
    ToldAfterPieces,
    seal_told,
)
from warifu.protocol.exchange_pieces import MAX_PIECE, Piece, Together, seal_piece
from warifu.protocol.exchange_requests import KeyKind
from warifu.protocol.frames import Status
from warifu.protocol.identity import DeviceRef, IdentityKey

pytestmark = pytest.mark.unit

CARRIER, SERVICE = IdentityKey(bytes([1]) * 32), IdentityKey(bytes([2]) * 32)
NAMED, OTHER = bytes([7]) * 32, bytes([8]) * 32
REFUSED = Told(NAMED, "refused", "funds", 0, None)


def shown(answer: bytes | None, **said: Any) -> api.ExchangeCallShown:
    fields: dict[str, Any] = {
        "id": "07" * 16,
        "wallet": "savings",
        "account": "main",
        "request": NAMED,
        "state": "done",
        "carrier": CARRIER.public,
        "outcome": "refused",
        "reason": "funds",
        "retry_after": 0,
        "answer": answer,
        "refusal": None,
        "compared": (),
        "events": (),
        "created": 1,
    }
    return api.ExchangeCallShown(
        **{name: (fields | said)[name] for name in api.ExchangeCallShown.__struct_fields__}
    )


def begun(reader: AnswerKey) -> Begun:
    return Begun("/the/call", reader, NAMED, CARRIER.public)


def nothing(_after: int) -> Iterator[bytes]:
    return iter(())


def reading(pieces: list[bytes], _after: int) -> Iterator[bytes]:
    return iter(pieces)


@pytest.mark.parametrize("outcome", ["refused", "try-again", "done", "not-there"])
def test_that_nothing_happened_is_no_word_of_the_services(outcome):
    """It says that the exchange refused an order that was made: who believes it orders once more."""
    with pytest.raises(OutcomeUnknown):
        told_in(shown(None, outcome=outcome), begun(AnswerKey()), nothing)


@pytest.mark.parametrize("effect", list(Effect))
def test_a_question_without_an_answer_is_asked_again_and_what_changes_something_is_asked_for(effect: Effect):
    with pytest.raises(ExchangeFailed) as failed, open_only_where_something_changes(effect):
        told_in(shown(None), begun(AnswerKey()), nothing)
    assert type(failed.value) is (TryAgain if effect is Effect.READS else OutcomeUnknown)
    assert failed.value.reason == "no-answer"


def test_what_the_carrier_signed_is_believed_whatever_the_service_says_beside_it():
    reader = AnswerKey()
    sealed = encode(seal_told(REFUSED, reader.public, CARRIER))
    assert told_in(shown(sealed, outcome="done", reason=""), begun(reader), nothing) == REFUSED


def test_what_somebody_else_signed_or_of_another_request_or_for_another_reader_is_not_believed():
    reader = AnswerKey()
    for answer in (
        seal_told(REFUSED, reader.public, SERVICE),
        seal_told(Told(OTHER, "refused", "funds", 0, None), reader.public, CARRIER),
        seal_told(REFUSED, AnswerKey().public, CARRIER),
    ):
        with pytest.raises(WarifuError):
            told_in(shown(encode(answer)), begun(reader), nothing)


# --- whom a command finds there


DEVICES = (DeviceRef("pi", bytes([1]) * 32), DeviceRef("phone", bytes([2]) * 32))
WALLET = wallet_of(msgspec.structs.replace(founding(needed=1), devices=DEVICES))
STATUS = Status("pi", DEVICES[0].identity, "1", "software", 0, (), bytes(32), None, (), 0, bytes(32), (), ())


class Statuses:
    """A service whose devices answer so when they are asked how they stand."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def get(self, path: str, _kind: Any) -> Any:
        if path == "/devices":
            return SimpleNamespace(
                devices=[SimpleNamespace(identity=each.identity, connected=True) for each in DEVICES]
            )
        answer = self._answers[path.split("/")[2]]
        if isinstance(answer, WarifuError):
            raise answer
        return SimpleNamespace(status=answer)


SILENT = ServiceRefused("device-silent", "it did not answer within 30 seconds")


@pytest.mark.parametrize("bad", [SILENT, b"garbage", ServiceRefused("unreachable", "as a device says it")])
def test_no_device_keeps_the_others_from_being_asked(bad: Any):
    found = accounts_of(Statuses(pi=encode(STATUS), phone=bad), WALLET)  # type: ignore[arg-type]
    assert list(found) == [DEVICES[0].identity]


def test_where_none_answers_it_is_said_why():
    with pytest.raises(ServiceRefused) as refused:
        accounts_of(Statuses(pi=SILENT, phone=SILENT), WALLET)  # type: ignore[arg-type]
    assert refused.value.reason == "device-silent"


@pytest.mark.parametrize(("finished", "refused"), [(True, True), (False, False)])
def test_a_key_that_was_never_finished_is_of_no_exchange_yet_and_gives_way_to_any(
    finished: bool, refused: bool
):
    """That it is one of a simulation is known by what finishes it."""
    account = AccountStatus(
        WALLET.wallet_id, "main", "binance", "ed25519-born", ("pi",), bytes(32), finished, False, (), 0
    )
    service = Statuses(pi=encode(msgspec.structs.replace(STATUS, accounts=(account,))), phone=encode(STATUS))
    with pytest.raises(InputRefused) if refused else contextlib.nullcontext():
        to_rotate(service, WALLET, "main", simulation=True)  # type: ignore[arg-type]


# --- an answer in pieces


def in_pieces(reader: AnswerKey, *contents: bytes, request: bytes = NAMED) -> tuple[list[bytes], bytes]:
    """The encoded pieces, and the encoded end; the body ends in ``the end``."""
    together = Together()
    pieces = []
    for number, content in enumerate(contents, 1):
        together.add(content)
        pieces.append(encode(seal_piece(Piece(request, number, content), reader.public, CARRIER)))
    told = Told(request, "done", "", 0, ExchangeAnswer(200, (("feed-ended", "time"),), b"the end\n"))
    return pieces, encode(
        seal_told(ToldAfterPieces(told, together.count, together.digest), reader.public, CARRIER)
    )


def test_an_answer_in_pieces_is_put_together():
    reader = AnswerKey()
    pieces, end = in_pieces(reader, b"one ", b"two ")
    told = told_in(shown(end), begun(reader), lambda _after: iter(pieces))
    assert told.answer is not None and told.answer.body == b"one two the end\n"


def test_one_that_is_not_all_there_is_no_answer():
    reader = AnswerKey()
    pieces, end = in_pieces(reader, b"one ", b"two ")
    foreign, _ = in_pieces(reader, b"one ", request=OTHER)
    for said in ([], pieces[:1], pieces[1:], pieces[::-1], [pieces[0], pieces[0]], [*foreign, pieces[1]]):
        with pytest.raises(InputRefused) as caught:
            told_in(shown(end), begun(reader), partial(reading, said))
        assert caught.value.reason in ("answer-pieces", "exchange-answer")


def test_no_carrier_and_no_service_fills_this_clients_memory(monkeypatch: pytest.MonkeyPatch):
    reader = AnswerKey()
    monkeypatch.setattr(exchange_pieces, "MAX_WHOLE", 3 * MAX_PIECE)
    pieces, end = in_pieces(reader, *[b"x" * MAX_PIECE] * 5)
    taken: list[bytes] = []

    def read(_after: int) -> Iterator[bytes]:
        for piece in pieces:
            taken.append(piece)
            yield piece

    with pytest.raises(InputRefused):
        told_in(shown(end), begun(reader), read)
    assert len(taken) == 4


# --- a watch


class Service:
    """What a service says to a client that listens: one answer after the other, each a value, or what it does."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.deeds: list[str] = []

    def get(self, path: str, _kind: type[Any], **query: int) -> Any:
        self.deeds.append(f"get {path} after {query.get('after')}")
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def post(self, path: str, _question: object, _kind: type[Any]) -> None:
        self.deeds.append(f"post {path}")

    def delete(self, path: str) -> None:
        self.deeds.append(f"delete {path}")


def some(pieces: list[bytes], first: int = 1, state: Any = "running") -> api.ExchangePieces:
    shown = tuple(api.ExchangePiece(number=number, piece=piece) for number, piece in enumerate(pieces, first))
    return api.ExchangePieces(state=state, pieces=shown)


def listened(
    reader: AnswerKey, service: Service, take: Callable[[bytes], None] | None = None
) -> tuple[list[bytes], Told]:
    heard: list[bytes] = []
    told = Listener(service, begun(reader), take or heard.append, 10).run()  # type: ignore[arg-type]
    return heard, told


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_pieces, "_PAUSE", 0.0)


def test_a_watch_is_heard_while_it_lasts_and_what_was_read_is_thrown_away():
    reader = AnswerKey()
    pieces, end = in_pieces(reader, b"one\n", b"two\n", b"three\n")
    service = Service(
        some(pieces[:2]), some([]), some(pieces[2:], 3, "done"), some([], 4, "done"), shown(end)
    )
    heard, told = listened(reader, service)
    assert heard == [b"one\n", b"two\n", b"three\n", b"the end\n"]
    assert told.answer is not None and told.answer.headers == (("feed-ended", "time"),)
    assert service.deeds == [
        "get /the/call/pieces after 0",
        "delete /the/call/pieces/2",
        "get /the/call/pieces after 2",
        "get /the/call/pieces after 2",
        "delete /the/call/pieces/3",
        "get /the/call/pieces after 3",
        "get /the/call after None",
        "delete /the/call/answer",
    ]


def test_an_interruption_ends_it_at_the_device_and_what_was_heard_stands():
    reader = AnswerKey()
    pieces, end = in_pieces(reader, b"one\n", b"two\n")
    service = Service(
        some(pieces[:1]), KeyboardInterrupt(), some(pieces[1:], 2, "done"), some([], 3, "done"), shown(end)
    )
    heard, _ = listened(reader, service)
    assert heard == [b"one\n", b"two\n", b"the end\n"]
    assert "post /the/call/stop" in service.deeds


def test_who_cannot_show_what_came_has_the_device_listen_no_longer():
    reader = AnswerKey()
    pieces, _ = in_pieces(reader, b"one\n")

    def take(_data: bytes) -> None:
        raise OutcomeUnknown("answer-form")

    service = Service(some(pieces))
    with pytest.raises(OutcomeUnknown):
        listened(reader, service, take)
    assert service.deeds[-1] == "post /the/call/stop"


LIES: dict[str, Callable[[list[bytes], bytes], list[Any]]] = {
    "it says that it is over, and leaves pieces out": lambda pieces, end: [
        some(pieces[:1]),
        some([], 2, "done"),
        shown(end),
    ],
    "it says that it is over, and shows no word of the carrier's": lambda pieces, _end: [
        some(pieces[:1]),
        some([], 2, "done"),
        shown(None),
    ],
    "it leaves one out": lambda pieces, _end: [some(pieces[1:])],
    "it brings one again": lambda pieces, _end: [some(pieces[:1]), some(pieces[:1])],
    "it brings them in another order": lambda pieces, _end: [some(pieces[::-1])],
    "nobody knows what became of it": lambda pieces, _end: [
        some(pieces[:1]),
        some([], 2, "unknown"),
        shown(None, state="unknown", outcome=None),
    ],
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_the_service_says_nothing_is_taken_for_the_whole_watch_that_is_not(lie: str):
    reader = AnswerKey()
    pieces, end = in_pieces(reader, b"one\n", b"two\n")
    heard: list[bytes] = []
    with pytest.raises((InputRefused, SessionAborted)) as caught:
        listened(reader, Service(*LIES[lie](pieces, end)), heard.append)
    assert caught.value.reason == "watch-lost"
    assert heard in ([], [b"one\n"]), "what came in its turn was shown, and nothing else"
    stands = "What was shown is the exchange's own; what came after it is not known."
    assert caught.value.not_done == (stands if heard else "Nothing was heard.")


def test_which_piece_of_a_watch_is_missing_is_said():
    reader = AnswerKey()
    pieces, end = in_pieces(reader, b"one\n", b"two\n", b"three\n")
    with pytest.raises(SessionAborted, match="piece 2 of the answer is missing: number 3 came"):
        listened(reader, Service(some([pieces[0], pieces[2]])))
    with pytest.raises(SessionAborted, match="the answer has 3 pieces, and these 2 are not they"):
        listened(reader, Service(some(pieces[:2]), some([], 3, "done"), shown(end)))


def test_a_service_that_was_away_for_a_moment_is_asked_again():
    reader = AnswerKey()
    pieces, end = in_pieces(reader, b"one\n")
    away = ServiceRefused("unreachable", "the service cannot be reached")
    service = Service(away, some(pieces), away, some([], 2, "done"), shown(end))
    heard, _ = listened(reader, service)
    assert heard == [b"one\n", b"the end\n"]


def test_one_that_stays_away_is_said_to_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange_pieces, "_AWAY_SECONDS", 0.0)
    away = ServiceRefused("unreachable", "the service cannot be reached")
    with pytest.raises(ServiceRefused):
        listened(AnswerKey(), Service(away, away))


def test_a_piece_of_another_watch_is_none_of_this_one():
    reader, other = AnswerKey(), AnswerKey()
    for foreign in (in_pieces(reader, b"one\n", request=OTHER)[0], in_pieces(other, b"one\n")[0]):
        with pytest.raises(InputRefused) as caught:
            listened(reader, Service(some(foreign)))
        assert caught.value.reason == "exchange-answer"
    stranger = encode(seal_piece(Piece(NAMED, 1, b"one\n"), reader.public, SERVICE))
    with pytest.raises(WarifuError):
        listened(reader, Service(some([stranger])))


# --- who carries


FOUR = tuple(DeviceRef(f"device{number}", bytes([10 + number]) * 32) for number in range(4))


def carrier_among(
    tiers: Sequence[int], away: Sequence[str] = (), banned: Sequence[str] = (), key: KeyKind = "ed25519-split"
) -> tuple[str, list[str]]:
    """Who carries a call of a wallet of which two of four sign, and who takes part."""
    identities = {each.name: each.identity for each in FOUR}
    connected = SimpleNamespace(
        get=lambda _path, _kind: SimpleNamespace(
            devices=[
                SimpleNamespace(name=each.name, identity=each.identity, connected=each.name not in away)
                for each in FOUR
            ]
        )
    )
    holders = tuple(each.name for each in FOUR) if key == "ed25519-split" else ("device1",)
    account = AccountStatus(bytes(32), "main", "coinbase", key, holders, bytes(32), True, False, (), 1)
    exchanging = Exchanging(
        cast("Any", connected),
        cast("Any", None),
        cast("Any", SimpleNamespace(request=SimpleNamespace(devices=FOUR, threshold=2))),
        cast("Any", None),
        account,
        {each.identity: tier for each, tier in zip(FOUR, tiers, strict=True) if each.name not in away},
        Counter(identities[name] for name in banned),
        cast("Any", None),
        None,
    )
    chosen = exchanging._participants()
    return max(chosen, key=exchanging._trust).name, sorted(each.name for each in chosen)


@pytest.mark.parametrize("best", range(4))
def test_of_all_that_are_connected_the_one_of_the_highest_tier_carries(best: int):
    """It alone could change what its fellows signed: wherever in the wallet it stands, and whoever else could sign."""
    tiers = [2 if number == best else 0 for number in range(4)]
    assert carrier_among(tiers)[0] == f"device{best}"
    assert carrier_among(tiers, away=[f"device{best}"])[0] != f"device{best}"


def test_who_was_banned_carries_only_where_nobody_else_is():
    assert carrier_among([0, 0, 1, 2], banned=["device3"])[0] == "device2"
    assert carrier_among([0, 0, 1, 2], away=["device0", "device1"], banned=["device3"])[0] == "device2"
    everybody = [each.name for each in FOUR]
    assert carrier_among([0, 0, 1, 2], banned=everybody)[0] == "device3"


def test_a_whole_key_is_carried_by_who_has_it():
    assert carrier_among([2, 0, 2, 2], key="es256") == ("device1", ["device1"])
