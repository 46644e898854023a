"""The folder of a run: what outlives the process that trains, and who may write to it.

config.yaml     the settings, resolved
status.json     where the run stands
metrics.jsonl   a line for each update; the same for the same seed, to the byte
timing.jsonl    how long each took, line by line beside the metrics
log.txt         what happened, with the time
tensorboard/    the lines of both, as events
checkpoints/    best, last (from which a run resumes) and those kept on the way
result.json     what came of it, once finished
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from scheduler_core.errors import ConfigError
from scheduler_core.files import append_line, finite_or_none, write_aside
from scheduler_core.training.processes import born

LOCK = ".lock"
"""File in a folder that whoever writes there holds a lock on."""

LIVE = ("running", "paused")
"""States of a run that a process holds the lock of."""


@contextmanager
def exclusive(folder: Path, refusal: str) -> Iterator[None]:
    """Keep every other process from writing in a folder, which is made if missing.

    Raises
    ------
    ConfigError
        With the text ``refusal``, if another process does already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=1)  # patience for those who only look whether somebody holds it
    except Timeout:
        raise ConfigError(refusal) from None
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True)
class RunFolder:
    """The files of a run."""

    path: Path

    @property
    def name(self) -> str:
        """What it is called where people read of it."""
        return self.path.resolve().name

    @property
    def config(self) -> Path:
        """The settings."""
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        """A line for each update."""
        return self.path / "metrics.jsonl"

    @property
    def timing(self) -> Path:
        """How long each took."""
        return self.path / "timing.jsonl"

    @property
    def events(self) -> Path:
        """Folder of TensorBoard's events."""
        return self.path / "tensorboard"

    def checkpoint(self, name: str) -> Path:
        """Return the path of a checkpoint."""
        return self.path / "checkpoints" / f"{name}.safetensors"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from training in this folder.

        Raises
        ------
        ConfigError
            If another process does already.
        """
        refusal = f"run {self.path}: is being trained by another process; stop that one, or wait"
        with exclusive(self.path, refusal):
            self.forget_stop()
            self.go_on()
            for left in self.path.rglob(".*.tmp"):  # a process was killed as it wrote aside
                left.unlink()
            yield

    @property
    def is_locked(self) -> bool:
        """Whether a process is training here: locks end with their process, however it ends."""
        if not self.path.is_dir():
            return False
        try:
            with FileLock(self.path / LOCK, timeout=0):
                return False
        except Timeout:
            return True

    @property
    def _stop_file(self) -> Path:
        return self.path / "stop"

    @property
    def asks_to_stop(self) -> bool:
        """Whether somebody asked the run to stop."""
        return self._stop_file.exists()

    def ask_to_stop(self) -> None:
        """Ask the run to stop: within two seconds it will have written where to go on from.

        Raises
        ------
        ConfigError
            If there is no run in the folder, or nobody is training it.
        """
        self._check_live()
        self.note_stop()

    def note_stop(self) -> None:
        """Note that somebody wanted the run to stop whose process had not begun yet."""
        write_aside(self._stop_file, b"")

    def forget_stop(self) -> None:
        """Forget that somebody wanted the run to stop."""
        self._stop_file.unlink(missing_ok=True)

    @property
    def asked_to_stop_at(self) -> float | None:
        """Seconds since 1970 when somebody asked the run to stop, None where nobody did."""
        try:
            return self._stop_file.stat().st_mtime
        except FileNotFoundError:
            return None

    @property
    def _pause_file(self) -> Path:
        return self.path / "pause"

    @property
    def asks_to_pause(self) -> bool:
        """Whether somebody asked the run to pause."""
        return self._pause_file.exists()

    def ask_to_pause(self) -> None:
        """Ask the run to stand still until `go_on`: it writes where to go on from first.

        Raises
        ------
        ConfigError
            If there is no run in the folder, or nobody is training it.
        """
        self._check_live()
        write_aside(self._pause_file, b"")

    def go_on(self) -> None:
        """Let a run that pauses go on."""
        self._pause_file.unlink(missing_ok=True)

    def _check_live(self) -> None:
        if not self.is_locked:
            state = self.read_status().get("state")
            is_over = state == "finished"
            way = "start a new run from its best checkpoint" if is_over else "resume it"
            raise ConfigError(
                f"run {self.name}: is not being trained; its state is {state}, perhaps by way of "
                f"another window; {way} to train on"
            )

    def append(self, metrics: Mapping[str, Any], timing: Mapping[str, Any]) -> None:
        """Add a line to the metrics, and one to the timing."""
        for path, line in ((self.metrics, metrics), (self.timing, timing)):
            plain = {
                name: finite_or_none(value) if isinstance(value, float) else value
                for name, value in line.items()
            }
            append_line(path, json.dumps(plain, allow_nan=False))

    def sizes(self) -> tuple[int, int]:
        """Return the bytes of metrics and timing, once they are on the disk."""
        return _synced_size(self.metrics), _synced_size(self.timing)

    def cut(self, sizes: tuple[int, int]) -> None:
        """Cut off the lines of updates that the last checkpoint does not know: they come again."""
        for path, size in zip((self.metrics, self.timing), sizes, strict=True):
            if path.exists():
                os.truncate(path, size)

    def lines(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield the metrics of each update with its timing, as far as both are whole."""
        pairs = zip(_whole_lines(self.metrics), _whole_lines(self.timing), strict=False)
        for metrics, timing in pairs:
            yield json.loads(metrics), json.loads(timing)

    def log(self, text: str) -> None:
        """Add a line to the log."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        append_line(self.path / "log.txt", f"{now} {text}")

    def write_status(self, status: Mapping[str, Any]) -> None:
        """Say where the run stands."""
        whose = {"pid": os.getpid(), "born": born(os.getpid()), "host": socket.gethostname()}
        now = {"updated": datetime.now(UTC).isoformat(timespec="seconds")}
        write_aside(self.path / "status.json", _json({**status, **whose, **now}), sync=False)

    def read_status(self) -> dict[str, Any]:
        """Return where the run stands; ``state`` is ``died`` for one whose process is gone.

        Raises
        ------
        ConfigError
            If there is no run in the folder.
        """
        try:
            status = json.loads((self.path / "status.json").read_bytes())
        except (OSError, ValueError) as error:
            what = "is not the folder of a run"
            if not self.path.exists():
                what = "is not here; it was deleted meanwhile, or never was"
            raise ConfigError(f"run {self.name}: {what}; pick one from the list of runs") from error
        if status.get("state") in LIVE and not self.is_locked:
            status["state"] = "died"
        return dict(status)

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Leave what came of the run."""
        write_aside(self.path / "result.json", _json(result))

    def read_result(self) -> dict[str, Any] | None:
        """Return what came of the run, if it has finished."""
        path = self.path / "result.json"
        return dict(json.loads(path.read_bytes())) if path.exists() else None


def list_runs(folder: Path) -> list[RunFolder]:
    """Return the runs in a folder, and in the folders of curricula and sweeps, oldest first."""
    found = sorted(folder.rglob("status.json"), key=lambda path: path.stat().st_mtime)
    return [RunFolder(path.parent) for path in found]


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1, allow_nan=False).encode()


def _synced_size(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_size


def _whole_lines(path: Path) -> list[bytes]:
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1].splitlines()
