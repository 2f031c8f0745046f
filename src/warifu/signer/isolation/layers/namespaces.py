"""Namespaces (namespaces(7)): of the machine's users, processes, network, names and groups the signer sees none.

Users and processes are left behind at birth (``birth``), before anything secret is handed over; what is here checks
that, and leaves the rest once all imports are done. Nothing has to be put in their place: a signer needs no network,
names no other process, and has its connection already.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import ClassVar

from warifu.signer.isolation.kernel import (
    CLONE_NEWCGROUP,
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWUTS,
    namespaces_of_this_process,
    unshare,
)
from warifu.signer.isolation.layer import IsolationProfile, Unavailable

_NO_RIGHT = "it has no right to leave them: "
_SOMEWHERE = ("127.0.0.1", 9)


class UserNamespace:
    name: ClassVar[str] = "user-namespace"
    reason: ClassVar[str] = (
        "outside a user namespace of its own, a right that it won back would hold on the machine"
    )

    def apply(self, profile: IsolationProfile) -> None:
        if profile.no_own_users:
            raise Unavailable(profile.no_own_users)

    def probe(self, profile: IsolationProfile) -> str | None:
        return None if _left("user", profile) else "it is in the user namespace of its agent"


class Namespaces:
    """Applied while the process still has rights in its user namespace (or is root): afterwards it has none."""

    name: ClassVar[str] = "namespaces"
    reason: ClassVar[str] = (
        "a signer that was taken over must reach no network, and see no process and no mount of the machine"
    )

    def apply(self, profile: IsolationProfile) -> None:
        if profile.no_own_processes:
            raise Unavailable(profile.no_own_processes)
        unshare(CLONE_NEWNS | CLONE_NEWNET)

    def probe(self, profile: IsolationProfile) -> str | None:
        if shared := _shared(("pid", "mnt", "net"), profile):
            return shared
        if os.getppid() != 0:
            return "it sees the process that started it"
        return "it reaches a network" if _reaches_a_network() else None


class OtherNamespaces:
    """Apart from the others, because a systemd unit that is closed well does not let them be made: it has its own."""

    name: ClassVar[str] = "other-namespaces"
    reason: ClassVar[str] = (
        "queues, shared memory, host names and control groups are ways to reach other programs"
    )

    def apply(self, profile: IsolationProfile) -> None:
        if profile.no_own_processes:
            raise Unavailable(f"{_NO_RIGHT}{profile.no_own_processes}")
        try:
            unshare(CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
        except PermissionError:
            raise Unavailable("its starter does not let it make more of them (RestrictNamespaces=)") from None

    def probe(self, profile: IsolationProfile) -> str | None:
        return _shared(("ipc", "uts", "cgroup"), profile)


def _shared(kinds: tuple[str, ...], profile: IsolationProfile) -> str | None:
    shared = [kind for kind in kinds if not _left(kind, profile)]
    return f"it shares with its agent: {', '.join(shared)}" if shared else None


def _left(kind: str, profile: IsolationProfile) -> bool:
    """A starter that did not say what is its own proves nothing."""
    return kind in profile.starters and namespaces_of_this_process()[kind] != profile.starters[kind]


def _reaches_a_network() -> bool:
    """Not even the loopback: its interface is down. No packet is sent by connecting a datagram socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
        try:
            attempt.connect(_SOMEWHERE)
        except OSError as error:
            return error.errno != errno.ENETUNREACH
    return True
