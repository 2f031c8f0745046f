"""Each step is taken once, in order, and whatever fails in one is the end of everything."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import ClassVar, Generic, Self, TypeVar

from warifu.threshold.errors import AlreadyUsed

Phase = TypeVar("Phase", bound=Enum)
Result = TypeVar("Result")


class Steps(ABC, Generic[Phase]):
    """A state machine without I/O. Use as a context manager, or ``close`` it, so that nothing abandoned stays."""

    NAME: ClassVar[str]

    def __init__(self, first: Phase, closed: Phase) -> None:
        self._phase, self._closed = first, closed

    @property
    def phase(self) -> Phase:
        """What was done last."""
        return self._phase

    @abstractmethod
    def close(self) -> None:
        """Wipe everything. Harmless where it is gone already."""

    def _step(self, before: Phase, after: Phase, step: Callable[[], Result]) -> Result:
        """AlreadyUsed, and nothing changes, unless ``before`` was the last step. Closed where ``step`` fails."""
        if self._phase is not before:
            raise AlreadyUsed(
                f"this step of the {self.NAME} was taken before, or is not due, or the {self.NAME} was closed"
            )
        self._phase = self._closed
        try:
            result = step()
        except BaseException:
            self.close()
            raise
        self._phase = after
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
