"""Settings that all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:  # it imports torch, which must come after what is set below
    from tests.builders import Call

# Tests' networks are so small that threads only wait for each other, on a busy machine for long.
# Torch reads this when it is first imported, here and in the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts the tests in the background lets them ignore Ctrl-C, and with them all that
# they start: nothing that is meant to be interrupted would be, such as work on a cluster.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A compiled kernel's first call takes seconds, so no example has a deadline. In CI every run sees
# the same examples: a failure there says something about the change, not about luck.
settings.register_profile("local", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture
def checking_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tiny runs look at every chance whether to stop, so that they can be stopped anywhere."""
    monkeypatch.setattr("scheduler_core.training.watch.BETWEEN_CHECKS", 0.0)


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Call:
    """Return a function that runs a command in a folder of its own."""
    from scheduler_core.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
