"""Stored schedules, scored at once: against the plain figures, one schedule at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.objective import RewardWeights, delay_cost, measure, score, score_terms
from scheduler_core.outcomes import BETTER, TERMS, Outcome, Outcomes, trade_off_front
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.rules import RULES, dispatch
from scheduler_core.schedule import Schedule
from tests.builders import one_machine
from tests.properties.strategies import problems
from tests.test_objective import reward_weights

HOUR = SECONDS_PER_HOUR
SOME = ("edd", "spt", "random")


def judged(problem: Problem, schedules: list[Schedule]) -> Outcomes:
    """Return the outcomes of some schedules side by side."""
    return Outcomes(problem, [Outcome.of(problem, each) for each in schedules])


@st.composite
def shops_with_schedules(draw: Any) -> tuple[Problem, list[Schedule]]:
    """Return a strategy of problems with schedules, one of which may lack its last task."""
    problem = draw(problems())
    schedules = [dispatch(problem, rule) for rule in SOME]
    if draw(st.booleans()):
        schedules[0] = replace(schedules[0], tasks=schedules[0].tasks[:-1])
    return problem, schedules


@given(case=shops_with_schedules(), weights=reward_weights())
def test_outcomes_scores_equal_those_of_each_schedule(
    case: tuple[Problem, list[Schedule]], weights: RewardWeights
) -> None:
    """Score, its terms and the delay cost, from arrays and from the definition."""
    problem, schedules = case
    outcomes = judged(problem, schedules)
    for found, expected in (
        (outcomes.scores(weights), [score(problem, each, weights) for each in schedules]),
        (outcomes.delay_costs(weights), [delay_cost(problem, each, weights) for each in schedules]),
        (
            outcomes.terms(weights),
            [[score_terms(problem, each, weights)[name] for name in TERMS] for each in schedules],
        ),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6)


@given(case=shops_with_schedules())
def test_outcomes_figures_equal_those_of_each_schedule(
    case: tuple[Problem, list[Schedule]],
) -> None:
    """Every figure has the name and the value that it has in `Metrics`."""
    problem, schedules = case
    figures = judged(problem, schedules).figures
    assert set(figures) == set(BETTER)
    metrics = [measure(problem, each, RewardWeights()) for each in schedules]
    for name in set(BETTER) - {"urgent_tardiness_hours"}:
        expected = [getattr(each, name) for each in metrics]
        np.testing.assert_allclose(figures[name], expected, rtol=1e-12, err_msg=name)


@given(problem=problems(), weights=reward_weights(), rule=st.sampled_from(RULES))
def test_score_terms_add_up_to_the_score(
    problem: Problem, weights: RewardWeights, rule: str
) -> None:
    """No point is lost and none is counted twice."""
    schedule = dispatch(problem, rule)
    terms = score_terms(problem, schedule, weights)
    size = sum(map(abs, terms.values()))
    total = score(problem, schedule, weights)
    assert sum(terms.values()) == pytest.approx(total, rel=1e-12, abs=1e-12 * size)


def test_score_terms_of_two_families_equal_hand_arithmetic() -> None:
    """One is a day early and weighs 2, the other two days late; the last task ends after 4 days."""
    problem = one_machine([24 * HOUR, 72 * HOUR], [48 * HOUR, 48 * HOUR], [2.0, 1.0])
    weights = RewardWeights(makespan_penalty_per_day=-7.0)
    assert score_terms(problem, dispatch(problem, "spt"), weights) == {
        "on_time_reward": 2 * 100,
        "early_bonus_per_day": 2 * 50,
        "late_penalty_per_day": -30 * 2,
        "makespan_penalty_per_day": -7 * 4,
    }


def test_urgent_tardiness_counts_urgent_families_only() -> None:
    """Both families are late, by 1 and 3 hours; the second one is urgent."""
    problem = one_machine([HOUR, 2 * HOUR], [0, 0])
    first, second = problem.families
    problem = replace(problem, families=(first, replace(second, is_urgent=True)))
    figures = judged(problem, [dispatch(problem, "spt")]).figures
    assert figures["total_tardiness_hours"].tolist() == [4]
    assert figures["urgent_tardiness_hours"].tolist() == [3]


def test_moved_counts_tasks_with_another_start() -> None:
    """A task of 1 h and one of 3 h in the other order: both start elsewhere; none without it."""
    problem = one_machine([HOUR, 3 * HOUR, HOUR], [0, 0, 0])
    short, long = (Outcome.of(problem, dispatch(problem, rule)) for rule in ("spt", "lpt"))
    assert short.moved(short) == 0
    assert short.moved(long) == 3


def test_rules_but_the_weighted_ones_follow_no_weights() -> None:
    """What is stored of the others need not be made anew when a weight changes."""
    problem = one_machine([HOUR, 3 * HOUR, 2 * HOUR], [HOUR, 2 * HOUR, 3 * HOUR], [1.0, 2.0, 5.0])
    changed = RewardWeights(urgent_multiplier=5.0, on_time_reward=0.0)
    families = tuple(replace(each, is_urgent=each.weight == 1.0) for each in problem.families)
    problem = replace(problem, families=families)
    for rule in set(RULES) - {"atc", "covert"}:
        assert dispatch(problem, rule, weights=changed).tasks == dispatch(problem, rule).tasks


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] <= other[1]


_grid = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12)


@given(points=_grid, left=st.booleans(), down=st.booleans())
def test_front_is_what_no_point_beats(
    points: list[tuple[int, int]], left: bool, down: bool
) -> None:
    """Against every pair of points; each place on the front is there once, from left to right."""
    signs = (1 if left else -1, 1 if down else -1)
    across, up = (np.array(each, np.float64) for each in zip(*points, strict=True))
    front = trade_off_front(across, up, ("low" if left else "high", "low" if down else "high"))
    cost = [(signs[0] * x, signs[1] * y) for x, y in points]
    unbeaten = {points[i] for i, each in enumerate(cost) if not any(_beats(o, each) for o in cost)}
    assert [points[i] for i in front] == sorted(unbeaten)
