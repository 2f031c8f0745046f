"""``warifu devices``: what each device runs on, what of that is proven, and the owner's word on what has changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from warifu.cli.accepting import Told, find_behind, reference_request, tell_wallet
from warifu.cli.approvers import own_credential, wanted
from warifu.cli.audits.journals import head_of
from warifu.cli.base import Group, examples, json_option, passphrase_option, require_yes, with_option
from warifu.cli.changing import require_some, restored_request, tell_sealed
from warifu.cli.changing_shown import exit_code_of, show_told, told_object
from warifu.cli.client import Client
from warifu.cli.commands.devices_carrying import ban_carrier_command
from warifu.cli.commands.devices_together import carry_command
from warifu.cli.context import Setting, now
from warifu.cli.device_evidence import age, describe, show, verdict
from warifu.cli.evidence_asked import read_endorsements
from warifu.cli.files import write_private
from warifu.cli.handing_out import hand_out, hand_out_request, keepers_of, wallet_for
from warifu.cli.inspecting import Inspection, changed, inspect
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.profile_records import DeviceRecord
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.together import lay_before
from warifu.errors import EvidenceRefused, ServiceRefused, WarifuError
from warifu.protocol.attesting import Reference
from warifu.protocol.authorization import MAX_LIFETIME
from warifu.protocol.identity import DeviceRef
from warifu.protocol.release import MAX_KEEPERS


@examples("warifu devices", "warifu devices --json", "warifu devices show pi", "warifu devices accept pi")
@click.group("devices", cls=Group, invoke_without_command=True)
@json_option
@click.pass_context
def group(context: click.Context, as_json: bool) -> int:
    """Look at what every device runs on: kind, tier, evidence, and whether it is still what you accepted.

    Each connected device is asked now, and what it shows is checked here. Nothing is believed that the service says.
    The exit code is 15 where one is not what you accepted.
    """
    return _list(context.obj, Screen(as_json)) if context.invoked_subcommand is None else 0


def _list(setting: Setting, screen: Screen) -> int:
    profile, moment = setting.profile(), now()
    seen = []
    with setting.client(profile) as client, screen.waiting(tr("looking at the devices")):
        for record in profile.content.devices:
            inspection, failure = _looked(client, record, moment)
            seen.append((record, inspection, failure, _difference(inspection, record.reference)))
    screen.table(
        (tr("device"), tr("kind"), tr("tier"), tr("evidence"), tr("accepted")),
        [_row(*each, moment) for each in seen],
    )
    screen.result(
        {
            "devices": [
                describe(record, inspection, difference, failure.code if failure is not None else None)
                for record, inspection, failure, difference in seen
            ]
        }
    )
    return _status(difference for _, _, _, difference in seen)


def _status(differences: Iterable[str | None]) -> int:
    return EvidenceRefused.exit_code if any(difference is not None for difference in differences) else 0


def _row(
    record: DeviceRecord,
    inspection: Inspection | None,
    failure: WarifuError | None,
    difference: str | None,
    moment: int,
) -> tuple[str, ...]:
    accepted = tr("{age} ago", age=age(moment - record.accepted)) if record.reference is not None else "-"
    if inspection is None:
        assert failure is not None, "why it was not looked at"
        return record.name, "-", "-", tr("not looked at ({code})", code=failure.code), accepted
    reference = inspection.reference
    state = verdict(inspection, record.reference, difference)
    return record.name, reference.format, str(reference.tier), state, accepted


@examples("warifu devices show pi", "warifu devices show pi --json")
@group.command("show")
@click.argument("name")
@json_option
@click.pass_obj
def show_command(setting: Setting, name: str, as_json: bool) -> int:
    """Show everything about the device NAME: what was checked, what cannot be, and what it says of itself."""
    screen, profile, moment = Screen(as_json), setting.profile(), now()
    record = profile.device_record(name)
    with setting.client(profile) as client:
        inspection = inspect(client, profile.device(name), record.reference, moment)
    difference = _difference(inspection, record.reference)
    show(screen, record, inspection, difference, moment)
    screen.result(describe(record, inspection, difference, None))
    return _status((difference,))


@examples("warifu devices evidence server report.bin")
@group.command("evidence")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def evidence_command(setting: Setting, name: str, file: Path, as_json: bool) -> None:
    """Write the evidence of the device NAME to FILE, for 'warifu evidence verify' and 'warifu evidence refresh'."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        inspection = inspect(client, profile.device(name), profile.device_record(name).reference, now())
    evidence = inspection.shown.evidence
    write_private(file, evidence.body)
    screen.line(
        tr("Evidence of the format {kind}, {count} bytes.", kind=evidence.format, count=len(evidence.body))
    )
    screen.result({"name": name, "format": evidence.format, "bytes": len(evidence.body)})


