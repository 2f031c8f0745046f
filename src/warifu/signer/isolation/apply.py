"""The table of layers, and the one function that applies it."""

from __future__ import annotations

import time
from pathlib import Path

from warifu.errors import HostUnsuitable
from warifu.signer.isolation.layer import (
    IsolationProfile,
    IsolationReport,
    Layer,
    LayerResult,
    State,
    Unavailable,
)
from warifu.signer.isolation.layers.descriptors import OnlyTheConnection
from warifu.signer.isolation.layers.environment import EmptyEnvironment
from warifu.signer.isolation.layers.landlock import Landlock
from warifu.signer.isolation.layers.limits import Bounds, NoCoreFile, PrivateFiles
from warifu.signer.isolation.layers.locked_memory import LockedMemory
from warifu.signer.isolation.layers.namespaces import Namespaces, OtherNamespaces, UserNamespace
from warifu.signer.isolation.layers.no_new_code import NoNewCode
from warifu.signer.isolation.layers.no_swap import NoSwap
from warifu.signer.isolation.layers.own_user import NoCapabilities, OwnUser
from warifu.signer.isolation.layers.private_root import PrivateRoot
from warifu.signer.isolation.layers.privileges import NoNewPrivileges, NotDumpable
from warifu.signer.isolation.layers.seccomp import Seccomp
from warifu.signer.isolation.layers.secret_memory import HiddenSecrets
from warifu.signer.isolation.preload import preload

LAYERS: tuple[Layer, ...] = (
    EmptyEnvironment(),
    OnlyTheConnection(),
    PrivateFiles(),
    NoCoreFile(),
    Bounds(),
    LockedMemory(),
    HiddenSecrets(),
    NoSwap(),
    UserNamespace(),
    Namespaces(),  # takes the rights that a user namespace gives, so before they are dropped
    OtherNamespaces(),
    PrivateRoot(),  # after what looks into /proc
    OwnUser(),
    NoCapabilities(),
    NoNewPrivileges(),  # Landlock and seccomp demand it
    NotDumpable(),  # after the user, whose change sets the flag anew
    NoNewCode(),
    Landlock(),
    Seccomp(),  # last: it refuses the calls that the others are made with
)


def apply_all(profile: IsolationProfile) -> IsolationReport:
    """Shut this process in, for good. Call it once, from its only thread, after all its own imports.

    Raises ``HostUnsuitable`` where a layer that ``profile.required`` names is not on, where it names an unknown one,
    or where a second thread (which would escape) exists. What is not required and not given is in the report.
    """
    _refuse_unknown(profile)
    _refuse_threads()
    preload()
    report = IsolationReport(tuple(_apply(layer, profile) for layer in LAYERS))
    lacking = [result for result in report.missing if result.required]
    if lacking:
        raise _unsuitable(
            "isolation",
            "this machine cannot isolate the signer as its owner requires: "
            + "; ".join(f"{result.name} is {result.state.value} ({result.detail})" for result in lacking),
        )
    return report


def _apply(layer: Layer, profile: IsolationProfile) -> LayerResult:
    state, detail, begin = State.ON, "", time.perf_counter_ns()
    try:
        layer.apply(profile)
        still_possible = layer.probe(profile)
        if still_possible is not None:
            state, detail = State.REFUSED, still_possible
    except Unavailable as error:
        state, detail = State.UNAVAILABLE, str(error)
    except (OSError, ValueError) as error:
        state, detail = State.REFUSED, str(error)
    taken = (time.perf_counter_ns() - begin) / 1e6
    return LayerResult(layer.name, layer.reason, state, detail, layer.name in profile.required, taken)


def _refuse_unknown(profile: IsolationProfile) -> None:
    """A misspelt requirement must not silently require nothing."""
    unknown = set(profile.required) - {layer.name for layer in LAYERS}
    if unknown:
        raise _unsuitable(
            "isolation-profile",
            f"the profile requires layers that do not exist: {', '.join(sorted(unknown))}",
        )


def _refuse_threads() -> None:
    """Most layers hold for the calling thread and its children only."""
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise _unsuitable("isolation-threads", "a second thread was running before isolation")


def _unsuitable(reason: str, message: str) -> HostUnsuitable:
    return HostUnsuitable(
        reason,
        message,
        not_done="The signer did not start; its store was not opened.",
        remedy="Run 'warifu doctor' on this device for the whole list and what can be done.",
    )
