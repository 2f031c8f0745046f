"""The small types that requests are made of, each with the form that it must have on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,99}\Z")]
"""What exchanges call accounts, orders and transfers by. It goes into paths: never a slash, never ``..``."""
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")]
"""A random (version 4) UUID in lower case: our own identifiers, stored before they are sent."""
Currency = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}\Z")]
Product = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}-[A-Z0-9]{1,20}\Z")]
Network = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}\Z")]
Address = Annotated[str, Meta(pattern=r"^[A-Za-z0-9:._?=-]{4,150}\Z")]
"""A blockchain address. No ``@``: an exchange would send to a person's e-mail address just as readily."""
Memo = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,120}\Z")]
Moment = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9:]{5}))?\Z")]
"""RFC 3339, or a date."""
Cursor = Annotated[str, Meta(min_length=1, max_length=500)]
Words = Annotated[str, Meta(max_length=200)]
Count = int | str
"""A number that one answer writes as a number and the next as text, and that nobody calculates with."""
Side = Literal["buy", "sell"]
