"""Training in a process of its own: started, looked at and ended by way of the folder of its run.

Nothing here keeps anything in memory: who asks next, in another process or after a restart, finds
out the same from the disk. Beside the files of a run (`scheduler_core.training.run`) its folder has

requested.yaml  the settings that were asked for
data/           copies of snapshots to train on that may be gone when the run is resumed
launch.json     the process that was started last: its number, its birth, its command
output.txt      what that process said
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, sleep

from scheduler_core.errors import ConfigError
from scheduler_core.files import write_aside
from scheduler_core.training.config import config_yaml
from scheduler_core.training.processes import born, signal_group, stand_back
from scheduler_core.training.run import RunFolder, exclusive, list_runs
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.standing import (
    LAUNCH,
    OUTPUT,
    launched_process,
    live_process,
    standing,
    started_at,
)

MAX_LIVE = 2
"""Runs that may train, pause or start at once."""

PATIENCE = 4.0
"""Seconds that a process has to end after SIGTERM, before SIGKILL."""

ROOT = Path(__file__).resolve().parents[2]
"""Where training runs: relative paths of snapshots begin here."""


def find_runs(folder: Path) -> list[RunFolder]:
    """Return the runs in a folder, the newest first, with those that have not come to a status.

    By when they began, which stays: two that train would change places with each word they say.
    """
    paths = {run.path for run in list_runs(folder)}
    paths |= {path.parent for path in folder.rglob(LAUNCH)}
    return sorted(map(RunFolder, paths), key=_beginning, reverse=True)


def _beginning(run: RunFolder) -> tuple[datetime, str]:
    return started_at(run) or datetime.min.replace(tzinfo=UTC), run.path.name


def launch(
    runs: Path,
    config: TrainingConfig,
    *,
    name: str = "",
    init: Path | None = None,
    snapshots: Mapping[str, bytes] | None = None,
) -> RunFolder:
    """Start to train in a folder of its own, and return it.

    Parameters
    ----------
    runs
        Folder of runs.
    config
        Settings.
    name
        What the folder is called after the time; any text.
    init
        Checkpoint to fine-tune.
    snapshots
        Files to keep in the folder, by what the data of the config calls them.

    Raises
    ------
    ConfigError
        If as many runs are live as may be.
    """
    with _turn(runs):
        run = RunFolder(runs / _new_name(runs, name))
        copies = {each: run.path / "data" / f"{_plain(each)}.json" for each in snapshots or {}}
        for each, path in copies.items():
            write_aside(path, (snapshots or {})[each])
        paths = {each: str(path) for each, path in copies.items()}
        data = tuple(paths.get(each, each) for each in config.task.data)
        judged = tuple(paths.get(each, each) for each in config.validation_data)
        config = replace(config, task=replace(config.task, data=data), validation_data=judged)
        requested = run.path / "requested.yaml"
        write_aside(requested, config_yaml(config).encode())
        source = ["--init", str(init)] if init else []
        _start(run, ["--config", str(requested), "--run", str(run.path), *source])
    return run


def relaunch(runs: Path, run: RunFolder) -> None:
    """Go on with a run that has stopped, failed or died.

    Raises
    ------
    ConfigError
        If it is live or has finished, there is nothing to go on from, or as many runs are live as
        may be.
    """
    with _turn(runs):
        state = standing(run)
        if state.is_live:
            raise ConfigError(
                f"run {run.name}: goes on already, its state is {state.state}; somebody was "
                "quicker, perhaps in another window"
            )
        if not state.can_resume:
            raise ConfigError(
                f"run {run.name}: cannot be resumed, its state is {state.state}; start a new "
                "run, from its best checkpoint if it has one"
            )
        _start(run, ["--resume", str(run.path)])


def stop(run: RunFolder) -> None:
    """Ask a run to stop; one that has not begun yet is ended.

    Raises
    ------
    ConfigError
        If it is not live.
    """
    if standing(run).state == "starting":
        end_now(run)
        if standing(run).state == "failed to start":  # it did not: it was told to end
            run.note_stop()
    else:
        run.ask_to_stop()


def end_now(run: RunFolder, patience: float = PATIENCE) -> None:
    """End the process of a run: ask it to, and kill it and its group if it has not after a while.

    Parameters
    ----------
    run
        What is live.
    patience
        Seconds between the two, and to wait for the end.

    Raises
    ------
    ConfigError
        If no process of this machine is known to be training there: a number that has been given
        to another process is never signalled.
    """
    process = live_process(run)
    if process is None:
        raise ConfigError(
            f"run {run.name}: no process of this machine trains it; if it trains on another "
            "one, end it there"
        )
    _end(process, patience)


def _end(process: tuple[int, str], patience: float) -> None:
    """End a process, given by number and birth: another one of that number is never signalled."""
    pid, birth = process
    for number in (signal.SIGTERM, signal.SIGKILL):
        if born(pid) == birth:
            signal_group(pid, number)
        deadline = perf_counter() + patience
        while born(pid) == birth and perf_counter() < deadline:
            sleep(0.05)


def delete(runs: Path, run: RunFolder) -> None:
    """Delete the folder of a run, checkpoints and all.

    A process that has said its last word about the run, and would still write into the folder, is
    ended first.

    Parameters
    ----------
    runs
        Folder of runs.
    run
        One that is not live.

    Raises
    ------
    ConfigError
        If it is live, or not in the folder of runs.
    """
    if runs.resolve() not in run.path.resolve().parents:
        raise ConfigError(f"run {run.path}: is not in {runs}; only runs in there are deleted")
    if standing(run).is_live:
        raise ConfigError(f"run {run.name}: is live; stop it before it is deleted")
    process = launched_process(run)
    if process is not None:
        _end(process, PATIENCE)
    shutil.rmtree(run.path)


@contextmanager
def _turn(runs: Path) -> Iterator[None]:
    """Let one at a time start a run, and only if there is room for it."""
    with exclusive(runs, f"training: another run is being started in {runs}; try again"):
        _check_room(runs)
        yield


def _check_room(runs: Path) -> None:
    live = [run.path.name for run in find_runs(runs) if standing(run).is_live]
    if len(live) >= MAX_LIVE:
        raise ConfigError(
            f"training: {len(live)} runs are live ({', '.join(live)}), and more would slow down "
            "each other and the app; stop one of them, or wait until it has finished"
        )


def _new_name(runs: Path, name: str) -> str:
    """Return the name of a folder that there is not yet: the time, and what the user calls it."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}" + (f"-{_plain(name)}" if _plain(name) else "")
    names = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
    return next(each for each in names if not (runs / each).exists())


def _plain(name: str) -> str:
    """Return a name as a folder can have it anywhere."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60]


def _start(run: RunFolder, arguments: Sequence[str]) -> None:
    """Start a process that trains, in a session of its own: it outlives this one."""
    run.forget_stop()
    command = [sys.executable, "-m", "scheduler_core", "train", *arguments]
    with (run.path / OUTPUT).open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stand_back(process.pid)
    note = {
        "pid": process.pid,
        "born": born(process.pid),
        "host": socket.gethostname(),
        "at": datetime.now(UTC).isoformat(),
        "command": command,
    }
    write_aside(run.path / LAUNCH, json.dumps(note, indent=1).encode())
    # Somebody has to take note of its end, or it stays in the list of processes.
    threading.Thread(target=process.wait, daemon=True, name=f"wait-{process.pid}").start()
