"""Acts one and two: a chain, a service, three devices; and a key that is born in three pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread

from warifu.agent.invitation import write_invitation
from warifu.cli.approvers import this_client
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import segment
from warifu.cli.context import now
from warifu.cli.creating import keep, usable_schemes, wallet_request
from warifu.cli.enrolling import OwnerJoin, await_digits, confirm, invite
from warifu.cli.following import follow_ceremony
from warifu.cli.inspecting import inspect
from warifu.cli.profile import Profile
from warifu.cli.text import tr
from warifu.cli.wallet_keys import check_address, keys_of
from warifu.demo.account_chains import (
    ETHEREUM,
    TOKEN_DECIMALS,
    TOKEN_SYMBOL,
    EmbeddedEthereum,
    EmbeddedSolana,
)
from warifu.demo.chain import EmbeddedChain
from warifu.demo.scene import DEVICES, FUNDING, WALLET, Scene, free_port, make_directories, wait_until
from warifu.demo.simulated_tpm import missing, set_up_device
from warifu.errors import WarifuError
from warifu.protocol.api import Accepted, Address, Balance, Devices, DeviceStatus, NewWallet, Question
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, Status
from warifu.protocol.identity import DeviceRef
from warifu.protocol.policy_text import read_policy
from warifu.protocol.request import Stretching
from warifu.units import format_bitcoin_amount

BITCOIN_POLICY = """
passphrase_tries = 5

[bitcoin]
per_transaction = "0.2 BTC"
per_day = "1 BTC"
fee_ceiling = "50000 sat"
destinations = "any"
"""
ACCOUNTS_POLICY = """
["{ethereum}"]
per_transaction = "1 ETH"
per_day = "1.5 ETH"
fee_ceiling = "0.05 ETH"
destinations = "any"

["{ethereum}".tokens.{symbol}]
contract = "{token}"
decimals = {decimals}
per_transaction = "50 {symbol}"
per_day = "80 {symbol}"

[solana]
per_transaction = "1 SOL"
per_day = "2 SOL"
fee_ceiling = "0.01 SOL"
destinations = "any"
"""
_LEAST_LAYERS = 4
"""Without these four a signer does not start at all (``warifu.signer.isolation.layer.DEFAULT_REQUIRED``)."""
_DIGITS = re.compile(r"\d{3} \d{3} \d{3}")


class _Nothing(Question, frozen=True):
    """A body without fields."""


def policy_text(scene: Scene) -> str:
    """The owner's policy for the chains that the scene plays on."""
    if not scene.token:
        return BITCOIN_POLICY
    return BITCOIN_POLICY + ACCOUNTS_POLICY.format(
        ethereum=ETHEREUM, symbol=TOKEN_SYMBOL, token=scene.token, decimals=TOKEN_DECIMALS
    )


def set_the_stage(scene: Scene) -> None:
    """Act one."""
    telling = scene.telling
    telling.act(tr("Three chains, one service, three devices"))
    process = scene.processes.start(
        "chain", "warifu.chains.bitcoin_embedded", scene.root / "chain", "--until-stdin-closes"
    )
    chain = EmbeddedChain(process.expect(r"http://\S+", 30)[0])
    scene.play_on(chain)
    telling.say(
        tr(
            "A regtest chain judged by Bitcoin Core's own engine (its mempool rules are ours): {url}",
            url=chain.url,
        )
    )
    _play_on_accounts(scene)
    start_everybody(scene)


def _play_on_accounts(scene: Scene) -> None:
    urls = []
    for name in ("ethereum", "solana"):
        module = f"warifu.chains.{name}_embedded"
        process = scene.processes.start(name, module, "--until-stdin-closes")
        urls.append(process.expect(r"http://\S+", 60)[0])
    scene.play_on_accounts(EmbeddedEthereum(urls[0]), EmbeddedSolana(urls[1]))
    scene.telling.say(
        tr(
            "An Ethereum chain executed by py-evm, with an ERC-20 (snekmate's) on it, and a Solana chain executed by "
            "LiteSVM; their mempool and slots are ours"
        )
    )


def start_everybody(scene: Scene) -> None:
    """The service and the three devices, on whatever chain the scene plays."""
    telling = scene.telling
    make_directories(scene.root)
    _start_service(scene)
    telling.say(tr("The custody service runs; its database is locked with a key from the device 'home'."))
    _set_up_tpm(scene, DEVICES[2])
    for name in DEVICES[1:]:
        _join(scene, name)
    wait_until(lambda: _connected(scene) == set(DEVICES), "the connection of all devices", 30)
    telling.check(
        "devices", True, tr("three devices are enrolled and connected, each with an enclave process")
    )
    for name in DEVICES:
        _tell_isolation(scene, name)


def _start_service(scene: Scene) -> None:
    init = scene.processes.start(
        "init",
        *("warifu.cli", "--home", scene.home, "init", "--no-pin", "--network", "regtest"),
        *("--port", str(free_port())),
        *("--service-dir", scene.service, "--device-dir", scene.device(DEVICES[0])),
        *("--device-name", DEVICES[0], "--unlock-key", scene.unlock_key(DEVICES[0])),
        *(*scene.backends, "--poll-seconds", "0.5"),
    )
    init.expect("The profile is ready", 60)
    scene.processes.stop("init")
    up = scene.processes.start("up", "warifu.cli", "--home", scene.home, "up")
    up.expect(f"The device {DEVICES[0]} is enrolled", 60)
    scene.connect()


