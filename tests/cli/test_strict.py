"""A strict wallet, from its owner's side: how many devices must be awake is said before anything is asked of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from warifu.cli.authorizing import choose_signers
from warifu.cli.wallet_shown import show_awake
from warifu.errors import ServiceRefused
from warifu.protocol.identity import DeviceRef

pytestmark = pytest.mark.unit

DEVICES = tuple(DeviceRef(f"device{number}", bytes([number]) * 32) for number in range(5))


def client(*online: int) -> Any:
    """The service, which says who is connected."""
    devices = tuple(SimpleNamespace(identity=DEVICES[number].identity, connected=True) for number in online)
    return cast(Any, SimpleNamespace(get=lambda _path, _kind: SimpleNamespace(devices=devices)))


def chosen(
    threshold: int, online: tuple[int, ...], named: tuple[str, ...] = (), *, strict: bool
) -> list[str]:
    signers = choose_signers(client(*online), DEVICES, threshold, named, strict=strict)
    return [device.name for device in signers]


def test_the_threshold_signs_and_the_others_only_have_to_be_awake():
    assert chosen(3, (0, 1, 2, 4), strict=True) == ["device0", "device1", "device2"]
    assert chosen(3, (1, 2, 4), strict=False) == ["device1", "device2", "device4"]


def test_a_change_to_strict_says_how_many_must_be_awake():
    said: list[str] = []
    screen = cast(Any, SimpleNamespace(line=said.append))
    wallet = cast(Any, SimpleNamespace(request=SimpleNamespace(threshold=2, devices=DEVICES[:3])))
    show_awake(screen, wallet)
    assert said == ["While it is in force, 3 of the wallet's 3 devices must be awake for whatever spends."]


@pytest.mark.parametrize("named", [(), ("device0", "device1", "device2")])
def test_who_is_missing_is_named_before_the_passphrase_is_asked_for(named):
    with pytest.raises(ServiceRefused) as refused:
        chosen(3, (0, 1, 2), named, strict=True)
    assert refused.value.code == "service.too-few-devices"
    assert "4 of its 5" in refused.value.message
    assert "device3, device4" in refused.value.message
