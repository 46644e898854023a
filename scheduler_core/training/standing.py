"""Where a run stands, from all that its folder says: its status, its lock, and who started it."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from scheduler_core.errors import ConfigError
from scheduler_core.training.processes import born
from scheduler_core.training.run import RunFolder

LAUNCH = "launch.json"
OUTPUT = "output.txt"

State = Literal[
    "starting",
    "running",
    "pausing",
    "paused",
    "stopping",
    "stopped",
    "finished",
    "failed",
    "died",
    "failed to start",
]
_LIVE = ("starting", "running", "pausing", "paused", "stopping")
_RESUMABLE = ("stopped", "failed", "died", "failed to start")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands."""

    state: State
    phase: str = ""
    """``teacher``, ``imitation`` or ``ppo``; empty before."""
    timestep: int = 0
    """Decisions of the phase so far; of the teacher, problems."""
    timesteps: int = 0
    """Those that the phase will take."""
    seconds: float = 0.0
    """Time that it has trained, pauses left out."""
    per_second: float = 0.0
    """Timesteps a second of the last update; 0: none yet."""
    seconds_left: float | None = None
    """Until the phase ends at that speed."""
    best: float | None = None
    """Delay cost / the best rule's, of the best policy so far."""
    error: str | None = None
    """Why it failed, or failed to start."""
    has_last: bool = False
    """Whether there is a checkpoint to go on from."""

    @property
    def is_live(self) -> bool:
        """Whether a process trains, is about to, or pauses."""
        return self.state in _LIVE

    @property
    def can_resume(self) -> bool:
        """Whether the run can go on."""
        return self.state in _RESUMABLE and self.has_last

    @property
    def share(self) -> float:
        """How much of the phase is done, 0 to 1."""
        return min(1.0, self.timestep / self.timesteps) if self.timesteps else 0.0


def standing(run: RunFolder) -> Standing:
    """Return where a run stands.

    Raises
    ------
    ConfigError
        If there is no run in the folder, nor has one been started there.
    """
    note = _read_note(run)
    try:
        status = run.read_status()
    except ConfigError:
        if note is None:
            raise
        status = {}
    state = status.get("state", "")
    error = status.get("error")
    if note is not None and _is_newer(note, status):
        state, error = "starting", None
        if not _is_alive(note):
            if run.asks_to_stop:
                state = "stopped"
            else:
                state, error = "failed to start", last_line(run.path / OUTPUT)
    return Standing(
        state=_with_wishes(run, state),
        phase=status.get("phase", ""),
        timestep=status.get("timestep", 0),
        timesteps=status.get("timesteps", 0),
        seconds=status.get("seconds", 0.0),
        per_second=status.get("per_second", 0.0),
        seconds_left=status.get("seconds_left"),
        best=status.get("best_to_best_rule"),
        error=error,
        has_last=run.checkpoint("last").exists() and run.config.exists(),
    )


def _with_wishes(run: RunFolder, state: Any) -> State:
    """Return the state with what the run has been asked for and has not done yet."""
    wished: Any = state
    if state in ("running", "paused") and run.asks_to_stop:
        wished = "stopping"
    elif state == "running" and run.asks_to_pause:
        wished = "pausing"
    elif state == "paused" and not run.asks_to_pause:
        wished = "running"
    return wished  # type: ignore[no-any-return]


def live_process(run: RunFolder) -> tuple[int, str] | None:
    """Return number and birth of the process of this machine that trains a run, if one does."""
    try:
        status: dict[str, Any] = run.read_status()
    except ConfigError:
        status = {}
    launched = launched_process(run)
    if launched is None and _is_alive(status):
        return status["pid"], status["born"]
    return launched


def launched_process(run: RunFolder) -> tuple[int, str] | None:
    """Return number and birth of the process that was launched for a run, until it has ended.

    It outlives its run by a moment, in which it writes the result.
    """
    note = _read_note(run) or {}
    return (note["pid"], note["born"]) if _is_alive(note) else None


def _is_alive(process: dict[str, Any]) -> bool:
    """Return whether a process that a file of this machine speaks of is still the same one."""
    birth = process.get("born")
    here = process.get("host") == socket.gethostname()
    return here and birth is not None and born(process["pid"]) == birth


def _is_newer(note: dict[str, Any], status: dict[str, Any]) -> bool:
    """Return whether a process was started after the last word of the run, which is another's."""
    if not status:
        return True
    same = (note["pid"], note["born"]) == (status.get("pid"), status.get("born"))
    begun, said = (datetime.fromisoformat(text) for text in (note["at"], status["updated"]))
    return not same and begun >= said


def _read_note(run: RunFolder) -> dict[str, Any] | None:
    path = run.path / LAUNCH
    return dict(json.loads(path.read_bytes())) if path.exists() else None


def tail(path: Path, lines: int = 50) -> list[str]:
    """Return the last lines of a text file; none where there is no file."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 400 * lines))
        return file.read().decode(errors="replace").splitlines()[-lines:]


def last_line(path: Path) -> str:
    """Return the last line of a file that says something."""
    said = [line for line in tail(path) if line.strip()]
    return said[-1].strip() if said else "the process ended without a word; look at its output"


def started_at(run: RunFolder) -> datetime | None:
    """Return when a run began: the time of the first line of its log, else of its process."""
    log = run.path / "log.txt"
    if log.exists():
        with log.open("rb") as file:
            first = file.readline().decode(errors="replace").partition(" ")[0]
        with suppress(ValueError):
            return datetime.fromisoformat(first)
    note = _read_note(run)
    return datetime.fromisoformat(note["at"]) if note else None