def _join(scene: Scene, name: str) -> None:
    """Both ends of an enrolment; here the demo looks at the two screens in the person's place."""
    invitation = write_invitation(invite(scene.client, scene.profile, name))
    new_key = () if scene.unlock_key(name).exists() else ("--new-unlock-key",)
    device = scene.processes.start(
        name,
        *("warifu.cli", "signer", "join", invitation, "--device-dir", scene.device(name)),
        *("--unlock-key", scene.unlock_key(name), *new_key, "--run"),
    )
    profile = scene.profile
    # The owner's end waits for as long as an invitation is good; the device's end tells if it is gone.
    answers = SimpleQueue[tuple[OwnerJoin, str]]()
    ask = Thread(target=lambda: answers.put(await_digits(scene.client, profile, name)), daemon=True)
    ask.start()
    shown = device.expect(_DIGITS.pattern, 60)[0]
    owner, digits = answers.get(timeout=30)
    scene.telling.check(
        f"digits-{name}",
        shown == digits,
        tr("'{name}' and the owner both show {digits}: nobody sits between them", name=name, digits=digits),
    )
    confirm(scene.client, profile, name, owner, same=True)
    device.type("y")
    device.expect(f"This device is enrolled as {name}", 30)


def _set_up_tpm(scene: Scene, name: str) -> None:
    why_not = missing()
    if why_not:
        scene.telling.say(
            tr(
                "No TPM simulator ({why}), so all devices run on UnsafeSoftware: tools/setup-tpm.sh",
                why=why_not,
            )
        )
        return
    set_up_device(scene, name)
    scene.telling.say(
        tr(
            "'{name}' seals with a TPM 2.0. Here it is a simulator (swtpm), which protects nothing; the commands are "
            "real.",
            name=name,
        )
    )


def _tell_isolation(scene: Scene, name: str) -> None:
    """What the kernel gave, and what it did not: the latter is never passed over."""
    answer = scene.client.get(f"/devices/{segment(name)}/status", DeviceStatus)
    layers = decode(Status, answer.status, MAX_BODY_BYTES).isolation
    off = [f"{layer} ({state})" for layer, state in layers if state != "on"]
    on = len(layers) - len(off)
    scene.telling.check(
        f"isolation-{name}",
        on >= _LEAST_LAYERS,
        tr(
            "'{name}': {count} layers of isolation on; not on: {off}",
            name=name,
            count=on,
            off=", ".join(off) or "-",
        ),
    )


def _look_at_devices(scene: Scene, profile: Profile, devices: Sequence[DeviceRef]) -> None:
    """What each shows of itself, checked as the owner's client does it, and accepted as that."""
    for device in devices:
        inspection = inspect(scene.client, device, None, now())
        reference = inspection.reference
        scene.telling.check(
            f"evidence-{device.name}",
            inspection.failed_check is None,
            tr(
                "'{name}' shows for this very question: {kind}, {count} measurements; it counts as tier {tier}",
                name=device.name,
                kind=reference.format,
                count=len(reference.measurements),
                tier=reference.tier,
            ),
        )
        profile.accept_device(device.name, reference, now())


def _connected(scene: Scene) -> set[str]:
    return {device.name for device in scene.client.get("/devices", Devices).devices if device.connected}


def give_birth(scene: Scene) -> None:
    """Act two."""
    telling, profile = scene.telling, scene.profile
    telling.act(tr("Keys are born in three pieces, and never exist whole"))
    devices = [profile.device(name) for name in DEVICES]
    policy = read_policy(policy_text(scene))
    _look_at_devices(scene, profile, devices)
    request = wallet_request(profile, 2, devices, usable_schemes(2), policy, Stretching(64, 3))
    keys = ask_envelope_keys(scene.client, profile, request.devices, request, (), now())
    authorization, envelopes = authorized(profile, this_client(profile), request, keys, scene.passphrase)
    question = NewWallet(name=WALLET, authorization=authorization, envelopes=envelopes)
    accepted = scene.client.post("/wallets", question, Accepted)
    ceremony = follow_ceremony(
        scene.client,
        accepted.id,
        lambda event: telling.say(" ".join(filter(None, (event.device, event.text)))),
    )
    scene.wallet = keep(profile, WALLET, request, ceremony.births)
    telling.check(
        "birth",
        True,
        tr(
            "all three devices signed the same birth: {keys}",
            keys=", ".join(f"{key.scheme} {key.threshold_public.hex()}" for key in scene.wallet.birth.keys),
        ),
    )
    _receive(scene)


def _receive(scene: Scene) -> None:
    path = f"/wallets/{segment(WALLET)}"
    told = scene.client.post(f"{path}/addresses", _Nothing(), Address)
    scene.address = check_address(keys_of(scene.born), told.index, told.address)
    scene.telling.check(
        "address", True, tr("the owner's client derives the address itself: {address}", address=scene.address)
    )
    txid = scene.chain.fund(scene.address, FUNDING)
    scene.txids.append(txid)
    wait_until(lambda: _balance(scene, path) == FUNDING, "the arrival of the deposit", 30)
    scene.telling.check(
        "deposit",
        True,
        tr("{amount} arrived in block: {txid}", amount=format_bitcoin_amount(FUNDING), txid=txid),
    )


def _balance(scene: Scene, path: str) -> int:
    try:
        return scene.client.get(f"{path}/balance", Balance).confirmed
    except WarifuError:
        return -1
