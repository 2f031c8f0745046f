"""The whole of it: two exchanges, their doors on one TLS port, the control door beside it, and what is kept."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any

import msgspec

from warifu.errors import HostUnsuitable, StoreDamaged
from warifu.sandbox.certificates import AUTHORITY_FILE, server_context
from warifu.sandbox.control import Control
from warifu.sandbox.custody import DEPTH
from warifu.sandbox.faults import Fault, Faults
from warifu.sandbox.feeding import Feed
from warifu.sandbox.fronts import binance, cdp, coinbase_advanced, coinbase_exchange, coinbase_feeds
from warifu.sandbox.fronts.binance import Binance, binance_feed
from warifu.sandbox.fronts.coinbase_advanced import CoinbaseAdvanced
from warifu.sandbox.fronts.coinbase_app import CoinbaseApp
from warifu.sandbox.fronts.coinbase_exchange import CoinbaseExchange
from warifu.sandbox.fronts.coinbase_feeds import AdvancedFeed, ExchangeFeed
from warifu.sandbox.markets import Market, binance_markets, coinbase_markets
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.serving import LOOPBACK, Cut, Listener
from warifu.sandbox.venue import Remembered, Venue
from warifu.sandbox.web import Answer, Front, Request, said

HOSTS = (coinbase_exchange.HOST, cdp.HOST, binance.HOST, *coinbase_feeds.HOSTS, *binance.FEED_HOSTS)
_MARKETS: dict[str, Callable[[], list[Market]]] = {"coinbase": coinbase_markets, "binance": binance_markets}


class Simulation:
    """Runs from its construction until :meth:`close`.

    ``directory`` keeps its keys, certificates and all that its exchanges remember. ``bitcoin``, ``ethereum``,
    ``solana``: the addresses of local chains (Esplora's interface, JSON-RPC); what has none is neither deposited nor
    withdrawn.
    ``pace``: seconds from one turn of the house to the next; 0: only when told.
    """

    def __init__(
        self,
        directory: Path,
        *,
        bitcoin: str | None = None,
        ethereum: str | None = None,
        solana: str | None = None,
        port: int = 0,
        pace: float = 0,
        depth: int = DEPTH,
    ) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._lock = _locked(directory / "lock")
        self._closing = Event()
        seed = _seed(directory / "seed")
        named = {"BTC": bitcoin, "ETH": ethereum, "SOL": solana}
        chains = {asset: url for asset, url in named.items() if url is not None}
        self.venues = {
            name: Venue(
                name,
                markets(),
                chains=chains,
                seed=seed,
                remembered=_remembered(self._file(name)),
                depth=depth,
            )
            for name, markets in _MARKETS.items()
        }
        for venue in self.venues.values():
            venue.open()
        self._faults = Faults()
        self._control = Control(self.venues, self._faults)
        self._fronts: tuple[tuple[str, str, Front], ...] = (
            (coinbase_exchange.HOST, "/", CoinbaseExchange(self.venues["coinbase"])),
            (cdp.HOST, coinbase_advanced.P, CoinbaseAdvanced(self.venues["coinbase"])),
            (cdp.HOST, "/", CoinbaseApp(self.venues["coinbase"])),
            (binance.HOST, "/", Binance(self.venues["binance"])),
        )
        self._listener = Listener(self._answer, server_context(directory, HOSTS), port, self._feed)
        self._door = Listener(self._control_answer)
        if pace:
            Thread(target=self._keep_pace, args=(pace,), name="sandbox-house", daemon=True).start()

    @property
    def port(self) -> int:
        """Of all the exchanges, on the loopback interface."""
        return self._listener.port

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names that it answers to."""
        return HOSTS

    @property
    def address(self) -> tuple[str, int]:
        return LOOPBACK, self.port

    @property
    def authority_file(self) -> Path:
        """The certificate (PEM) of whom to trust for it."""
        return self._directory / AUTHORITY_FILE

    @property
    def control_url(self) -> str:
        return f"http://{LOOPBACK}:{self._door.port}"

    def do(self, deed: Any) -> Any:  # noqa: ANN401  # see Control.do
        """A deed of the control door, done directly."""
        done = self._control.do(deed)
        self._keep()
        return done

    def close(self) -> None:
        """End it; what its exchanges remember is on the disk."""
        self._closing.set()
        for listener in (self._listener, self._door):
            listener.close()
        self._keep()
        for venue in self.venues.values():
            venue.close()
        self._lock.close()

    # --- requests -------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Answer:
        for host, prefix, front in self._fronts:
            if request.host == host and request.path.startswith(prefix):
                return self._answer_at(front, request)
        return said({"message": "no exchange of this name is simulated here"}, 421)

    def _feed(self, request: Request) -> Feed | None:
        if request.host in binance.FEED_HOSTS:
            return binance_feed(self.venues["binance"], self._faults, request.host, request.path)
        if request.host not in coinbase_feeds.HOSTS:
            return None
        kind = ExchangeFeed if request.host == coinbase_feeds.EXCHANGE_HOST else AdvancedFeed
        return kind(self.venues["coinbase"], self._faults, request.host)

    def _answer_at(self, front: Front, request: Request) -> Answer:
        faults = self._faults.take(front.name, request)
        for fault in faults:
            said_instead = self._spoilt(front, fault)
            if said_instead is not None:
                return said_instead
        with front.venue.lock:
            answer = front.answer(request)
            if front.venue.unkept or request.method != "GET":
                self._keep_venue(front.venue)
        for fault in faults:
            if fault.kind == "lose-answer":
                raise Cut
            if fault.kind == "fault-after":
                return front.refused(Refusal("server-fault"))
        return answer

    def _spoilt(self, front: Front, fault: Fault) -> Answer | None:
        """What goes wrong before anything is done."""
        match fault.kind:
            case "latency":
                self._closing.wait(fault.seconds)
            case "cut":
                raise Cut
            case "refuse":
                detail = str(int(fault.seconds)) if fault.reason.startswith("rate-limit") else ""
                return front.refused(Refusal(fault.reason, detail))
            case _:
                pass
        return None

    def _control_answer(self, request: Request) -> Answer:
        answer = self._control.answer(request)
        self._keep()
        return answer

    # --- the house and the disk -----------------------------------------------------------------------------------

    def _keep_pace(self, pace: float) -> None:
        while not self._closing.wait(pace):
            for venue in self.venues.values():
                with venue.lock:
                    venue.settle()
                    venue.house.turn(venue.now())

    def _keep(self) -> None:
        for venue in self.venues.values():
            with venue.lock:
                self._keep_venue(venue)

    def _keep_venue(self, venue: Venue) -> None:
        file = self._file(venue.name)
        new = file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(venue.state))
        new.replace(file)
        venue.unkept = False

    def _file(self, name: str) -> Path:
        return self._directory / f"{name}.json"


def _locked(file: Path) -> IO[bytes]:
    """``HostUnsuitable`` (``sandbox-runs``) where another simulation has the directory."""
    lock = file.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise HostUnsuitable(
            "sandbox-runs",
            "another simulation runs in this directory",
            not_done="The simulation did not start.",
            remedy="Stop it, or name another directory.",
        ) from None
    return lock


def _remembered(file: Path) -> Remembered | None:
    """``StoreDamaged`` (``sandbox``) for what cannot be read."""
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=Remembered)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise StoreDamaged(
            "sandbox",
            f"{file} is not what a simulation remembers",
            not_done="The simulation did not start.",
            remedy="Remove the directory: nothing in it is worth anything.",
        ) from None


def _seed(file: Path) -> bytes:
    """Of the exchanges' own keys; made where there is none."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(os.urandom(32))
    return file.read_bytes()
