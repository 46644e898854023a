"""Sweeps: every trial follows from the seed, the best comes through, and nothing is lost."""

from __future__ import annotations

import json
import math
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scheduler_core.cli import main
from scheduler_core.errors import ConfigError
from scheduler_core.executors import Executor, LocalExecutor, ProcessExecutor
from scheduler_core.training import RunFolder, TrainingConfig, load_config
from scheduler_core.training.config import config_yaml
from scheduler_core.training.settings import PPOConfig
from scheduler_core.tuning import (
    SweepResult,
    SweepSettings,
    Trial,
    load_space,
    parse_space,
    run_sweep,
    start_sweep,
)
from scheduler_core.tuning.space import grid
from scheduler_core.tuning.trials import TrialReport, TrialWork, run_trial
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
    return TrialReport(far + 100 / work.until, 1.0)


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


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("1e-5..1e-3 log", {"low": 1e-5, "high": 1e-3, "log": True, "step": None}),
        ("0.1..0.5 step 0.2", {"low": 0.1, "high": 0.5, "log": False, "step": 0.2}),
        ({"low": "1e-4", "high": 1}, {"low": 1e-4, "high": 1.0, "log": False, "step": None}),
        ([0.5, 1], {"choices": [0.5, 1]}),
    ],
)
def test_parse_space_takes_texts_lists_and_mappings(given: object, meant: object) -> None:
    """And gives what it reads back to the same."""
    space = parse_space({"ppo.entropy_coef": given}, None)
    document = {name: what.to_document() for name, what in space.items()}
    assert document == {"ppo.entropy_coef": meant}
    assert parse_space(document, None) == space


@pytest.mark.parametrize(
    ("name", "what", "message"),
    [
        ("ppo.learning_rat", [1], "ppo.learning_rat: is not a setting; the settings here are lea"),
        ("ppo.epochs", [1.5], "ppo.epochs: must be of type int, got 1.5"),
        ("ppo.epochs", "0..3", "ppo.epochs: must be > 0, got 0"),
        ("ppo.epochs", "1..2.5", "ppo.epochs: must be of type int, got 2.5"),
        ("ppo.gamma", "0.9..1.1", "ppo.gamma: must be <= 1, got 1.1"),
        ("ppo.overlap", "0..1", "ppo.overlap: must be of type bool, got 0"),
        ("ppo", [1], "ppo: must be a mapping of settings, got 1"),
        ("ppo.gamma", [], "ppo.gamma: choices must be a list of values"),
        ("ppo.gamma", "much", "ppo.gamma: must be a list of choices, or a range such as"),
        ("ppo.gamma", {"from": 1}, "ppo.gamma: must be a list of choices, or a range such as"),
        ("ppo.gamma", "0.5..0.5", "ppo.gamma: low must be a number below high"),
        ("ppo.gamma", {"low": 0.5}, "ppo.gamma: low must be a number below high"),
        ("ppo.gamma", "0.1..1 step 0", "ppo.gamma: step must be a number > 0"),
        ("ppo.entropy_coef", "0..1 log", "ppo.entropy_coef: low must be > 0 for log, got 0"),
        ("seed", [1, 2], "seed: cannot be searched, for trials could not be compared"),
        ("timesteps", [1, 2], "timesteps: cannot be searched"),
    ],
)
def test_parse_space_of_a_faulty_setting_names_it_and_the_rule(
    name: str, what: object, message: str
) -> None:
    """Unknown, of another type, out of range, or what cannot be read."""
    with pytest.raises(ConfigError) as caught:
        parse_space({name: what}, None)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_load_space_reads_a_file_or_says_what_is_wrong(tmp_path: Path) -> None:
    """A file of two settings, none, and one that is no mapping."""
    path = tmp_path / "space.yaml"
    path.write_text("ppo.learning_rate: 1e-5..1e-1 log\nppo.epochs: [1, 2, 3]\n")
    assert load_space(path, None) == SPACE
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read"):
        load_space(tmp_path / "absent.yaml", None)
    path.write_text("- 1")
    with pytest.raises(ConfigError, match="must be a mapping of settings to ranges"):
        load_space(path, None)


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


