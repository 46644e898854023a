"""What is written down of a run as it goes: lines, events, status, log and checkpoints."""

from __future__ import annotations

import copy
import subprocess
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from scheduler_core.errors import SchedulerError
from scheduler_core.files import finite_or_none, write_aside
from scheduler_core.policy import save_checkpoint
from scheduler_core.training.config import config_yaml
from scheduler_core.training.events import EventWriter
from scheduler_core.training.run import RunFolder
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.state import Phase, TrainingState


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands, told to listeners after each update."""

    phase: Phase
    """``teacher``, ``imitation`` or ``ppo``."""
    timestep: int
    """Decisions of the phase so far; of the teacher, problems."""
    timesteps: int
    """Decisions, or problems, the phase will take."""
    metrics: dict[str, float]
    """The figures of this update, by name."""
    timing: dict[str, float]
    """``seconds`` of the run so far, ``per_second``: timesteps of this update."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run leaves behind."""

    best: Path
    """Checkpoint with the lowest validation ratio."""
    ratio: float
    """Delay cost / the best rule's on validation tasks: means, and of these the geometric mean."""
    seconds: float
    """Wall time."""
    state: str
    """``finished``, or ``stopped`` and able to go on."""
    timestep: int
    """Decisions of PPO."""
    start: dict[str, float]
    """Figures of the validation before PPO."""
    metrics: dict[str, float]
    """Figures of the best validation."""

    @classmethod
    def read(cls, run: Path) -> TrainingResult | None:
        """Return what a run has left behind, if it has finished."""
        values = RunFolder(run).read_result()
        if values is None:
            return None
        return cls(**{**values, "best": RunFolder(run).checkpoint("best")})

    def to_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return {**asdict(self), "best": self.best.name}


Listener = Callable[[Progress], None]


class Ledger:
    """Keeps the folder of a run such that whatever ends the process, the run can go on.

    Parameters
    ----------
    config
        Settings.
    folder
        Of the run.
    state
        What the trainer changes; it is read between updates only.
    origin
        What every checkpoint remembers beside the settings.
    listener
        Told of every update.
    """

    def __init__(
        self,
        config: TrainingConfig,
        folder: RunFolder,
        state: TrainingState,
        origin: Mapping[str, Any],
        listener: Listener,
    ) -> None:
        self.config = config
        self.folder = folder
        self.state = state
        self.origin = origin
        self.listener = listener
        self._began = perf_counter() - state.counters.seconds
        self._next_save = 0.0
        self._committed, self._as_committed = b"", state.counters
        self.total = 0
        """Timesteps of the phase."""

    @property
    def seconds(self) -> float:
        """Wall time of the run so far, without the time between stopping and going on."""
        return perf_counter() - self._began

    def begin(self) -> None:
        """Bring the folder to where the state is."""
        counters = self.state.counters
        self.folder.cut(counters.sizes)
        self.commit()
        self._write_status("running")
        # Last of all: a folder with settings is a run, which can be resumed.
        write_aside(self.folder.config, config_yaml(self.config).encode())
        self.log(f"training begins in phase {counters.phase}, at update {counters.update}")
        self._events = EventWriter(self.folder, self.config)

    def report(self, metrics: dict[str, float], speed: float = 0.0) -> None:
        """Write an update down, and tell the listener.

        Parameters
        ----------
        metrics
            Its figures by name; the same for the same seed.
        speed
            Its timesteps a second.
        """
        counters = self.state.counters
        counters.seconds = self.seconds
        timing = {"seconds": round(counters.seconds, 2), "per_second": round(speed, 1)}
        where = {name: getattr(counters, name) for name in ("phase", "update", "timestep")}
        lines = {**where, **metrics}, {**where, **timing}
        self.folder.append(*lines)
        self._events.add(*lines)
        self._write_status("running", speed)
        self.listener(Progress(counters.phase, counters.timestep, self.total, metrics, timing))

    def commit(self) -> None:
        """Take the state for what a stopped run goes on from, and write it if it is time to."""
        self.state.counters.sizes = self.folder.sizes()
        self._committed = self.state.encode(self._record())
        self._as_committed = copy.copy(self.state.counters)
        if perf_counter() >= self._next_save:
            self._write_committed()

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Leave word, and where to go on from, for as long as the run stands still."""
        began = perf_counter()
        self._write_committed()
        self._write_status("paused")
        self.log("paused")
        try:
            yield
        finally:
            self._began += perf_counter() - began  # the time of a run is that in which it trains
            self._write_status("running")
            self.log(f"goes on after a pause of {perf_counter() - began:.0f} s")

    def save(self, name: str) -> None:
        """Write the policy as it is to a checkpoint."""
        save_checkpoint(self.state.kept, self._record(), self.folder.checkpoint(name))

    def log(self, text: str) -> None:
        """Add a line to the log."""
        self.folder.log(text)

    def end(self, state: str) -> TrainingResult:
        """Leave the run as ``finished`` or ``stopped``, as it was after its last whole update."""
        self._drop_update()
        counters = self.state.counters
        result = TrainingResult(
            best=self.folder.checkpoint("best"),
            ratio=counters.best_ratio,
            seconds=round(self.seconds, 2),
            state=state,
            timestep=counters.timestep if counters.phase == "ppo" else 0,
            start=counters.start,
            metrics=counters.best,
        )
        if state == "finished":
            self.folder.write_result(result.to_dict())
        self._write_status(state)
        self.log(f"{state} after {self.seconds:.0f} s")
        return result

    def fail(self, error: BaseException) -> None:
        """Leave word of what ended the run, and where to go on from."""
        self._drop_update()
        if isinstance(error, KeyboardInterrupt):
            self._write_status("stopped")
            return
        known = isinstance(error, SchedulerError)
        self.log(str(error) if known else "".join(traceback.format_exception(error)))
        self._write_status("failed", error=str(error) or type(error).__name__)

    def close(self) -> None:
        """Write what is left of the events."""
        self._events.close()

    def _drop_update(self) -> None:
        """Forget what has been counted since the last commit, for that is what is gone on from."""
        self.state.counters = self._as_committed
        self._write_committed()

    def _write_committed(self) -> None:
        write_aside(self.folder.checkpoint("last"), self._committed)
        self._next_save = perf_counter() + self.config.save_seconds

    def _record(self) -> dict[str, Any]:
        counters = self.state.counters
        return {
            **self.origin,
            "config": asdict(self.config),
            "phase": counters.phase,
            "timestep": counters.timestep,
            "seconds": round(self.seconds, 1),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "metrics": counters.last,
        }

    def _write_status(self, state: str, speed: float = 0.0, error: str | None = None) -> None:
        counters = self.state.counters
        left = max(0.0, (self.total - counters.timestep) / speed) if speed else None
        self.folder.write_status(
            {
                "state": state,
                "phase": counters.phase,
                "timestep": counters.timestep,
                "timesteps": self.total,
                "seconds": round(counters.seconds, 1),
                "per_second": round(speed, 1),
                "seconds_left": left and round(left, 1),
                "best_to_best_rule": finite_or_none(counters.best_ratio),
                "error": error,
            }
        )


def git_commit() -> str | None:
    """Return the commit of the checkout that this package runs from, if it is one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
