"""Everything that the acts of the demo play with: places, processes, the owner's profile and passphrase."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from nacl.utils import random

from warifu.cli.client import Client
from warifu.cli.context import Setting
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.demo.account_chains import ETHEREUM, SOLANA, EmbeddedEthereum, EmbeddedSolana
from warifu.demo.chain import Chain
from warifu.demo.processes import Processes
from warifu.demo.telling import Telling
from warifu.errors import SessionAborted

DEVICES = ("home", "pi", "friend")
WALLET = "savings"
LABEL = "rent of the demo, paid in pieces"
FUNDING = 50_000_000
FIRST_AMOUNT = 12_345_678
SECOND_AMOUNT = 7_654_321


class PowerSwitch(Protocol):
    """What the acts do with a simulated TPM."""

    def power_cycle(self) -> None: ...

    def stop(self) -> None: ...


@dataclass
class Scene:
    """One demo in one temporary directory."""

    root: Path
    processes: Processes
    telling: Telling
    passphrase: bytearray = field(default_factory=lambda: bytearray(base64.b64encode(random(18))), repr=False)
    _chain: Chain | None = None
    _ethereum: EmbeddedEthereum | None = None
    _solana: EmbeddedSolana | None = None
    token: str = ""
    """The address of a token on the Ethereum chain; empty where there is no such chain."""
    tpm: PowerSwitch | None = None
    """The simulated TPM of the last device; None where there is no simulator here."""
    _client: Client | None = None
    wallet: Wallet | None = None
    address: str = ""
    txids: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The owner's profile."""
        return self.root / "owner"

    @property
    def service(self) -> Path:
        return self.root / "service"

    def device(self, name: str) -> Path:
        """A device's own disk."""
        return self.root / "disks" / name

    def unlock_key(self, name: str) -> Path:
        """Its unlock key: in life on a USB stick, here in another directory."""
        return self.root / "sticks" / f"{name}.key"

    @property
    def profile(self) -> Profile:
        return Profile.load(self.home)

    @property
    def chain(self) -> Chain:
        assert self._chain is not None, "the first act makes it"
        return self._chain

    @property
    def client(self) -> Client:
        assert self._client is not None, "the first act makes it"
        return self._client

    def play_on(self, chain: Chain) -> None:
        """This is the chain; it is closed with the scene."""
        self._chain = chain

    def play_on_accounts(self, ethereum: EmbeddedEthereum, solana: EmbeddedSolana) -> None:
        """Two more chains; they are closed with the scene."""
        self._ethereum, self._solana = ethereum, solana
        self.token = ethereum.deploy_token()

    @property
    def ethereum(self) -> EmbeddedEthereum:
        assert self._ethereum is not None, "the first act makes it"
        return self._ethereum

    @property
    def solana(self) -> EmbeddedSolana:
        assert self._solana is not None, "the first act makes it"
        return self._solana

    @property
    def backends(self) -> tuple[str, ...]:
        """The options of ``warifu init`` that name every chain."""
        others = (
            *(("--backend", f"{ETHEREUM}:rpc={self._ethereum.url}") if self._ethereum else ()),
            *(("--backend", f"{SOLANA}:rpc={self._solana.url}") if self._solana else ()),
        )
        return (*self.chain.backend, *others)

    def connect(self) -> None:
        """Connect as the owner's client."""
        self._client = Setting(self.home).client(self.profile)

    @property
    def born(self) -> Wallet:
        assert self.wallet is not None, "the second act makes it"
        return self.wallet

    def close(self) -> None:
        """Close connections and wipe the passphrase (best effort)."""
        if self._client is not None:
            self._client.close()
        for chain in (self._chain, self._ethereum, self._solana):
            if chain is not None:
                chain.close()
        if self.tpm is not None:
            self.tpm.stop()
        self.passphrase[:] = bytes(len(self.passphrase))


def make_directories(root: Path) -> None:
    """Disks and sticks. As root, enclaves are users of their own and must be able to pass through."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    root.chmod(mode)
    for name in ("disks", "sticks"):
        (root / name).mkdir()
        (root / name).chmod(mode)


def free_port() -> int:
    """A port of the loopback interface that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], what: str, seconds: float, pause: float = 0.1) -> None:
    """Return as soon as ``true()``, asked after each ``pause`` (seconds). ``SessionAborted`` where it never is."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise SessionAborted(
                "demo",
                f"{what} did not happen within {seconds:.0f} seconds",
                not_done="The demo did not go on.",
            )
        time.sleep(pause)
