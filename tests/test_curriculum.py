"""Curricula and transfer: one policy over several runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from scheduler_core.errors import ConfigError
from scheduler_core.policy import CandidatePolicy, load_checkpoint
from scheduler_core.training import RunFolder, TrainingResult, train
from scheduler_core.training.config import load_settings
from scheduler_core.training.curriculum import run_curriculum
from scheduler_core.training.settings import CurriculumConfig, StageConfig
from scheduler_core.training.transfer import transfer
from tests.builders import untrained_scheduler
from tests.test_runs import TINY, StopAfter

pytestmark = pytest.mark.usefixtures("checking_all_the_time")
SMALL = "data/10_jobs.json"
TWO_STAGES = CurriculumConfig(
    stages=(
        StageConfig(data=(SMALL,), timesteps=60),
        StageConfig(min_families=6, max_families=8, timesteps=100),
    ),
    training=TINY,
)


def test_a_curriculum_carries_one_policy_from_stage_to_stage(tmp_path: Path) -> None:
    """Each stage begins where the best of the one before ended, on problems of its own."""
    result = run_curriculum(TWO_STAGES, tmp_path / "c")
    assert result.state == "finished"
    assert [each.stage for each in result.attempts] == ["10_jobs", "6 to 8 families"]
    first, second = (RunFolder(tmp_path / "c" / f"stage-{number}") for number in (1, 2))
    carried = load_checkpoint(second.checkpoint("last")).record["init_sha256"]
    assert carried == load_checkpoint(first.checkpoint("best")).sha256
    own, generated = (
        load_checkpoint(run.checkpoint("last")).record["config"]["task"] for run in (first, second)
    )
    assert (own["data"], generated["data"]) == ([SMALL], [])
    assert (generated["min_families"], generated["max_families"]) == (6, 8)
    assert result.final.keys() == {"10_jobs", "6 to 8 families"}
    assert {"to_edd/data/default", "to_edd/default/40"} <= result.final["10_jobs"].keys()
    assert {"to_edd/default/6", "to_edd/default/8"} <= result.final["6 to 8 families"].keys()
    written = json.loads((tmp_path / "c" / "curriculum.json").read_text())
    assert written == json.loads(json.dumps(result.to_dict()))


@pytest.mark.parametrize(
    ("on_miss", "runs", "state"),
    [
        ("repeat", ["stage-1", "stage-1-repeat-1", "stage-1-repeat-2"], "missed"),
        ("stop", ["stage-1"], "missed"),
        ("go_on", ["stage-1", "stage-2"], "finished"),
    ],
)
def test_a_missed_threshold_repeats_stops_or_is_let_pass(
    tmp_path: Path, on_miss: str, runs: list[str], state: str
) -> None:
    """Nothing costs a thousandth of what the best rule does."""
    hard = replace(TWO_STAGES.stages[0], cost_threshold=0.001)
    config = replace(
        TWO_STAGES, stages=(hard, TWO_STAGES.stages[1]), on_miss=on_miss, max_repeats=2
    )
    result = run_curriculum(config, tmp_path)
    assert [each.run for each in result.attempts] == runs
    assert result.state == state
    assert not result.attempts[0].passed
    seeds = {load_settings_of(tmp_path / run)["seed"] for run in runs}
    assert len(seeds) == len(runs)


def load_settings_of(run: Path) -> dict[str, Any]:
    """Return the settings that a run's last checkpoint remembers."""
    return dict(load_checkpoint(RunFolder(run).checkpoint("last")).record["config"])


def test_a_curriculum_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path) -> None:
    """Wherever it was: within the first stage, or within the second."""
    whole = run_curriculum(TWO_STAGES, tmp_path / "whole")
    resumed, asked, states = False, 6, []
    while "finished" not in states:
        result = run_curriculum(
            TWO_STAGES, tmp_path / "parts", resume=resumed, should_stop=StopAfter(asked)
        )
        resumed, asked = True, asked + 6
        states.append(result.state)
    assert states.count("stopped") >= 2
    assert result.final == whole.final
    assert [each.to_best_rule for each in result.attempts] == [
        each.to_best_rule for each in whole.attempts
    ]


def test_a_curriculum_is_told_from_another(tmp_path: Path) -> None:
    """A folder is used once, and resumed with its own settings."""
    run_curriculum(TWO_STAGES, tmp_path, should_stop=StopAfter(0))
    with pytest.raises(ConfigError, match="is there already; name another folder, or resume it"):
        run_curriculum(TWO_STAGES, tmp_path)
    with pytest.raises(ConfigError, match="began with another max_repeats"):
        run_curriculum(replace(TWO_STAGES, max_repeats=7), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "stages: must be one or more"),
        ("stages: [{timesteps: 0}]", "stages.timesteps: must be >= 1, got 0"),
        ("stages: [{success_threshold: 2}]", "stages.success_threshold: must be in [0, 1], got 2"),
        ("stages: [{cost_threshold: -1}]", "stages.cost_threshold: must be >= 0, got -1"),
        (
            "stages: [{min_families: 9, max_families: 8}]",
            "stages.min_families: must be >= 1 and <=",
        ),
        ("stages: [{size: 4}]", "stages[0].size: is not a setting; the settings here are data, "),
        ("{stages: [{}], on_miss: cry}", "on_miss: must be one of repeat, go_on, stop, got 'cry'"),
        ("{stages: [{}], max_repeats: -1}", "max_repeats: must be >= 0, got -1"),
    ],
)
def test_a_faulty_curriculum_names_setting_and_rule(
    tmp_path: Path, text: str, message: str
) -> None:
    """As for a run, with the number of the stage."""
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(CurriculumConfig, tmp_path / "c.yaml")
    assert message in str(caught.value)


def test_transfer_compares_two_runs_on_the_same_problems(tmp_path: Path) -> None:
    """One from the policy, one from nothing, and when the one had got where the other ended."""
    source = tmp_path / "source.safetensors"
    untrained_scheduler().save(source)
    own = replace(TINY, task=replace(TINY.task, data=(SMALL,)))
    stopped = transfer(own, source, tmp_path / "t", should_stop=StopAfter(8))
    assert stopped is None
    result = transfer(own, source, tmp_path / "t")
    assert result is not None
    tuned, scratch = (
        TrainingResult.read(tmp_path / "t" / name) for name in ("fine-tuned", "from-scratch")
    )
    assert tuned
    assert scratch
    assert (result.at_once, result.fine_tuned) == (tuned.start["to_best_rule"], tuned.ratio)
    assert result.from_scratch == scratch.ratio
    assert result.fine_tuned <= result.at_once
    assert (result.seconds_to_equal is not None) == (tuned.ratio <= scratch.ratio)
    sizes = [
        load_settings_of(tmp_path / "t" / name)["network"]["hidden_sizes"]
        for name in ("from-scratch",)
    ]
    assert sizes == [list(untrained_scheduler().network.config.hidden_sizes)]


def test_a_frozen_encoder_stays_as_it_is_while_the_heads_learn(tmp_path: Path) -> None:
    """In imitation and in PPO alike."""
    frozen = replace(TINY, freeze_encoder=True, ppo=replace(TINY.ppo, averaging=0.0))
    train(frozen, tmp_path / "run")
    torch.manual_seed(TINY.seed)
    before = CandidatePolicy(TINY.network).state_dict()
    after = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.safetensors").network
    for name, tensor in after.state_dict().items():
        same = torch.equal(tensor, before[name])
        assert same == (not name.startswith(("scorer", "critic"))) or name.endswith("2.bias")
