"""Threads and processes of one machine: results in order, and an end to what is not wanted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from scheduler_core.errors import ConfigError, ExecutorError
from scheduler_core.executors import Executor, LocalExecutor, ProcessExecutor

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 60


@pytest.fixture(params=[LocalExecutor, ProcessExecutor])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Return two threads, or two processes."""
    made = request.param(2)
    yield made
    if isinstance(made, ProcessExecutor):
        made.close()


def fail_at_two(number: int) -> int:
    """Return other numbers."""
    if number == 2:
        raise ConfigError("number: must not be 2")
    return number


def die(number: int) -> int:
    """Die as a process that the system kills."""
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def mark(folder: Path, number: int) -> None:
    """Leave a file that says that this has begun, and another, when it may end, that it has."""
    (folder / f"begun-{number}").write_text(str(os.getpid()))
    deadline = time.monotonic() + SECONDS
    while not (folder / "end").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    (folder / f"ended-{number}").touch()


def own_process(_: int) -> int:
    """Return the process that this runs in."""
    return os.getpid()


def wait_until(true: object) -> None:
    """Wait until a function returns something true."""
    deadline = time.monotonic() + SECONDS
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    """Return whether a process runs."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_executors_keep_the_order_and_raise_what_the_work_raises(executor: Executor) -> None:
    """More work than threads or processes, none at all, and work that fails."""
    assert executor.map(abs, range(0, -9, -1)) == list(range(9))
    assert executor.map(abs, []) == []
    with pytest.raises(ConfigError, match="number: must not be 2"):
        executor.map(fail_at_two, range(4))


def test_executors_stop_waiting_when_check_raises(executor: Executor, tmp_path: Path) -> None:
    """At once, not when the work that has begun is done."""

    def check() -> None:
        raise TimeoutError("enough")

    with pytest.raises(TimeoutError, match="enough"):
        executor.map(partial(mark, tmp_path), range(3), check)
    assert not list(tmp_path.glob("ended-*"))
    (tmp_path / "end").touch()


def test_process_executor_keeps_its_processes_until_it_is_closed() -> None:
    """To start one takes seconds, where it imports PyTorch."""
    executor = ProcessExecutor(1)
    first, second = (executor.map(own_process, [0])[0] for _ in range(2))
    assert first == second != os.getpid()
    executor.close()
    wait_until(lambda: not is_alive(first))
    assert executor.map(own_process, [0]) != [first]
    executor.close()


def test_process_executor_says_that_a_process_died() -> None:
    """One that was killed returns nothing, and would be waited for in vain."""
    with pytest.raises(ExecutorError, match=r"a process died over its work, .*; run fewer at once"):
        ProcessExecutor(1).map(die, [1])


def test_process_executor_ends_the_work_when_check_raises(tmp_path: Path) -> None:
    """Nobody goes on writing to the folder of a run that was given up."""

    def check() -> None:
        if (tmp_path / "begun-0").exists():
            raise TimeoutError("enough")

    with pytest.raises(TimeoutError):
        ProcessExecutor(1).map(partial(mark, tmp_path), range(2), check)
    process = int((tmp_path / "begun-0").read_text() or 0)
    wait_until(lambda: not is_alive(process))
    assert [path.name for path in tmp_path.iterdir()] == ["begun-0"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_process_executor_ends_with_the_process_that_has_it(tmp_path: Path) -> None:
    """Also when that one is killed, so that the next can take over the folders at once."""
    program = (
        "from functools import partial; from pathlib import Path\n"
        "from scheduler_core.executors import ProcessExecutor\n"
        "from tests.test_executors import mark\n"
        "if __name__ == '__main__':\n"
        f"    ProcessExecutor(1).map(partial(mark, Path({str(tmp_path)!r})), [0])\n"
    )
    script = tmp_path / "script.py"
    script.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(script)], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        begun = tmp_path / "begun-0"
        wait_until(lambda: begun.exists() and begun.read_text())
        parent.kill()
        parent.wait()
        wait_until(lambda: not is_alive(int(begun.read_text())))
    finally:
        parent.kill()
