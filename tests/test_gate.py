"""The criteria by which a policy is fit for use."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.evaluation import Comparison, Evaluation, Gate

TO_EDD = Comparison("edd", 0.8, (0.7, 0.9), 0.75, (0.7, 0.8), 0.8, wins=3, ties=0, losses=0)
GOOD = Evaluation("ppo", 3, 1.0, 0, 0.7, 0.01, 0.01, 0.02, (TO_EDD,))
EDD = replace(GOOD, method="edd", on_time_rate=0.6)


def test_gate_passes_what_keeps_every_limit() -> None:
    """Five criteria, each with its figure and its limit."""
    verdict = Gate().judge(GOOD, EDD)
    assert verdict.passed
    assert [(each.figure, each.relation, each.limit) for each in verdict.checks] == [
        (1.0, ">=", 0.9), (0, "<=", 0), (0.7, ">=", 0.6), (0.02, "<=", 1.0), (0.8, "<", 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({"completion_rate": 0.89}, 0),
        ({"constraint_violations": 1}, 1),
        ({"on_time_rate": 0.59}, 2),
        ({"max_runtime_seconds": 1.01}, 3),
        ({"comparisons": (replace(TO_EDD, mean_ratio=1.0),)}, 4),
        ({"comparisons": (replace(TO_EDD, mean_ratio=math.inf),)}, 4),
        ({"comparisons": (replace(TO_EDD, mean_ratio=math.nan),)}, 4),
    ],
)
def test_gate_fails_by_each_criterion_alone(change: dict[str, Any], failing: int) -> None:
    """A ratio has to be below its limit; as good as EDD is not better."""
    verdict = Gate().judge(replace(GOOD, **change), EDD)
    assert not verdict.passed
    assert [not each.passed for each in verdict.checks] == [i == failing for i in range(5)]


@pytest.mark.parametrize(
    "change",
    [{"completion_rate": 0.9}, {"on_time_rate": 0.6}, {"max_runtime_seconds": 1.0}],
)
def test_gate_passes_what_just_meets_a_limit(change: dict[str, Any]) -> None:
    """On the limit is within it."""
    assert Gate().judge(replace(GOOD, **change), EDD).passed


def test_gate_takes_means_that_differ_by_rounding_for_equal() -> None:
    """0.1 + 0.2 is not 0.3: on the limit all the same, and a ratio of nearly 1 is not below 1."""
    third = 0.1 + 0.2
    assert Gate().judge(replace(GOOD, on_time_rate=0.3), replace(EDD, on_time_rate=third)).passed
    level = replace(GOOD, comparisons=(replace(TO_EDD, mean_ratio=1 - 1e-15),))
    assert not Gate().judge(level, EDD).passed


def test_gate_with_an_absolute_on_time_rate_does_not_ask_for_edds() -> None:
    """70 % on time: more than EDD's 60 %, and less than the 75 % asked for."""
    strict = Gate(min_on_time_rate=0.75).judge(GOOD, EDD)
    assert [each.passed for each in strict.checks] == [True, True, False, True, True]
    assert Gate(min_on_time_rate=0.5).judge(replace(GOOD, on_time_rate=0.55), EDD).passed


def test_gate_judges_the_ratio_that_it_is_asked_for() -> None:
    """A mean of 1.2 fails; the interquartile mean of the same, 0.75, passes."""
    found = replace(GOOD, comparisons=(replace(TO_EDD, mean_ratio=1.2),))
    assert not Gate().judge(found, EDD).passed
    assert Gate().judge(found, EDD, "iqm").passed


def test_verdict_can_be_written_as_json_whatever_the_figures() -> None:
    """An infinite ratio is null."""
    found = replace(GOOD, comparisons=(replace(TO_EDD, mean_ratio=math.inf),))
    document = json.loads(json.dumps(Gate().judge(found, EDD).to_dict(), allow_nan=False))
    assert document["passed"] is False
    assert document["checks"][-1] == {
        "criterion": "delay cost / EDD's, mean",
        "figure": None, "relation": "<", "limit": 1.0, "passed": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"speed": 1}, "gate 'speed' is unknown; the limits are min_completion_rate, max_constr"),
        ({"min_completion_rate": 1.5}, "gate min_completion_rate: must be from 0 to 1, got 1.5"),
        ({"min_on_time_rate": -0.1}, "gate min_on_time_rate: must be from 0 to 1, got -0.1"),
        ({"max_runtime_seconds": math.nan}, "gate max_runtime_seconds: must be >= 0, got nan"),
        ({"max_ratio_to_edd": "low"}, "gate max_ratio_to_edd: must be a number, got 'low'"),
        ({"max_constraint_violations": True}, "gate max_constraint_violations: must be a number"),
        ({"min_completion_rate": None}, "gate min_completion_rate: must be a number, got None"),
    ],
)
def test_gate_limits_that_are_unknown_or_out_of_range_are_refused(
    limits: dict[str, object], message: str
) -> None:
    """By name, with the value found."""
    with pytest.raises(ConfigError, match=message):
        Gate.from_mapping(limits)


def test_gate_is_frozen_and_takes_limits_by_name() -> None:
    """What is left out keeps its default."""
    gate = Gate.from_mapping({"max_runtime_seconds": 0.5, "min_on_time_rate": None})
    assert gate == Gate(max_runtime_seconds=0.5)
    with pytest.raises(FrozenInstanceError):
        gate.max_runtime_seconds = 2.0  # type: ignore[misc]
