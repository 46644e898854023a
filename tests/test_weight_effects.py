"""Which weights cannot matter: no claim that a search over all schedules refutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import SECONDS_PER_HOUR, Lock, Problem
from scheduler_core.weight_effects import outside_training, weights_without_effect
from tests.builders import one_machine
from tests.properties.checkers import all_completions
from tests.properties.strategies import problems

HOUR = SECONDS_PER_HOUR
AGENT = {"sequence_violation", "action_taken_bonus"}
OTHERS = {
    "on_time_reward": (0, 1, 10**6),
    "early_bonus_per_day": (0, 1, 10**6),
    "late_penalty_per_day": (0, -1, -(10**6)),
    "urgent_multiplier": (1, 2, 10**6),
    "makespan_penalty_per_day": (0, -1, -(10**6)),
}
"""What each weight is changed to."""


def ranking(problem: Problem, weights: RewardWeights, ends: Sequence[tuple[int, ...]]) -> list[int]:
    """Return the rank of each schedule by its score, without rounding, equals with equals."""
    points = [_score(problem, weights, each) for each in ends]
    order = sorted(set(points))
    return [order.index(each) for each in points]


def _score(problem: Problem, weights: RewardWeights, ends: tuple[int, ...]) -> Fraction:
    total = Fraction(weights.makespan_penalty_per_day) * max(ends) / 86_400
    for family, end in zip(problem.families, ends, strict=True):
        points = Fraction(weights.on_time_reward if end <= family.due else 0)
        points += Fraction(weights.early_bonus_per_day) * max(0, family.due - end) / 86_400
        points += Fraction(weights.late_penalty_per_day) * max(0, end - family.due) / 86_400
        urgency = weights.urgent_multiplier if family.is_urgent else 1
        total += Fraction(family.weight) * Fraction(urgency) * points
    return total


settings = st.builds(
    RewardWeights,
    on_time_reward=st.sampled_from([0, 100]),
    early_bonus_per_day=st.sampled_from([0, 50]),
    late_penalty_per_day=st.sampled_from([0, -30]),
    urgent_multiplier=st.sampled_from([1, 3]),
    makespan_penalty_per_day=st.sampled_from([0, -20]),
)


@given(problem=problems(max_families=3, max_tasks=2, max_machines=2), weights=settings)
def test_weight_that_cannot_matter_never_changes_a_ranking(
    problem: Problem, weights: RewardWeights
) -> None:
    """All orders of all tasks rank as before, whatever the weight is changed to."""
    assume(all(len(task.machines) == 1 for family in problem.families for task in family.tasks))
    ends = sorted(set(all_completions(problem)))
    before = ranking(problem, weights, ends)
    for name, reason in weights_without_effect(problem, weights).items():
        values = () if name in AGENT else OTHERS[name]
        if "whether it is 0" in reason:
            values = tuple(value for value in values if value)
        for value in values:
            assert ranking(problem, replace(weights, **{name: value}), ends) == before, name


def without(problem: Problem, **weights: float) -> set[str]:
    """Return the names of the weights without effect, those of training left out."""
    return set(weights_without_effect(problem, RewardWeights(**weights))) - AGENT


URGENT_FIRST = (True, False)


def shop(dues: Sequence[int], urgent: Sequence[bool] = URGENT_FIRST) -> Problem:
    """Return two families of 2 and 3 hours on one machine."""
    problem = one_machine([2 * HOUR, 3 * HOUR], [due * HOUR for due in dues])
    families = tuple(
        replace(family, is_urgent=flag)
        for family, flag in zip(problem.families, urgent, strict=True)
    )
    return replace(problem, families=families)


@pytest.mark.parametrize(
    ("problem", "weights", "expected"),
    [
        pytest.param(shop([9, 9]), {}, set(), id="all matter"),
        pytest.param(shop([1, 2]), {"makespan_penalty_per_day": -1},
            {"on_time_reward", "early_bonus_per_day"}, id="all late even alone"),
        pytest.param(shop([2, 3]), {}, {"early_bonus_per_day"}, id="on time at best, never early"),
        pytest.param(shop([9, 9], (False, False)), {}, {"urgent_multiplier"}, id="none urgent"),
        pytest.param(shop([9, 9], (True, True)), {}, {"urgent_multiplier"}, id="all urgent"),
        pytest.param(shop([9, 9], (True, True)), {"makespan_penalty_per_day": -1}, set(),
            id="all urgent, but the makespan counts beside them"),
        pytest.param(shop([9, 9]), {"early_bonus_per_day": 0, "late_penalty_per_day": 0},
            {"on_time_reward"}, id="on time alone counts"),
        pytest.param(shop([1, 9]), {"early_bonus_per_day": 0, "late_penalty_per_day": 0},
            {"on_time_reward", "urgent_multiplier"}, id="the urgent one is lost"),
        pytest.param(shop([9, 1]), {"early_bonus_per_day": 0, "late_penalty_per_day": 0},
            {"on_time_reward", "urgent_multiplier"}, id="only the urgent one can earn"),
    ],
)  # fmt: skip
def test_weights_without_effect_by_hand(
    problem: Problem, weights: dict[str, float], expected: set[str]
) -> None:
    """Families of 2 and 3 hours, the first one urgent: alone they end after 2 and 3 hours."""
    assert without(problem, **weights) == expected


def test_weights_without_effect_where_all_is_locked_are_all() -> None:
    """There is only one schedule, so nothing makes another one better."""
    problem = one_machine([HOUR], [HOUR])
    (family,) = problem.families
    locked = replace(family, tasks=(replace(family.tasks[0], lock=Lock("M", 0)),))
    assert without(replace(problem, families=(locked,))) == set(OTHERS)


def test_weights_of_an_agent_never_have_an_effect() -> None:
    """They are named whatever the shop, each with a sentence."""
    reasons = weights_without_effect(shop([9, 9]), RewardWeights())
    assert set(reasons) == AGENT
    assert all(reason.endswith(".") for reason in reasons.values())


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({}, set()),
        ({"on_time_reward": 6000, "early_bonus_per_day": 3000}, set()),  # times 30, like the rest
        ({"on_time_reward": 6001}, {"on_time_reward"}),
        ({"late_penalty_per_day": 0}, {"on_time_reward", "early_bonus_per_day"}),
        ({"urgent_multiplier": 6}, {"urgent_multiplier"}),
        ({"urgent_multiplier": 0.5}, {"urgent_multiplier"}),
        ({"makespan_penalty_per_day": -60_001}, {"makespan_penalty_per_day"}),
        (MAKESPAN_WEIGHTS.to_dict(), set()),
    ],
)
def test_weights_outside_training_are_named(weights: dict[str, float], expected: set[str]) -> None:
    """A late penalty of 30 is 30 times the smallest one of training: so the others may be too."""
    assert set(outside_training(RewardWeights(**weights))) == expected
