"""Sweeps: every trial follows from the seed, the best comes through, and nothing is lost."""

from __future__ import annotations

import json
import math
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.executors import Executor, LocalExecutor, ProcessExecutor
from scheduler_core.training import TrainingConfig, load_config
from scheduler_core.training.settings import PPOConfig
from scheduler_core.tuning import (
    SweepResult,
    SweepSettings,
    Trial,
    parse_space,
    run_sweep,
    start_sweep,
)
from scheduler_core.tuning.space import grid
from scheduler_core.tuning.trials import TrialReport, TrialWork
from tests.test_training import TINY

pytest.importorskip("optuna")

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 60
SPACE = parse_space({"ppo.learning_rate": "1e-5..1e-1 log", "ppo.epochs": [1, 2, 3]}, None)
RATES = parse_space({"ppo.learning_rate": [1e-1, 1e-3, 1e-2, 1e-5, 1e-4, 3e-2]}, None)


def toy(work: TrialWork) -> TrialReport:
    """Return at once what training could have: best at a step size of 1e-3, better with time."""
    ppo, seed = work.config.ppo, work.config.seed
    far = abs(math.log10(ppo.learning_rate) + 3) + 0.1 * ppo.epochs + 0.01 * seed
    return TrialReport(far, far + 100 / work.until, 1.0)


def swept(
    folder: Path,
    settings: SweepSettings,
    executor: Executor | None = None,
    run: Callable[[TrialWork], TrialReport] = toy,
    **options: Any,
) -> SweepResult:
    """Return the result of a new sweep over the toy, of 900 decisions in its whole."""
    start_sweep(TrainingConfig(timesteps=900), settings, folder)
    return run_sweep(folder, executor or LocalExecutor(1), run=run, **options)


def outline(result: SweepResult) -> list[tuple[object, ...]]:
    """Return what must not depend on where, or how often, a sweep ran."""
    return [(t.number, t.state, t.settings, t.rungs, t.seeds) for t in result.trials]


def test_grid_tries_every_combination_once(tmp_path: Path) -> None:
    """Numbers with a step, whole numbers and lists, three at a time."""
    space = parse_space(
        {
            "ppo.clip_coef": "0.1..0.3 step 0.1",
            "ppo.epochs": "1..2",
            "network.hidden_sizes": [[8, 8, 8], [16, 8, 8]],
        },
        None,
    )
    result = swept(tmp_path, SweepSettings(space, "grid", pruner="none", parallel=3))
    found = [tuple(trial.settings.values()) for trial in result.trials]
    clips, epochs, sizes = (0.1, 0.2, 0.3), (1, 2), ([8, 8, 8], [16, 8, 8])
    wanted = [(sizes_, clip, n) for sizes_ in sizes for clip in clips for n in epochs]
    assert sorted(found, key=str) == sorted(
        [(size, pytest.approx(clip), n) for size, clip, n in wanted], key=str
    )
    assert all(trial.state == "complete" for trial in result.trials)


def test_grid_of_a_range_without_a_step_is_refused() -> None:
    """There is no end of numbers in it."""
    with pytest.raises(ConfigError, match=r"ppo\.learning_rate: a grid needs choices, or a step"):
        SweepSettings(SPACE, "grid")
    assert len(grid(parse_space({"ppo.epochs": "1..3"}, None))) == 3


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_sweep_with_one_seed_is_the_same_wherever_it_runs(tmp_path: Path, sampler: str) -> None:
    """One thread, three, or two processes; another seed tries something else."""
    settings = SweepSettings(SPACE, sampler, trials=16, pruner="halving", parallel=3, seed=7)
    processes = ProcessExecutor(2)
    executors: list[Executor] = [LocalExecutor(1), LocalExecutor(3), processes]
    results = [
        outline(swept(tmp_path / str(i), settings, executor))
        for i, executor in enumerate(executors)
    ]
    processes.close()
    assert results[0] == results[1] == results[2]
    assert outline(swept(tmp_path / "other", replace(settings, seed=8))) != results[0]
    assert len({str(trial) for trial in results[0]}) == 16


def test_sweep_finds_what_is_best(tmp_path: Path) -> None:
    """TPE ends near a step size of 1e-3 with one epoch, and the file of it says so."""
    result = swept(tmp_path, SweepSettings(SPACE, trials=30, parallel=2))
    assert result.best is not None
    config = load_config(result.folder.best)
    assert 1e-4 < config.ppo.learning_rate < 1e-2
    assert config.ppo == replace(
        PPOConfig(), learning_rate=config.ppo.learning_rate, epochs=config.ppo.epochs
    )
    assert result.best.value == min(t.value or 9 for t in result.trials if t.state == "complete")
    assert set(result.importances) == set(SPACE)
    assert result.importances["ppo.learning_rate"] > result.importances["ppo.epochs"]


