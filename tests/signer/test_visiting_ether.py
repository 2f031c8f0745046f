"""Ether visits the simulated Binance and comes home to the wallet's one account on its chain."""

from __future__ import annotations

from decimal import Decimal

import pytest
from eth_typing import Address
from tests.support.sandbox import sandbox
from tests.support.visiting import Stage, visiting_policy

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.server import serving
from warifu.protocol.exchange_requests import VisitAsset
from warifu.protocol.policy import ExchangeLimits, Window
from warifu.sandbox.control import SetAccount

pytestmark = pytest.mark.real

ETH = 10**18
FIRST = ("device0", "device1")


def balance(chain: EmbeddedEthereum, address: str) -> int:
    state = chain.machine.state(chain.machine.head.block_number)
    return int(state.get_balance(Address(bytes.fromhex(address[2:]))))


def test_ether_comes_home_to_the_wallets_account_and_to_no_other(tmp_path):
    chain = EmbeddedEthereum()
    limits = ExchangeLimits("ETH", 18, "1", (Window(24, "1"),), str(5 * ETH))
    with serving(chain) as url, sandbox(tmp_path / "sandbox", ethereum=url) as simulation:
        policy = visiting_policy(limits=(limits,))
        stage = Stage.make(tmp_path, None, simulation, "ada", policy, ("bip340", "ecdsa"))  # type: ignore[arg-type]
        device = stage.home["device0"].device
        home = device.wallets.born(stage.wallet).ethereum
        visit = stage.opened(brings=VisitAsset("ETH", "eip155:1"), amount=str(2 * ETH))
        for step in ("permissions", "balance", "address"):
            assert stage.does(visit, step, FIRST, symbol="ETH").outcome == "done"
        there = stage.shows("device0", visit).address
        assert there.startswith("0x") and there != there.lower()  # in its one text form
        simulation.do(SetAccount(exchange="binance", account="ada", gives={"ETH": Decimal(2)}))
        stage.end(visit)
        stage.does(visit, "balance", FIRST, symbol="ETH")
        for foreign in (there, home.lower(), stage.address(0)):
            assert not stage.errand(visit, "sweep", FIRST, symbol="ETH", home=foreign).finished
        before = balance(chain, home)
        assert stage.does(visit, "sweep", FIRST, symbol="ETH", home=home).outcome == "done"
        for _ in range(2):
            simulation.venues["binance"].settle()
            chain.mine(2)
        done = stage.does(visit, "outcome", FIRST, symbol="ETH")
        assert done.shown.sweeps[0].state in ("sent", "done"), done
        assert 0 < 2 * ETH - (balance(chain, home) - before) < ETH // 100  # Binance's fee
        stage.pass_(200)
        assert stage.does(visit, "balance", FIRST, symbol="ETH").shown.state == "home"
        stage.home.close()
