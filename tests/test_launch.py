"""Runs in processes of their own: started, stopped, ended, gone on with, deleted."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.training import RunFolder, train
from scheduler_core.training.launch import delete, end_now, find_runs, launch, relaunch, stop
from scheduler_core.training.processes import NICENESS, born
from scheduler_core.training.standing import LAUNCH, standing, started_at
from tests.test_training import TINY

LONG = replace(TINY, timesteps=10_000_000)
SECONDS = 300.0
"""Most that a test waits: launched runs stand back behind all else that this machine does."""


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """Return a folder of runs, of which none outlives its test."""
    yield tmp_path
    for run in find_runs(tmp_path):
        if standing(run).is_live:
            end_now(run)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Return a process that does nothing, and leads a session of its own."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(command, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def note_of(process: subprocess.Popen[bytes], **other: object) -> dict[str, object]:
    """Return what is written down of a process that was started."""
    note: dict[str, object] = {
        "pid": process.pid,
        "born": born(process.pid),
        "host": socket.gethostname(),
        "at": datetime.now(UTC).isoformat(),
    }
    return note | other


def run_with_note(folder: Path, note: dict[str, object]) -> RunFolder:
    """Return a run that has come to nothing but the note of its process."""
    folder.mkdir(parents=True)
    (folder / LAUNCH).write_text(json.dumps(note))
    return RunFolder(folder)


def test_a_launched_run_pauses_is_killed_and_goes_on(runs: Path) -> None:
    """With a copy of its snapshot; behind other processes; idle while it pauses."""
    data = Path("data/10_jobs.json").read_bytes()
    config = replace(LONG, task=replace(TINY.task, data=("mine.json",)))
    run = launch(runs, config, name="my run/1", snapshots={"mine.json": data})
    assert standing(run).is_live
    assert run.path.name.endswith("-my-run-1")
    wait_until(lambda: standing(run).phase == "ppo" or not standing(run).is_live)
    pid = run.read_status()["pid"]
    assert os.getpriority(os.PRIO_PROCESS, pid) == NICENESS
    run.ask_to_pause()
    wait_until(lambda: standing(run).state == "paused")
    seconds = standing(run).seconds
    wait_until(lambda: is_idle(pid))  # its threads end what they have begun
    run.go_on()
    wait_until(lambda: standing(run).state == "running" and standing(run).seconds > seconds)
    os.killpg(pid, signal.SIGKILL)
    wait_until(lambda: standing(run).state == "died")
    assert (run.path / "data" / "mine-json.json").read_bytes() == data
    relaunch(runs, run)
    wait_until(lambda: standing(run).state == "running")
    stop(run)
    wait_until(lambda: standing(run).state == "stopped")
    delete(runs, run)
    assert find_runs(runs) == []


def is_idle(pid: int) -> bool:
    """Return whether a process leaves the processor to others for a while."""
    before = cpu_seconds(pid)
    time.sleep(0.3)
    return cpu_seconds(pid) - before < 0.1


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_run_that_fails_to_start_says_why(tmp_path: Path) -> None:
    """Its snapshot is not there: the last word of the process is shown, and nothing is silent."""
    gone = replace(TINY, task=replace(TINY.task, data=("gone.json",)))
    run = launch(tmp_path, gone)
    assert standing(run).state == "starting"
    wait_until(lambda: not standing(run).is_live)
    now = standing(run)
    assert now.state == "failed to start"
    assert now.error is not None
    assert "gone.json" in now.error
    assert [each.path for each in find_runs(tmp_path)] == [run.path]
    with pytest.raises(ConfigError, match="cannot be resumed, its state is failed to start"):
        relaunch(tmp_path, run)


def test_a_run_stopped_before_it_begins_is_stopped(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    """Who stops it wants that: it is no failure. The next start is a new one, which may fail."""
    run = run_with_note(tmp_path / "run", note_of(sleeper))
    stop(run)
    sleeper.wait()
    now = standing(run)
    assert (now.state, now.error) == ("stopped", None)
    run.forget_stop()
    assert standing(run).state == "failed to start"


def test_a_run_that_goes_on_already_is_not_resumed(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    """Two windows, two clicks: the second is told so, not to start a new run."""
    run = run_with_note(tmp_path / "run", note_of(sleeper))
    with pytest.raises(ConfigError, match="run run: goes on already, its state is starting"):
        relaunch(tmp_path, run)


def test_runs_stand_in_the_order_in_which_they_began(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    """Not in that of their last words; one that has said none has its place among them too."""
    noon = datetime.now(UTC).replace(hour=12, minute=0)
    for minute, name in enumerate(("first", "second", "third")):
        began = (noon + timedelta(minutes=minute)).isoformat(timespec="seconds")
        run = run_with_note(tmp_path / name, note_of(sleeper, at=began))
        if name != "second":
            (run.path / "log.txt").write_text(f"{began} begun\n")
            run.write_status({"state": "running"})
    RunFolder(tmp_path / "first").write_status({"state": "running"})
    assert [run.path.name for run in find_runs(tmp_path)] == ["third", "second", "first"]


def test_a_third_live_run_is_refused(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    """The sentence names the two; nothing is left of the third."""
    for name in ("one", "two"):
        run_with_note(tmp_path / name, note_of(sleeper))
    with pytest.raises(ConfigError, match=r"2 runs are live \((one, two|two, one)\)"):
        launch(tmp_path, TINY)
    assert len(find_runs(tmp_path)) == 2


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    """One that ignores SIGTERM, as it starts: SIGKILL follows."""
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}; time.sleep(60)"],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    run = run_with_note(tmp_path / "run", note_of(process))
    end_now(run, patience=0.2)
    assert process.wait(5) == -signal.SIGKILL
    process.stdout.close()


@pytest.mark.parametrize("other", [{"born": "another birth"}, {"host": "another host"}])
def test_a_process_that_only_has_the_number_is_never_hit(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], other: dict[str, str]
) -> None:
    """A number is given to another process once its own has ended; another machine has its own."""
    run = run_with_note(tmp_path / "run", note_of(sleeper, **other))
    with pytest.raises(ConfigError, match="no process of this machine trains it"):
        end_now(run)
    assert sleeper.poll() is None


def test_a_live_run_is_not_deleted(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    """Nor is a folder that is not among the runs."""
    run = run_with_note(tmp_path / "runs" / "one", note_of(sleeper))
    with pytest.raises(ConfigError, match="run one: is live; stop it before"):
        delete(tmp_path / "runs", run)
    with pytest.raises(ConfigError, match="only runs in there are deleted"):
        delete(tmp_path / "other", run)
    assert run.path.exists()


def test_a_deleted_run_takes_its_process_with_it(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    """The run has finished; a process that has not ended would still write into the folder."""
    run = run_with_note(tmp_path / "run", note_of(sleeper, at="2025-08-06T08:00:00+00:00"))
    train(TINY, run.path)
    assert not standing(run).is_live
    delete(tmp_path, run)
    assert sleeper.wait(5) == -signal.SIGTERM
    assert not run.path.exists()


def test_a_note_older_than_the_status_is_history(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    """Started in the app once, resumed on the command line later: the later one counts."""
    before = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    run = run_with_note(tmp_path / "run", note_of(sleeper, at=before))
    train(TINY, run.path)
    assert standing(run).state == "finished"
    first = (run.path / "log.txt").read_text().split()[0]
    assert started_at(run) == datetime.fromisoformat(first)
