"""The durable workflow engine (DBOS) on the service's own encrypted database.

It checkpoints each step's outcome, and runs what was unfinished again when the service starts: whatever is killed goes
on behind its last checkpoint. Values are plain JSON. Nothing of it speaks to the network or writes a log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos._core import WorkflowHandleFuture
from dbos._serialization import Serializer

from warifu.service.store.database import Database

_VERSION = "1"
"""Of the transfer workflow's steps. By default DBOS hashes the source, and an upgrade would leave work behind."""


POLL_SECONDS = 1.0
"""How often DBOS looks for messages between workflows, of which there are none; also how long stopping takes."""


class Unfinished(BaseException):
    """Raised inside the workflow: stop here without an outcome, and take it up at the next start.

    No ``Exception``, because DBOS records those as the workflow's outcome, and then it would never be taken up.
    """


class PlainValues(Serializer):
    """JSON instead of DBOS's default, pickle: bytes from a disk never become code."""

    def serialize(self, data: Any) -> str:  # noqa: ANN401 - DBOS's interface
        """Values as JSON; an exception as its type's name, because its text may hold an address or an amount."""
        if isinstance(data, BaseException):
            return json.dumps({"failed": type(data).__name__})
        return json.dumps(data)

    def deserialize(cls, serialized_data: str) -> Any:  # noqa: ANN401, N805 - DBOS's interface
        """The mirror of ``serialize``."""
        value = json.loads(serialized_data)
        if isinstance(value, dict) and set(value) == {"failed"}:
            return RuntimeError(f"a step failed: {value['failed']}")
        return value

    def name(self) -> str:
        """How DBOS remembers which serializer wrote a value."""
        return "warifu_json"


class Engine:
    """One workflow, ``transfer(id, attempt)``, started at most once for each pair of arguments."""

    def __init__(self, database: Database, transfer: Callable[[str, int], None]) -> None:
        self._database = database
        self._transfer = transfer
        self._workflow: Callable[[str, int], None] | None = None

    def start(self) -> None:
        """Take up what was unfinished, and accept new work."""
        logger = logging.getLogger("dbos")
        logger.handlers[:] = [logging.NullHandler()]  # else DBOS prints to the console
        logger.propagate = False
        DBOS.destroy(destroy_registry=True)
        config: DBOSConfig = {
            "name": "warifu",
            "system_database_engine": self._database.engine,
            "application_version": _VERSION,
            "executor_id": "warifu",
            "enable_otlp": False,
            "log_level": "CRITICAL",
            "serializer": PlainValues(),
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": POLL_SECONDS,
        }
        DBOS(config=config)
        work = self._transfer

        def transfer(identifier: str, attempt: int) -> None:
            work(identifier, attempt)

        self._workflow = DBOS.workflow(name="transfer")(transfer)
        DBOS.launch()

    def begin(self, identifier: str, attempt: int, ended: Callable[[], None]) -> None:
        """Run the workflow for this attempt, unless it runs or ran already. ``ended`` is called once: when this run has
        ended, however it ended, or now where none was begun."""
        assert self._workflow is not None, "the engine was started"
        try:
            with SetWorkflowID(f"{identifier}-{attempt}"):
                handle = DBOS.start_workflow(self._workflow, identifier, attempt)
        except BaseException:
            ended()
            raise
        if isinstance(handle, WorkflowHandleFuture):
            handle.future.add_done_callback(lambda _: ended())
        else:
            ended()

    @staticmethod
    def step(name: str, work: Callable[[], str]) -> str:
        """Inside the workflow: do ``work`` and checkpoint its outcome, or return the checkpointed one."""
        return DBOS.run_step({"name": name}, work)

    def stop(self) -> None:
        """What has not ended is taken up at the next start."""
        DBOS.destroy()
        self._workflow = None