@pytest.mark.parametrize(("pruner", "pruned"), [("median", 1), ("halving", 3), ("none", 0)])
def test_pruning_ends_the_worst_and_never_the_best(
    tmp_path: Path, pruner: str, pruned: int
) -> None:
    """Six step sizes, of which the toy tells from the first rung on which is how good."""
    settings = SweepSettings(RATES, "grid", pruner=pruner, parallel=1)
    result = swept(tmp_path, settings)
    by_state = {
        state: [trial for trial in result.trials if trial.state == state]
        for state in ("complete", "pruned")
    }
    assert len(by_state["pruned"]) >= pruned
    assert len(by_state["complete"]) + len(by_state["pruned"]) == 6
    assert result.best is not None
    assert result.best.settings == {"ppo.learning_rate": 1e-3}
    for trial in by_state["pruned"]:
        assert set(trial.rungs) < {100, 300, 900}
    assert all(set(trial.rungs) == {100, 300, 900} for trial in by_state["complete"])


def test_trials_are_trained_in_rungs_that_grow_threefold(tmp_path: Path) -> None:
    """Each goes on from where it stood; what is asked for is the total."""
    asked: list[tuple[int, int]] = []

    def remember(work: TrialWork) -> TrialReport:
        asked.append((work.number, work.until))
        return toy(work)

    swept(tmp_path, SweepSettings(RATES, trials=2, pruner="none", parallel=2), run=remember)
    assert asked == [(0, 100), (1, 100), (0, 300), (1, 300), (0, 900), (1, 900)]
    assert SweepSettings(RATES, rungs=3).steps(5) == (1, 3, 5)
    assert SweepSettings(RATES, rungs=9).steps(5) == (1, 3, 5)
    assert SweepSettings(RATES, rungs=1).steps(5) == (5,)


def test_a_trial_of_several_seeds_is_worth_their_mean(tmp_path: Path) -> None:
    """Each seed has a folder and a run of its own."""
    folders = []

    def remember(work: TrialWork) -> TrialReport:
        folders.append(work.folder.relative_to(tmp_path).as_posix())
        return toy(work)

    settings = SweepSettings(RATES, trials=1, rungs=1, seeds=(1, 2, 6))
    (trial,) = swept(tmp_path, settings, run=remember).trials
    assert folders == ["trial-0/seed-1", "trial-0/seed-2", "trial-0/seed-6"]
    one = trial.seeds[1]
    assert trial.seeds == {1: one, 2: pytest.approx(one + 0.01), 6: pytest.approx(one + 0.05)}  # type: ignore[operator]
    assert trial.value == pytest.approx(one + 0.02)  # type: ignore[operator]


