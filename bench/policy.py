"""What a decision costs: ``python -m bench.policy [--rounds N] [--entries N]``.

One device of a 2-of-3 wallet with its real store (SQLCipher on disk) in which 100,000 transfers of the last thirty days
are counted and journaled, under a policy with 1,000 allowed destinations, all four windows and most other rules. Asked
is a rehearsal, through the device's own door: the message and the request are decoded, the transaction is parsed and
read, what was counted is looked up, and every rule is judged and put into words.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import msgspec
from bench.machine import RESULTS, machine, write
from bench.measure import row, times
from nacl.utils import random
from tests.support.accounts import (
    ETHER,
    LOCAL,
    SHOP,
    account_request,
    ether_payment,
    ethereum_rules,
    token_call,
)
from tests.support.accounts import TOKEN as USDC
from tests.support.simulator import BTC, FRIEND, Household, Spend, bitcoin_policy

from warifu.chains.bitcoin.address import address_for
from warifu.chains.bitcoin.network import Network
from warifu.chains.ethereum.address import format_address
from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme
from warifu.protocol.credential import DeviceKey
from warifu.protocol.events.transfers import Started
from warifu.protocol.journal import SERVICE
from warifu.protocol.policy import (
    DAY,
    HOUR,
    WINDOWS,
    ApprovalTier,
    AssetLimits,
    ChainRules,
    Hours,
    Policy,
    Window,
)
from warifu.protocol.request import Outflow as Authorized
from warifu.protocol.request import TransferRequest, request_digest
from warifu.signer.device import Device
from warifu.signer.ledger import Counting

MONTH = 30 * DAY
DESTINATIONS = 1000
GOAL = "under 2 ms"
ALWAYS = Hours(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 0, 1440, 0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=500)
    arguments.add_argument("--entries", type=int, default=100_000)
    given = arguments.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as root:
        home = Household(Path(root), 3)
        home.make_wallet(2, policy(), schemes=("bip340", "ecdsa"), others=(DeviceKey(random(32)),))
        device = home["device0"]
        for entries in (0, given.entries):
            fill(home, device.device, entries)
            for name, spend in (("Bitcoin", home.pay()), ("a token on Ethereum", token_payment(home))):
                decision = device.decide(spend.request, spend.unsigned)
                assert decision.allowed, decision
                each = row(
                    f"a decision, {name}, {entries} transfers counted",
                    times(lambda spend=spend: device.decide(spend.request, spend.unsigned), given.rounds),  # type: ignore[misc]
                    goal=GOAL,
                )
                found.append(each.as_json())
                print(
                    f"{each.name:60} {each.median_ms:7.3f} ms   p10 {each.p10_ms:7.3f}   p90 {each.p90_ms:7.3f}   "
                    f"{len(decision.rules)} rules   {each.goal}"
                )
        home.close()
    write(RESULTS / "policy.json", machine(), found)


def policy() -> Policy:
    """1,000 destinations on each chain, and a limit of every kind."""
    bitcoin = bitcoin_policy(destinations=(FRIEND, *bitcoin_addresses(DESTINATIONS - 1)))
    (rules,) = bitcoin.chains
    evm = ethereum_rules(
        any_destination=False,
        destinations=tuple(sorted((SHOP, *ethereum_addresses(DESTINATIONS - 1)))),
    )
    return msgspec.structs.replace(bitcoin, chains=(complete(rules), complete(evm)), hours=(ALWAYS,))


def complete(rules: ChainRules) -> ChainRules:
    """With every rule that has a price."""
    denied = ethereum_addresses(100, b"denied") if rules.chain == LOCAL else bitcoin_addresses(100, b"denied")
    return msgspec.structs.replace(
        rules,
        denied=denied,
        fee_share_bp=1000,
        fee_share_above=str(ETHER if rules.chain == LOCAL else BTC),
        assets=tuple(map(all_limits, rules.assets)),
    )


def all_limits(asset: AssetLimits) -> AssetLimits:
    most = str(10**9 * 10**asset.decimals)
    return msgspec.structs.replace(
        asset,
        windows=tuple(Window(hours, most) for hours in WINDOWS),
        approvals=(ApprovalTier(most, 2),),
        notice_above=most,
    )


def bitcoin_addresses(count: int, salt: bytes = b"") -> tuple[str, ...]:
    scripts = (b"\x00\x14" + hashlib.sha256(salt + b"%d" % each).digest()[:20] for each in range(count))
    return tuple(sorted(str(address_for(script, Network.REGTEST)) for script in scripts))


def ethereum_addresses(count: int, salt: bytes = b"") -> tuple[str, ...]:
    named = (hashlib.sha256(salt + b"%d" % each).digest()[:20] for each in range(count))
    return tuple(sorted(map(format_address, named)))


def token_payment(home: Household) -> Spend:
    assert home.birth is not None
    wallet = home["device0"].device.wallets.born(home.birth.wallet_id)
    unsigned = ether_payment(0, USDC, data=token_call("a9059cbb", SHOP, 1_000_000))
    request = account_request(home.birth.wallet_id, LOCAL, unsigned, wallet.ethereum, home.clock())
    return Spend(request, unsigned)


def fill(home: Household, device: Device, entries: int) -> None:
    """As many transfers as the device counts and journals them, over the last thirty days, on both chains."""
    begun = time.perf_counter()
    now = device.clock.now()
    with device.store.transaction():
        for place in range(entries):
            remember(
                home,
                device,
                LOCAL if place % 2 else "bitcoin",
                now - MONTH + 1 + place * (MONTH - HOUR) // entries,
            )
    if entries:
        print(f"{entries} transfers were written in {time.perf_counter() - begun:.0f} s")


def remember(home: Household, device: Device, chain: str, moment: int) -> None:
    assert home.birth is not None
    token, to = (USDC, SHOP) if chain == LOCAL else (COIN, FRIEND)
    request = TransferRequest(
        random(16),
        home.birth.wallet_id,
        chain,
        (Authorized("payment", token, "1000", to),),
        "100",
        random(32),
        None,
        moment,
        moment + 600,
    )
    digest = request_digest(request)
    outflow = Outflow(Kind.PAYMENT, token, 1000, to)
    reading = Reading(chain, Scheme.BIP340, request.transaction, (outflow,), 100, (), (random(36),))
    leaves = {COIN: 1100} if token == COIN else {COIN: 100, token: 1000}
    device.ledger.count(request, digest, reading, Counting(digest, leaves, leaves, {}), "started", moment)
    device.journal.append(
        Started(
            digest,
            request.request_id,
            request.wallet_id,
            random(16),
            (device.identity.public,),
            chain,
            request.transaction,
            None,
            bytes(32),
            bytes(32),
            (),
            "100",
            (),
        ),
        moment,
        SERVICE,
    )


if __name__ == "__main__":
    main()