@examples("warifu devices accept pi", "warifu devices accept server --root tpm-maker.pem")
@group.command("accept")
@click.argument("name")
@click.option(
    "--root",
    "roots",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Certificate of the maker of the device's TPM (DER or PEM). Repeatable.",
)
@with_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@passphrase_option
@json_option
@click.pass_obj
def accept_command(
    setting: Setting,
    name: str,
    roots: tuple[Path, ...],
    credential: str | None,
    yes: bool,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Accept the device NAME as what it is now: after an upgrade, a new kernel, a repair.

    Every wallet of the device is told, by you and with its passphrase: its devices work with NAME again from then on.
    Those that are away now can be told later by the same command; the exit code is 13 until all are.

    Where the largest payment of a wallet takes several owners, so does this: it is laid before the others.
    """
    require_yes(yes, as_json)
    screen, profile, moment = Screen(as_json), setting.profile(), now()
    device, record = profile.device(name), profile.device_record(name)
    with setting.client(profile) as client:
        inspection = inspect(client, device, record.reference, moment, read_endorsements((), roots, ()).roots)
        inspection.require_not_false()
        if inspection.chip.doubt:
            screen.warn(inspection.chip.doubt)
        show(screen, record, inspection, _difference(inspection, record.reference), moment)
        if not yes:
            click.confirm(tr("Is it right that {name} is this now?", name=name), abort=True, err=as_json)
        # Here first: the passphrase is sealed to the device as it is now; and whoever is away can be told later.
        profile.accept_device(name, inspection.reference, moment, inspection.shown.claims.release)
        told: list[Told] = []
        proposals: list[dict[str, object]] = []
        for wallet in profile.wallets():
            if device in wallet.request.devices:
                heard, laid = _tell(
                    client, profile, screen, wallet, device, inspection.reference, credential, passphrase_fd
                )
                told += heard
                proposals += laid
    missing = [item for item in told if item["refusal"] is not None]
    for item in missing:
        screen.warn(tr("{name} was not told: {code}", name=str(item["device"]), code=str(item["refusal"])))
    screen.line(tr("The device {name} is accepted as what it is.", name=name), style="green")
    screen.result({"name": name, "told": told, "proposals": proposals})
    return ServiceRefused.exit_code if missing else 0


def _tell(
    client: Client,
    profile: Profile,
    screen: Screen,
    wallet: Wallet,
    device: DeviceRef,
    reference: Reference,
    credential: str | None,
    passphrase_fd: int | None,
) -> tuple[list[Told], list[dict[str, object]]]:
    """One wallet's devices; none of them where it obeys no credential of this owner's. Where it takes other owners, it
    is laid before them: once for all devices that hold this one to the same."""
    facts = wanted(wallet, tr("to take this device as what it is now:"), device.name)
    try:
        own = own_credential(profile, screen, wallet, credential, facts)
    except WarifuError as error:
        refused = [
            Told(wallet=wallet.name, device=item.name, refusal=error.code) for item in wallet.request.devices
        ]
        return refused, []
    if wallet.rules.owners_needed == 1:
        return tell_wallet(client, profile, own, wallet, device, reference, passphrase_fd), []
    behind, told = find_behind(client, wallet, device, reference)
    requests = [
        reference_request(wallet, device, reference, replaces, MAX_LIFETIME) for replaces in sorted(behind)
    ]
    return told, [lay_before(client, screen, own, wallet, request, "devices") for request in requests]


@examples(
    "warifu devices hand-out server --keepers pi,laptop --threshold 2",
    "warifu devices hand-out server --keepers pi,laptop --threshold 1 --wallet savings",
)
@group.command("hand-out")
@click.argument("name")
@click.option(
    "--keepers", metavar="A,B,..", help="Devices of the wallet that get a piece (default: all others)."
)
@click.option(
    "--threshold",
    type=click.IntRange(1, MAX_KEEPERS),
    required=True,
    help="How many of them open the device.",
)
@click.option("--wallet", "wallet_name", metavar="NAME", help="The wallet whose devices they are.")
@with_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@passphrase_option
@json_option
@click.pass_obj
def hand_out_command(
    setting: Setting,
    name: str,
    keepers: str | None,
    threshold: int,
    wallet_name: str | None,
    credential: str | None,
    yes: bool,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Have the device NAME, whose TEE has no sealing key, deal its sealing secret to keepers that open it from then on.

    Without it such a device is lost when its power fails. Do it right after the wallet was made, before money comes,
    and again when a keeper is replaced: each time a new secret is dealt.

    Where the largest payment of a wallet takes several owners, so does this: it is laid before the others.
    """
    screen, profile = Screen(as_json), setting.profile()
    device = profile.device(name)
    wallet = wallet_for(profile, device, wallet_name)
    chosen = keepers_of(wallet, device, keepers.split(",") if keepers else ())
    names = ", ".join(keeper.name for keeper in chosen)
    own = own_credential(
        profile,
        screen,
        wallet,
        credential,
        wanted(
            wallet,
            tr(
                "any {threshold} of {names} open {name} when it starts",
                threshold=threshold,
                names=names,
                name=name,
            ),
        ),
    )
    if threshold + 1 < wallet.request.threshold:
        screen.warn(
            tr("So few keepers open this device's store that only the passphrase keeps its share from them.")
        )
    if not yes:
        question = tr(
            "Any {threshold} of {names} will open {name} when it starts. Hand its secret out?",
            threshold=threshold,
            names=names,
            name=name,
        )
        click.confirm(question, abort=True, err=as_json)
    with setting.client(profile) as client:
        if wallet.rules.owners_needed > 1:
            request = hand_out_request(wallet, device, chosen, threshold, MAX_LIFETIME)
            screen.result({"name": name, **lay_before(client, screen, own, wallet, request, "devices")})
            return
        request = hand_out_request(wallet, device, chosen, threshold)
        dealt = hand_out(client, profile, own, wallet, request, passphrase_fd)
    screen.line(
        tr("{name} starts by its keepers from now on: {names}.", name=name, names=names), style="green"
    )
    screen.result(
        {
            "name": name,
            "set": dealt.hex(),
            "threshold": threshold,
            "keepers": [keeper.name for keeper in chosen],
        }
    )


@examples("warifu devices take-back savings pi")
@group.command("take-back")
@click.argument("wallet_name", metavar="WALLET")
@click.argument("name", metavar="NAME")
@with_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@passphrase_option
@json_option
@click.pass_obj
def take_back_command(
    setting: Setting,
    wallet_name: str,
    name: str,
    credential: str | None,
    yes: bool,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Take the device NAME back into WALLET as it is, after you put an older backup of its disk back yourself.

    The other devices refuse it, because a thief's copy looks the same. They take its present state from now on, and
    tell it again what it forgot. Then lift its freeze, on the device itself: 'warifu signer unfreeze'.

    Where the largest payment of a wallet takes several owners, so does this: it is laid before the others.
    """
    screen, profile = Screen(as_json), setting.profile()
    wallet, device = profile.wallet(wallet_name), profile.device(name)
    if not yes:
        click.confirm(
            tr("Did you put an older disk of {name} back yourself?", name=name), abort=True, err=as_json
        )
    own = own_credential(
        profile, screen, wallet, credential, wanted(wallet, tr("to take this device back as it is:"), name)
    )
    with setting.client(profile) as client:
        head = head_of(client, own, wallet, DeviceRef(device.name, device.identity), now())
        request = restored_request(wallet, device.identity, head)
        if wallet.rules.owners_needed > 1:
            screen.result(lay_before(client, screen, own, wallet, request, "devices"))
            return 0
        others = [each for each in require_some(client, wallet) if each.identity != device.identity]
        told = tell_sealed(
            client, profile, own, wallet, request, others, wallet.acceptable(now()), passphrase_fd
        )
    show_told(screen, told)
    screen.line(tr("Now lift its freeze, on the device itself: 'warifu signer unfreeze'."))
    if wallet.rules.policy.exchanges:
        screen.warn(
            tr(
                "accounts at exchanges that were removed since that disk are on it again, and those that were added "
                "since are not: warifu exchange list {wallet}",
                wallet=wallet.name,
            )
        )
    screen.result(told_object(told))
    return exit_code_of(told)


group.add_command(carry_command)
group.add_command(ban_carrier_command)


def _looked(
    client: Client, record: DeviceRecord, moment: int
) -> tuple[Inspection | None, WarifuError | None]:
    try:
        return inspect(client, DeviceRef(record.name, record.identity), record.reference, moment), None
    except WarifuError as error:
        return None, error


def _difference(inspection: Inspection | None, known: Reference | None) -> str | None:
    if inspection is None or known is None:
        return None
    return changed(inspection, known)