def test_settings_that_contradict_each_other_fail_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Each is legal alone; of the four combinations one is not."""
    space = parse_space({"task.min_families": [5, 25], "task.max_families": [22, 80]}, None)
    told: list[Trial] = []
    result = swept(tmp_path, SweepSettings(space, "grid", rungs=1), listener=told.append)
    assert sorted(trial.state for trial in result.trials) == ["complete"] * 3 + ["fail"]
    (failed,) = (trial for trial in told if trial.state == "fail")
    assert failed.settings == {"task.min_families": 25, "task.max_families": 22}
    assert "task.min_families: must be >= 1 and <= task.max_families" in failed.error


class Killed(BaseException):
    """What ends a process in the middle of things."""


@pytest.mark.parametrize("end", [0, 1, 3, 6, 9])
def test_a_sweep_that_was_killed_goes_on_as_if_it_had_not_been(tmp_path: Path, end: int) -> None:
    """At any run; no run that was reported is trained again up to the same rung."""
    settings = SweepSettings(SPACE, trials=7, pruner="halving", parallel=2, seed=3)
    whole = swept(tmp_path / "whole" / "sweep", settings)
    done: list[tuple[int, int]] = []

    def counting(work: TrialWork) -> TrialReport:
        done.append((work.number, work.until))
        return toy(work)

    def dying(work: TrialWork) -> TrialReport:
        if len(done) == end:
            raise Killed
        return counting(work)

    folder = tmp_path / "killed" / "sweep"
    with pytest.raises(Killed):
        swept(folder, settings, run=dying)
    result = run_sweep(folder, LocalExecutor(1), run=counting)
    assert outline(result) == outline(whole)
    assert len(done) - len(set(done)) <= 1  # the other run of the round that was cut off
    assert (folder / "best.yaml").read_text() == whole.folder.best.read_text()


def test_a_sweep_that_was_asked_to_stop_can_go_on_and_be_extended(tmp_path: Path) -> None:
    """It says that it has stopped; more trials than at first come after the others."""
    settings = SweepSettings(SPACE, trials=6, parallel=2)
    asked = iter([False] * 5)
    stopped = swept(tmp_path, settings, should_stop=lambda: next(asked, True))
    assert stopped.state == "stopped"
    assert json.loads((tmp_path / "trials.json").read_text())["state"] == "stopped"
    result = run_sweep(tmp_path, LocalExecutor(1), run=toy, trials=9)
    assert result.state == "finished"
    assert [trial.number for trial in result.trials] == list(range(9))


def test_a_run_that_never_learned_anything_leaves_a_sweep_that_can_be_read(tmp_path: Path) -> None:
    """Infinity is no JSON, and never the best."""
    result = swept(
        tmp_path, SweepSettings(RATES, trials=2), run=lambda _: TrialReport(math.inf, math.inf, 1)
    )
    assert result.best is None
    assert [trial.value for trial in result.trials] == [None, None]
    assert json.loads((tmp_path / "trials.json").read_text())["best"] is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "best"}, "sampler: must be one of tpe, random, grid, got 'best'"),
        ({"pruner": "hedge"}, "pruner: must be one of median, halving, none, got 'hedge'"),
        ({"trials": 0}, "trials: must be >= 1, got 0"),
        ({"parallel": 0}, "parallel: must be >= 1, got 0"),
        ({"seeds": ()}, "seeds: must be one or more, each once"),
        ({"seeds": (1, 1)}, "seeds: must be one or more, each once"),
        ({"seeds": (-1,)}, "seed: must be >= 0 and below 2"),
    ],
)
def test_sweep_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    """By name, with the rule and the value."""
    with pytest.raises(ConfigError) as caught:
        SweepSettings(RATES, **settings)
    assert message in str(caught.value)


def test_a_folder_that_holds_a_sweep_or_none_is_refused(tmp_path: Path) -> None:
    """A new sweep needs a new folder, and to go on there must be one."""
    with pytest.raises(ConfigError, match="is not the folder of a sweep"):
        run_sweep(tmp_path, LocalExecutor(1))
    start_sweep(TINY, SweepSettings(RATES), tmp_path)
    with pytest.raises(ConfigError, match="already holds a sweep; go on with it by --resume"):
        start_sweep(TINY, SweepSettings(RATES), tmp_path)


@pytest.mark.parametrize("storage", ["nonsense", "sqlite:////absent/study.db", "other://x/y"])
def test_a_storage_that_cannot_be_opened_is_refused_in_a_sentence(
    tmp_path: Path, storage: str
) -> None:
    """No address, a folder that is not there, an unknown kind."""
    with pytest.raises(ConfigError, match=r"storage .*: cannot be opened \(") as caught:
        swept(tmp_path, SweepSettings(RATES, storage=storage))
    assert "\n" not in str(caught.value)


def test_without_optuna_a_sweep_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence, not in an ImportError."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match="needs Optuna, which is not installed; install the ext"):
        swept(tmp_path, SweepSettings(RATES))


def test_optuna_dashboard_opens_what_a_sweep_leaves(tmp_path: Path) -> None:
    """It lists the study, with its trials and their values at each rung."""
    pytest.importorskip("optuna_dashboard")
    result = swept(tmp_path / "sweep", SweepSettings(SPACE, trials=4, parallel=2))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "optuna_dashboard._cli", "--port", str(port)]
    command += [f"sqlite:///{tmp_path / 'sweep' / 'study.db'}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, **quiet)  # type: ignore[call-overload]
    try:
        (study,) = fetched(f"http://127.0.0.1:{port}/api/studies")["study_summaries"]
        assert study["study_name"] == "sweep"
        found = fetched(f"http://127.0.0.1:{port}/api/studies/{study['study_id']}?after=0")
        assert [trial["number"] for trial in found["trials"]] == [0, 1, 2, 3]
        values = [[each["value"] for each in t["intermediate_values"]] for t in found["trials"]]
        assert values == [list(trial.rungs.values()) for trial in result.trials]
    finally:
        server.terminate()
        server.wait()


def fetched(address: str) -> Any:
    """Return the JSON at an address, once the server answers."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            assert time.monotonic() < deadline, "the dashboard does not answer"
            time.sleep(0.2)
