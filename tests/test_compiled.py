"""Nobody waits for the compiler without a word."""

from __future__ import annotations

from pathlib import Path

import numba
import pytest

from scheduler_core.cli import main
from scheduler_core.compiled import is_compiled
from scheduler_core.methods import need_compiling
from scheduler_core.rules import dispatch
from tests.builders import one_machine
from ui.plans import waiting_text

SAMPLE = str(Path(__file__).parents[1] / "data" / "10_jobs.json")


@pytest.fixture
def _cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cache look empty."""
    monkeypatch.setitem(vars(numba.config), "CACHE_DIR", str(tmp_path))


def test_compiled_kernels_are_found_in_the_cache() -> None:
    """After a first call; a kernel that does not exist is not."""
    dispatch(one_machine([1, 2]), "edd")
    assert is_compiled("run_rule")
    assert not is_compiled("run_no_rule")
    assert not need_compiling(["edd", "best_rule"])


@pytest.mark.usefixtures("_cold")
def test_first_use_is_announced(capsys: pytest.CaptureFixture[str]) -> None:
    """On the command line and on the page; a faulty snapshot is answered without it."""
    assert main(["compare", SAMPLE, "--methods", "edd"]) == 0
    assert "compiling the simulator, once" in capsys.readouterr().err
    assert "First the simulator is compiled" in waiting_text(one_machine([1]), ["ppo"])
    assert main(["compare", "missing.json", "--methods", "edd"]) == 1
    assert "compiling" not in capsys.readouterr().err
