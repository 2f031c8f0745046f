"""What the ledger says of windows, from running totals, is what adding up everything that it knows says."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.in_memory import InMemory

from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme
from warifu.errors import TransactionRefused
from warifu.protocol.encoding import digest as digest_of
from warifu.protocol.policy import HOUR, WINDOWS
from warifu.protocol.request import Outflow as Authorized
from warifu.protocol.request import TransferRequest, request_digest
from warifu.signer.ledger import Ledger
from warifu.signer.totals import Row, dearest

pytestmark = pytest.mark.unit

WALLET, TOKEN = bytes(32), "0xtoken"
FIRST = 2_000_000_000


def transfer(
    number: int, replaces: int | None, amount: int, fee: int, at: int
) -> tuple[TransferRequest, Reading]:
    """One that shares a coin with what it replaces, and with nothing else."""
    root = number if replaces is None else replaces
    name = digest_of("name", b"%d" % number)
    request = TransferRequest(
        b"%016d" % number,
        WALLET,
        "bitcoin",
        (Authorized("payment", TOKEN, str(amount), "somebody000000"),),
        str(fee + 3),  # the owner's ceiling, which is what a note counts
        name,
        None if replaces is None else b"%016d" % replaces,
        at,
        at + 600,
    )
    outflow = Outflow(Kind.PAYMENT, TOKEN, amount, "somebody000000")
    return request, Reading("bitcoin", Scheme.BIP340, name, (outflow,), fee, (), (b"coin %d" % root,))


def everything(store: InMemory) -> list[Row]:
    rows: dict[bytes, Row] = {}
    for request, payment, counts, token, amount in store.execute(
        "SELECT request, payment, counts, token, leaves FROM transfers JOIN movements USING (request)"
    ):
        row = rows.setdefault(bytes(request), Row(bytes(request), bytes(payment), counts, Counter()))
        row.leaves[token] = int(amount)
    return list(rows.values())


deeds = st.lists(
    st.tuples(
        st.sampled_from(("pay", "replace", "again")),
        st.sampled_from(("started", "acknowledged", "noted", "noted without its bytes")),
        st.integers(0, 5),  # which of those before
        st.integers(1, 9),  # amount
        st.integers(1, 9),  # fee
        st.sampled_from((0, 1, 60, HOUR - 1, HOUR, 23 * HOUR, 6 * 24 * HOUR, 29 * 24 * HOUR, -HOUR)),
    ),
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(deeds)
def test_a_window_is_what_is_dearest_of_every_payment_in_it(done):
    store = InMemory()
    ledger = Ledger(cast("Any", store), cast("Any", None))
    known: list[tuple[TransferRequest, Reading]] = []
    roots: dict[int, int] = {}
    now = FIRST
    for number, (deed, how, which, amount, fee, passed) in enumerate(done):
        now += passed
        place = which % len(known) if known else 0
        if deed == "again" and known:
            request, reading = known[place]
        else:
            root = roots[place] if deed == "replace" and known else None
            old = known[root][1] if root is not None else None
            paid, cost = (old.outflows[0].amount, old.fee + fee) if old is not None else (amount, fee)
            request, reading = transfer(len(known), root, paid, cost, now)
            roots[len(known)] = len(known) if root is None else root
            known.append((request, reading))
        named = request_digest(request)
        try:
            counting = ledger.counting(request, named, reading, now)
        except TransactionRefused:
            continue  # a second replacement that costs no more than the first
        rows = everything(store)
        this = Row(
            named, counting.payment, now, Counter({COIN: reading.fee, TOKEN: reading.outflows[0].amount})
        )
        others = [row for row in rows if row.request != named]
        for hours in WINDOWS:
            since = now - HOUR * hours
            beside = dearest([this, *others], since)
            beside.subtract(this.leaves)
            assert counting.spent[hours] == {token: beside[token] for token in (COIN, TOKEN)}, number
        if how in ("started", "acknowledged"):
            ledger.count(request, named, reading, counting, how, now)
        else:
            ledger.note(request, named, reading if how == "noted" else None)
        rows = everything(store)
        for hours in WINDOWS:
            total = dearest(rows, now - HOUR * hours)
            expected = [("bitcoin", token, total[token]) for token in (COIN, TOKEN) if total[token]]
            assert ledger.spent(WALLET, now, hours) == expected
