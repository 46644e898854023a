"""What is written as JSON holds no NaN and no infinity: most readers refuse both."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scheduler_core.evaluation import Comparison, Evaluation
from scheduler_core.files import finite_or_none
from scheduler_core.training import TrainingConfig, load_config, train


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.5, 0.5), (-3.0, -3.0), (np.inf, None), (-np.inf, None), (np.nan, None)],
)
def test_finite_or_none_keeps_what_json_has_only(value: float, written: float | None) -> None:
    """JSON has numbers and null."""
    assert finite_or_none(value) == written


def test_evaluation_with_an_infinite_ratio_is_written_as_null() -> None:
    """A rival without any cost, and a method with some: the ratio is no number."""
    lost = Comparison(
        "edd", np.inf, (1.5, np.inf), np.inf, (np.inf, np.inf), np.inf, wins=0, ties=0, losses=1
    )
    found = Evaluation("ppo", 1, 1.0, 0, 0.5, 0.1, 0.1, 0.1, (lost,))
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    (comparison,) = document["comparisons"]
    assert (comparison["mean_ratio"], comparison["interval"]) == (None, [1.5, None])
    assert (comparison["total_ratio"], comparison["iqm_ratio"]) == (None, None)
    assert comparison["iqm_interval"] == [None, None]
    assert (comparison["rival"], comparison["losses"]) == ("edd", 1)


@pytest.fixture
def diverging() -> TrainingConfig:
    """Return settings whose first step throws the weights beyond all bounds."""
    small = {
        "timesteps": 1,
        "validation_problems": 1,
        "task.min_families": 5,
        "task.max_families": 5,
        "network.hidden_sizes": [8, 8, 8],
        "imitation.problems": 0,
        "ppo.problems_per_update": 2,
        "ppo.rollouts_per_problem": 2,
        "ppo.minibatch_size": 2,
        "ppo.learning_rate": 1e30,
    }
    return load_config(None, small)


def test_train_that_diverges_writes_null_for_what_is_no_number(
    diverging: TrainingConfig, tmp_path: Path
) -> None:
    """The app reads these files while the run goes on: each line stays JSON."""
    train(diverging, tmp_path)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    metrics = [json.loads(line, parse_constant=refuse) for line in lines]
    assert any(value is None for line in metrics for value in line.values())
    json.loads((tmp_path / "status.json").read_text(), parse_constant=refuse)