def test_grid_of_a_range_without_a_step_is_refused(tmp_path: Path) -> None:
    """There is no end of numbers in it."""
    with pytest.raises(ConfigError, match=r"ppo\.learning_rate: a grid needs choices, or a step"):
        start_sweep(TINY, SweepSettings(SPACE, "grid"), tmp_path)
    assert not list(tmp_path.iterdir())
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
    result = swept(tmp_path, SweepSettings(RATES, trials=2), run=lambda _: TrialReport(math.inf, 1))
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


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of settings that train in a second."""
    path = tmp_path_factory.mktemp("settings") / "tiny.yaml"
    path.write_text(config_yaml(TINY))
    return path


def test_run_trial_in_rungs_equals_one_run_and_needs_no_folder(tmp_path: Path) -> None:
    """The files that come back are those that a run leaves here, metrics to the byte."""
    here, there = tmp_path / "here", tmp_path / "there"
    whole = run_trial(TrialWork(0, TINY, here, TINY.timesteps))
    files: dict[str, bytes] = {}
    values = []
    for until in (20, 60, TINY.timesteps):
        report = run_trial(TrialWork(0, TINY, there, until, files))
        files = dict(report.files or {})
        values.append(report.value)
    assert not there.exists()
    assert values[-1] == whole.value
    assert files["metrics.jsonl"] == RunFolder(here).metrics.read_bytes()
    assert {"config.yaml", "status.json", "checkpoints/best.safetensors"} <= set(files)
    again = run_trial(TrialWork(0, TINY, here, TINY.timesteps))  # it has finished
    assert (again.value, again.seconds) == (whole.value, 0)


def test_sweep_command_of_seeds_prints_their_mean_and_deviation(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is searched; each seed has a folder with all that a run has."""
    folder = tmp_path / "seeds"
    assert main(["sweep", "--config", str(tiny), "--seeds", "1", "2", "--out", str(folder)]) == 0
    printed = capsys.readouterr().out
    trial = json.loads((folder / "trials.json").read_text())["trials"][0]
    values = list(trial["seeds"].values())
    assert re.search(rf"^mean +{sum(values) / 2:.4f}$", printed, re.MULTILINE)
    assert re.search(rf"^sd +{abs(values[0] - values[1]) / 2**0.5:.4f}$", printed, re.MULTILINE)
    for seed in (1, 2):
        run = RunFolder(folder / "trial-0" / f"seed-{seed}")
        assert load_config(run.config).seed == seed
        assert run.checkpoint("best").exists()
        assert run.read_status()["state"] == "finished"
    assert load_config(folder / "best.yaml") == replace(TINY, seed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "sweep: has nothing to search; give --space or --search, or several --seeds"),
        (["--search", "ppo.epochs"], "--search 'ppo.epochs': must be NAME=RANGE"),
        (["--search", "ppo.epoch=[1]"], "ppo.epoch: is not a setting"),
        (["--resume", "x", "--trials", "3", "--seed", "1"], "--seed: belongs to the sweep in x"),
        (["--resume", "absent"], "sweep absent: is not the folder of a sweep"),
        (["--search", "ppo.epochs=[1]", "--address", "nowhere"], "cluster.address: must be empty"),
    ],
)
def test_sweep_command_that_cannot_be_says_why(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """With exit code 1, and before any training."""
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_sweep_command_killed_in_the_middle_is_gone_on_with(tmp_path: Path, tiny: Path) -> None:
    """By SIGKILL, with its processes at work; in the end it is the sweep that nobody killed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scheduler_core", "sweep"]
    options = ["--config", str(tiny), "--search", "ppo.learning_rate=1e-4..1e-1 log"]
    options += ["--trials", "3", "--parallel", "2", "--rungs", "2", "--pruner", "none"]
    call = partial(subprocess.run, env=environment, check=True, capture_output=True, text=True)
    call([*command, *options, "--out", str(tmp_path / "whole")])
    started = [*command, *options, "--out", str(tmp_path / "killed")]
    with subprocess.Popen(
        started, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("sweep: ")
        assert process.stdout.readline().startswith("trial 0 after")
        process.kill()
    done = call([*command, "--resume", str(tmp_path / "killed")])
    assert "best: trial" in done.stdout
    documents = [
        json.loads((tmp_path / name / "trials.json").read_text()) for name in ("whole", "killed")
    ]
    for document in documents:
        assert document["state"] == "finished"
        for trial in document["trials"]:
            del trial["seconds"]
    assert documents[0] == documents[1]
    for number in range(3):
        metrics = [
            (tmp_path / name / f"trial-{number}" / "metrics.jsonl").read_bytes()
            for name in ("whole", "killed")
        ]
        assert metrics[0] == metrics[1]
