"""Sweeps of real trainings: what is in their folders, and the command that makes them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scheduler_core.cli import main
from scheduler_core.errors import ConfigError
from scheduler_core.executors import LocalExecutor
from scheduler_core.policy import load_checkpoint
from scheduler_core.training import RunFolder, load_config
from scheduler_core.training.config import config_yaml
from scheduler_core.tuning import SweepSettings, parse_space, run_sweep, start_sweep
from scheduler_core.tuning.trials import TrialWork, run_trial
from tests.builders import untrained_scheduler
from tests.test_training import TINY

pytest.importorskip("optuna")

ROOT = Path(__file__).resolve().parents[1]


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
    assert (again.value, again.seconds) == (whole.value, whole.seconds)


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


def test_a_sweep_from_a_checkpoint_begins_with_ppo(tmp_path: Path) -> None:
    """Every run starts from a copy of it, which travels with the folder."""
    start = tmp_path / "start.safetensors"
    untrained_scheduler(9).save(start)
    space = parse_space({"ppo.learning_rate": [1e-2, 1e-4]}, None)
    settings = SweepSettings(space, "grid", pruner="none", rungs=2, parallel=2)
    for name in ("here", "carried"):
        start_sweep(TINY, settings, tmp_path / name, start)
        run_sweep(tmp_path / name, LocalExecutor(1), carry=name == "carried")
    for number in range(2):
        here, there = (
            RunFolder(tmp_path / name / f"trial-{number}") for name in ("here", "carried")
        )
        assert {metrics["phase"] for metrics, _ in here.lines()} == {"ppo"}
        assert there.metrics.read_bytes() == here.metrics.read_bytes()
        record = load_checkpoint(there.checkpoint("last")).record
        assert record["init_sha256"] == load_checkpoint(start).sha256
    with pytest.raises(ConfigError, match=r"network\.dropout: is settled by the checkpoint"):
        start_sweep(
            TINY,
            SweepSettings(parse_space({"network.dropout": [0.0, 0.1]}, None)),
            tmp_path / "other",
            start,
        )


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
