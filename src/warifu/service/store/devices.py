"""Enrolled devices: a name and the identity key behind it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.service.store.database import Database
from warifu.service.store.schema import devices


@dataclass(frozen=True)
class EnrolledDevice:
    """``identity``: 32 bytes."""

    name: str
    identity: bytes
    enrolled: int
    last_seen: int | None


def add_device(database: Database, name: str, identity: bytes) -> None:
    """Enrol. Raises ``ServiceRefused`` (``name-taken``) where the name or the identity is another device's."""
    try:
        with database.writing() as connection:
            connection.execute(
                devices.insert().values(name=name, identity=identity, enrolled=int(time.time()))
            )
    except sa.exc.IntegrityError:
        raise ServiceRefused(
            "name-taken",
            f"a device '{name}', or one with this identity, is enrolled already",
            not_done="No device was enrolled.",
            remedy="Choose another name, or remove the other device first.",
        ) from None


def list_devices(database: Database) -> tuple[EnrolledDevice, ...]:
    """All devices by name."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(devices).order_by(devices.c.name))
        return tuple(EnrolledDevice(row.name, row.identity, row.enrolled, row.last_seen) for row in rows)


def device_named(database: Database, name: str) -> EnrolledDevice:
    """The device of this name. Raises ``ServiceRefused`` (``unknown-device``)."""
    for device in list_devices(database):
        if device.name == name:
            return device
    raise ServiceRefused(
        "unknown-device",
        f"no device '{name}' is enrolled",
        remedy="'warifu signer list' shows those that are.",
    )


def device_of(database: Database, identity: bytes) -> EnrolledDevice | None:
    """The device with this identity."""
    return next((device for device in list_devices(database) if device.identity == identity), None)


def remove_device(database: Database, name: str) -> EnrolledDevice:
    """Forget a device; its share stays where it is. Raises ``ServiceRefused`` (``unknown-device``)."""
    device = device_named(database, name)
    with database.writing() as connection:
        connection.execute(devices.delete().where(devices.c.name == name))
    return device


def saw_device(database: Database, identity: bytes) -> None:
    """Note that the device proved its presence now."""
    with database.writing() as connection:
        connection.execute(
            devices.update().where(devices.c.identity == identity).values(last_seen=int(time.time()))
        )
