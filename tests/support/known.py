"""What each process that is forked would work out first, worked out before: the types of all messages, and what
Litestar wants to know of the API's routes. Imported by the process that they are forked from (``forked``) alone."""

from __future__ import annotations

from tests.support.api_app import Front

from warifu.protocol.types_known import know_types

know_types()
Front()
