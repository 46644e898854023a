"""What can go wrong, as few exception types as callers can act on.

Outcomes (infeasible, out of time) are values, not exceptions. A message names the object, the
rule, the value found and the way out, in one sentence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where it is and what rule it breaks."""

    place: str
    """Path of the object, such as ``families.JOST25060084.tasks[2].processing_time``."""
    message: str
    """The rule and the value found, such as ``must be > 0 hours, got -5``."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    def of_file(self, path: str | os.PathLike[str]) -> Fault:
        """Return the same, named with its file, for where there may be several."""
        name = os.fspath(path)
        whole = self.place in ("file", name)
        return Fault(name if whole else f"{name}: {self.place}", self.message)


class SchedulerError(Exception):
    """Base of every error that this package raises on purpose."""


class ProblemError(SchedulerError):
    """A problem, or the snapshot that describes one, breaks rules of the format or the shop."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[ProblemError], tuple[tuple[Fault, ...]]]:
        """Pickle the faults, not their text: another process may have found them."""
        return type(self), (self.faults,)


def one_line(error: BaseException) -> str:
    """Return the message of a parser, which may go over several lines, as part of a sentence."""
    return " ".join(str(error).split())


class ScheduleFileError(SchedulerError):
    """A schedule file cannot be read as one."""


class ConfigError(SchedulerError):
    """A setting, weight, method or option is unknown or outside its legal range."""


class CheckpointError(SchedulerError):
    """A checkpoint is missing, damaged or of another version."""


class DeviceError(SchedulerError):
    """The compute device asked for is not on this machine."""


class ExecutorError(SchedulerError):
    """The processes or machines that were to work cannot be reached, or have failed."""
