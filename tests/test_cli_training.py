"""The commands that train: what they print, what they leave, and which code they exit with."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scheduler_core.cli.training import presets, stop_on_signals
from scheduler_core.generator import generate_snapshot
from scheduler_core.policy import PPOScheduler, load_checkpoint
from scheduler_core.snapshot import write_snapshot
from scheduler_core.training import RunFolder, load_config, train
from tests.builders import Call, untrained_scheduler
from tests.test_runs import StopAfter

SETTINGS = [
    "validation_problems=1", "imitation.problems=0", "network.hidden_sizes=[8,8,8]",
    "ppo.learning_rate=1e-3", "ppo.problems_per_update=2", "ppo.epochs=1",
]  # fmt: skip


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """Return a snapshot file of 12 families."""
    path = tmp_path / "shop.json"
    write_snapshot(generate_snapshot(12, 5), path)
    return path


def test_train_leaves_a_run_and_a_policy_that_schedules(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """A tiny run on one snapshot; its best checkpoint is a method like any other."""
    code, text, errors = call(
        "train", "--data", snapshot, "--timesteps", 50, "--seed", 2, "--device", "cpu",
        "--run", tmp_path / "run", "--set", *SETTINGS,
    )  # fmt: skip
    best = tmp_path / "run" / "checkpoints" / "best.safetensors"
    assert (code, errors) == (0, "")
    assert "learning on cpu with " in text
    assert f"best checkpoint: {best}" in text
    config = PPOScheduler.load(best).record["config"]
    assert (config["seed"], config["ppo"]["learning_rate"]) == (2, 1e-3)
    assert config["task"]["data"] == [str(snapshot)]
    assert call("schedule", snapshot, "--model", best, "--out", tmp_path / "s.json")[0] == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["ppo.epochs"], "--set 'ppo.epochs': must be NAME=VALUE"),
        (["ppo.epochs={"], "--set 'ppo.epochs={': the value must be YAML"),
        (["seed=2025-13-45"], "--set 'seed=2025-13-45': the value must be YAML"),
        (["ppo.epoch=3"], "ppo.epoch: is not a setting"),
        (["ppo=5", "ppo.epochs=3"], "ppo: must be a mapping of settings, got 5"),
        (["ppo.gamma=.nan"], "ppo.gamma: must be finite"),
        (["network.hidden_sizes=[8, 8, 1000000]"], "hidden_sizes: must be three counts from 1 to"),
    ],
)
def test_train_with_a_faulty_setting_is_refused_before_it_starts(
    call: Call, tmp_path: Path, settings: list[str], message: str
) -> None:
    """The message names the setting, and no run is left behind."""
    code, text, errors = call("train", "--run", tmp_path / "run", "--set", *settings)
    assert (code, text) == (1, "")
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_train_says_what_fine_tuning_gained_and_what_was_forgotten(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """On the user's own snapshots, and on others."""
    start = tmp_path / "start.safetensors"
    untrained_scheduler().save(start)
    code, text, _ = call(
        "train", "--data", snapshot, "--init", start, "--timesteps", 50, "--device", "cpu",
        "--run", tmp_path / "run", "--set", *SETTINGS,
    )  # fmt: skip
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    before, after = (result[name]["to_best_rule"] for name in ("start", "metrics"))
    assert code == 0
    assert f"on your snapshots: {before:.3f} -> {after:.3f} of the best rule's" in text
    assert "on other shops: " in text


def test_a_run_is_listed_stopped_and_resumed(call: Call, tmp_path: Path) -> None:
    """By its folder; only what changes nothing but speed may be set anew."""
    run = tmp_path / "runs" / "one"
    config = load_config(None, {"validation_problems": 1, "timesteps": 10_000,
                                "imitation.problems": 0, "network.hidden_sizes": [8, 8, 8],
                                "ppo.problems_per_update": 1})  # fmt: skip
    train(config, run, should_stop=StopAfter(2))
    assert call("runs")[1].splitlines()[1].split()[:3] == ["runs/one", "stopped", "ppo"]
    code, _, errors = call("stop", run)
    assert code == 1
    assert errors.startswith("run one: is not being trained; its state is stopped, perhaps by way ")
    code, _, errors = call("train", "--resume", run, "--seed", 3)
    assert code == 1
    assert errors.startswith("seed: cannot change when a run resumes")
    code, text, _ = call("train", "--resume", run, "--device", "cpu", "--set", "save_seconds=1")
    assert (code, "finished after" in text) == (0, True)
    code, _, errors = call("train", "--resume", "nowhere")
    assert code == 1
    assert errors.startswith("run nowhere: is not here; it was deleted meanwhile, or never was; ")
    assert call("runs", tmp_path / "empty")[1] == f"no runs in {tmp_path / 'empty'}\n"


def test_train_that_stops_before_a_validation_names_no_checkpoint(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is none yet to schedule with."""
    monkeypatch.setattr("scheduler_core.cli.training.stop_on_signals", stopping_at_once)
    code, text, _ = call("train", "--device", "cpu", "--run", tmp_path / "run", "--set", *SETTINGS)
    assert code == 0
    assert "no checkpoint to use yet" in text
    assert "inf" not in text
    assert "best.safetensors" not in text


@contextmanager
def stopping_at_once() -> Iterator[Callable[[], bool]]:
    """Stand for a user who has pressed Ctrl-C already."""
    yield lambda: True


def test_train_takes_a_table(call: Call, tmp_path: Path) -> None:
    """Wherever a snapshot is read, a table may stand."""
    table = Path(__file__).resolve().parents[1] / "data" / "10_jobs.csv"
    code, text, _ = call(
        "train", "--data", table, "--timesteps", 30, "--device", "cpu", "--run", tmp_path / "run",
        "--set", *SETTINGS,
    )  # fmt: skip
    assert (code, "finished after" in text) == (0, True)


def test_train_by_preset_takes_the_settings_that_ship(call: Call, tmp_path: Path) -> None:
    """All of them but what is set besides."""
    assert {"fast", "dispatch", "makespan", "guide"} <= set(presets())
    code, _, _ = call(
        "train", "--preset", "fast", "--timesteps", 1, "--run", tmp_path / "run", "--set",
        *SETTINGS,
    )  # fmt: skip
    assert code == 0
    config = load_config(tmp_path / "run" / "config.yaml")
    assert (config.validate_every, config.ppo.averaging) == (10, 0.9)
    assert config.network.hidden_sizes == (8, 8, 8)


def test_ctrl_c_asks_to_stop_and_a_second_one_interrupts() -> None:
    """What has been learned is kept the first time; the second time somebody is in a hurry."""
    with stop_on_signals() as asked:
        assert not asked()
        os.kill(os.getpid(), signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def curriculum_options(snapshot: Path) -> list[Any]:
    """Return a curriculum of two tiny stages."""
    return ["--stages", snapshot, "6-8", "--timesteps", 30, 40, "--device", "cpu",
            "--set", *SETTINGS]  # fmt: skip


def test_curriculum_prints_each_stage_and_what_the_last_policy_does_everywhere(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """And writes the same as JSON."""
    out = tmp_path / "results.json"
    code, text, _ = call(
        "curriculum", *curriculum_options(snapshot), "--run", tmp_path / "c", "--json", out
    )
    assert code == 0
    assert "shop: passed, completion 100%" in text
    assert "6 to 8 families: passed, completion 100%" in text
    table = text[text.index("the last policy on") :].splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["shop", "6"]
    assert set(json.loads(out.read_text())["final"]) == {"shop", "6 to 8 families"}


def test_curriculum_whose_threshold_is_missed_exits_with_1(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """Nothing costs a thousandth of what the best rule does."""
    code, text, _ = call(
        "curriculum", *curriculum_options(snapshot), "--cost-threshold", 0.001, 0,
        "--on-miss", "stop", "--run", tmp_path / "c",
    )  # fmt: skip
    assert code == 1
    assert "shop: missed" in text
    assert not (tmp_path / "c" / "stage-2").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--timesteps", 5], "--stages: must be given with thresholds or timesteps"),
        (
            ["--stages", "6", "7", "8", "--timesteps", 5, 6],
            "--timesteps: must be one value, or one for each of 3 stages, got 2",
        ),
        (
            ["--stages", "6", "--success-threshold", 2],
            "stages.success_threshold: must be in [0, 1], got 2",
        ),
        (["--stages", "6", "absent.json"], "absent.json: cannot be read"),
    ],
)
def test_curriculum_with_a_wrong_option_says_so_in_a_sentence(
    call: Call, options: list[Any], message: str
) -> None:
    """Which one, and what is missing."""
    code, _, errors = call("curriculum", *options, "--run", "c")
    assert code == 1
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert not Path("c").exists()


def test_transfer_prints_what_the_policy_is_worth(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """At once, fine-tuned, and beside one from scratch."""
    source, out = tmp_path / "source.safetensors", tmp_path / "t.json"
    untrained_scheduler().save(source)
    code, text, _ = call(
        "transfer", "--source", source, "--data", snapshot, "--timesteps", 40, "--device", "cpu",
        "--run", tmp_path / "t", "--json", out, "--set", *SETTINGS,
    )  # fmt: skip
    found = json.loads(out.read_text())
    assert code == 0
    for name, line in (("at_once", "the policy as it was"), ("fine_tuned", "fine-tuned"),
                       ("from_scratch", "from scratch")):  # fmt: skip
        (row,) = (each for each in text.splitlines() if each.startswith(line))
        assert f"{found[name]:.3f}" in row
    tuned = RunFolder(tmp_path / "t" / "fine-tuned").checkpoint("last")
    assert load_checkpoint(tuned).record["init_sha256"] == load_checkpoint(source).sha256
