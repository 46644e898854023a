"""Scores, delay cost and every reported figure, against arithmetic done by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.errors import ConfigError
from scheduler_core.objective import (
    RewardWeights,
    delay_cost,
    ideal_score,
    measure,
    score,
)
from scheduler_core.problem import (
    Calendar,
    Downtime,
    Family,
    Lock,
    Machine,
    Problem,
    Task,
    TaskStatus,
)
from scheduler_core.rules import RULES, dispatch
from scheduler_core.schedule import Schedule, ScheduledTask
from tests.properties.strategies import problems

H = 3600
DAY = 24 * H
DEFAULT = RewardWeights()


@pytest.fixture
def shop() -> Problem:
    """Return two machines and three families: one early, one on the dot, one hopeless."""
    return Problem(
        families=(
            Family(
                "early",
                (Task(1, "a", ("M1",), (12 * H,)), Task(2, "b", ("M2",), (12 * H,))),
                due=3 * DAY,
            ),
            Family("exact", (Task(1, "c", ("M1",), (12 * H,)),), due=1 * DAY, weight=2.0),
            Family(
                "late",
                (Task(1, "d", ("M2",), (24 * H,)),),
                due=-12 * H,
                release=6 * H,
                is_urgent=True,
            ),
        ),
        machines=(Machine("M1"), Machine("M2")),
    )


@pytest.fixture
def schedule() -> Schedule:
    """Return a valid schedule: M1 0-12-24 h, M2 12-24 h and 24-48 h."""
    return Schedule(
        (
            ScheduledTask("early", 1, "a", "M1", 0, 12 * H),
            ScheduledTask("exact", 1, "c", "M1", 12 * H, 24 * H),
            ScheduledTask("early", 2, "b", "M2", 12 * H, 24 * H),
            ScheduledTask("late", 1, "d", "M2", 24 * H, 48 * H),
        ),
        method="hand",
        runtime_seconds=0.25,
    )


def test_score_default_weights_equals_hand_arithmetic(shop: Problem, schedule: Schedule) -> None:
    """The formula of the design, family by family."""
    # early: done at 1 d, due at 3 d:        100 + 50 * 2        = 200
    # exact: done at 1 d, due at 1 d:   2 * (100 + 0)            = 200
    # late:  done at 2 d, due at -0.5 d:     -30 * 2.5           = -75
    assert score(shop, schedule, DEFAULT) == 325.0
    # alone: early at 1 d as before, exact at 0.5 d: 2 * (100 + 25), late at 0.25 + 1 d: -30 * 1.75
    assert ideal_score(shop, DEFAULT) == 200 + 250 - 52.5
    assert delay_cost(shop, schedule, DEFAULT) == 397.5 - 325.0


def test_score_urgency_and_makespan_count_when_asked(shop: Problem, schedule: Schedule) -> None:
    """Only the urgent family is multiplied; the makespan is paid once, not by each family."""
    weights = RewardWeights(urgent_multiplier=4.0, makespan_penalty_per_day=-10.0)
    # early 200, exact 200, late 4 * -75 = -300, makespan 2 d: -20
    assert score(shop, schedule, weights) == 80.0
    # 200 + 250 + 4 * -52.5 = 240; the longest family alone ends at 1.25 d: -12.5
    assert delay_cost(shop, schedule, weights) == 227.5 - 80.0


def test_score_incomplete_family_earns_nothing(shop: Problem, schedule: Schedule) -> None:
    """Without its second task the early family has no completion, so no points."""
    partial = Schedule(
        tuple(each for each in schedule if (each.family_id, each.sequence) != ("early", 2)), "hand"
    )
    assert score(shop, partial, DEFAULT) == 200 - 75
    assert set(partial.completions(shop)) == {"exact", "late"}


def test_family_score_steps_at_the_due_time() -> None:
    """On the second of the due time is on time; one second later is late and costs that second."""
    family = Family("A", (Task(1, "a", ("M1",), (H,)),), due=DAY)
    assert DEFAULT.family_score(family, DAY) == 100.0
    assert DEFAULT.family_score(family, DAY + 1) == pytest.approx(-30.0 / 86_400, rel=1e-12)
    assert DEFAULT.family_score(family, DAY - 1) == pytest.approx(100 + 50 / 86_400, rel=1e-12)


def test_agent_weights_do_not_change_the_score(shop: Problem, schedule: Schedule) -> None:
    """Two of the weights speak to an agent in training only."""
    weights = RewardWeights(sequence_violation=-5.0, action_taken_bonus=0.0)
    assert score(shop, schedule, weights) == score(shop, schedule, DEFAULT)


def test_measure_complete_schedule_equals_hand_arithmetic(
    shop: Problem, schedule: Schedule
) -> None:
    """Every figure that the workbench shows."""
    assert measure(shop, schedule, DEFAULT).to_dict() == {
        "score": 325.0,
        "delay_cost": 72.5,
        "completion_rate": 1.0,
        "constraint_violations": 0,
        "on_time_rate": 2 / 3,  # early and exact
        "task_on_time_rate": 3 / 4,  # all but d
        "late_families": 1,
        "total_tardiness_hours": 60.0,  # late: 48 h - (-12 h)
        "max_tardiness_hours": 60.0,
        "mean_flow_time_hours": (24 + 24 + 42) / 3,  # late: 48 h - 6 h
        "makespan_hours": 48.0,
        "utilization": 60 / (48 * 2),  # 24 h on M1, 36 h on M2, of 48 h each
        "runtime_seconds": 0.25,
    }


def test_measure_empty_schedule_of_a_full_shop_counts_all_as_missing(shop: Problem) -> None:
    """Nothing done is nothing on time: four tasks missing, three families late."""
    metrics = measure(shop, Schedule((), "hand"), DEFAULT)
    assert (metrics.completion_rate, metrics.constraint_violations) == (0.0, 4)
    assert (metrics.on_time_rate, metrics.task_on_time_rate, metrics.late_families) == (0, 0, 3)
    assert (metrics.makespan_hours, metrics.utilization, metrics.score) == (0.0, 0.0, 0.0)


def test_measure_empty_shop_is_all_done() -> None:
    """Where there is nothing to do, all of it is done on time, and nothing is undefined."""
    metrics = measure(Problem((), (Machine("M1"),)), Schedule((), "hand"), DEFAULT)
    assert (metrics.completion_rate, metrics.on_time_rate, metrics.task_on_time_rate) == (1, 1, 1)
    assert (metrics.late_families, metrics.score, metrics.delay_cost) == (0, 0, 0)
    assert all(math.isfinite(value) for value in metrics.to_dict().values())


def test_measure_locked_tasks_count_from_time_zero() -> None:
    """What ran before time zero is history: neither busy time nor a higher delay cost."""
    running = Task(
        1, "a", ("M1",), (10 * H,), TaskStatus.IN_PROGRESS, lock=Lock("M1", start=-6 * H)
    )
    problem = Problem(
        (Family("A", (running, Task(2, "b", ("M1",), (2 * H,))), due=DAY),), (Machine("M1"),)
    )
    schedule = Schedule(
        (
            ScheduledTask("A", 1, "a", "M1", -6 * H, 4 * H),
            ScheduledTask("A", 2, "b", "M1", 4 * H, 6 * H),
        ),
        "hand",
    )
    metrics = measure(problem, schedule, DEFAULT)
    # busy 4 + 2 h of 6 h; done at 6 h, 18 h early: 100 + 50 * 0.75; alone it is no faster
    assert (metrics.utilization, metrics.makespan_hours) == (1.0, 6.0)
    assert (metrics.score, metrics.delay_cost) == (137.5, 0.0)


def test_measure_pauses_are_not_busy_time_but_delay_nobody() -> None:
    """A task holds its machine while it pauses; only what is worked after time zero is busy."""
    days = tuple((day * DAY + 8 * H, day * DAY + 16 * H) for day in range(7))
    machines = (
        Machine("M1", Calendar("days", -12 * H, days)),  # time zero is Monday noon
        Machine("M2", None, (Downtime(2 * H, 4 * H, "oil"), Downtime(-1 * H, 1 * H))),
    )
    running = Task(1, "a", ("M2",), (5 * H,), TaskStatus.IN_PROGRESS, lock=Lock("M2", -4 * H))
    problem = Problem(
        (
            Family("A", (running,), due=DAY),
            Family("B", (Task(1, "b", ("M1", "M2"), (6 * H, 20 * H)),), due=DAY),
        ),
        machines,
    )
    schedule = Schedule(
        (
            ScheduledTask("A", 1, "a", "M2", -4 * H, 5 * H),  # 3 h, then from 1 to 2, from 4 to 5
            ScheduledTask("B", 1, "b", "M1", 0, 22 * H),  # 4 h today, 2 h tomorrow
        ),
        "hand",
    )
    metrics = measure(problem, schedule, DEFAULT)
    assert metrics.constraint_violations == 0
    assert (metrics.utilization, metrics.makespan_hours) == ((2 + 6) / (22 * 2), 22.0)
    # 19 h and 2 h before the due time; alone in the shop neither is faster
    assert metrics.score == pytest.approx(2 * 100 + 50 * 21 / 24, rel=1e-12)
    assert metrics.delay_cost == 0.0


def test_measure_foreign_and_repeated_entries_keep_rates_below_one(
    shop: Problem, schedule: Schedule
) -> None:
    """Entries that name no task, or one twice, are violations and complete nothing more."""
    extra = (
        ScheduledTask("early", 99, "?", "M1", 30 * H, 31 * H),
        ScheduledTask("nobody", 1, "?", "M1", 31 * H, 32 * H),
        ScheduledTask("exact", 1, "c", "M1", 32 * H, 44 * H),
    )
    metrics = measure(shop, Schedule((*schedule.tasks, *extra), "hand"), DEFAULT)
    # exact's task ends twice: once in time, and once after its due time, which decides
    assert (metrics.completion_rate, metrics.task_on_time_rate) == (1.0, 2 / 4)
    assert metrics.constraint_violations == 3
    assert metrics.late_families == 2
    # a machine that nobody knows has no pauses: 2 h more of three machines
    foreign = ScheduledTask("early", 1, "a", "M9", 40 * H, 42 * H)
    metrics = measure(shop, Schedule((*schedule.tasks, foreign), "hand"), DEFAULT)
    assert metrics.utilization == (60 + 2) / (48 * 3)


@pytest.mark.parametrize("name", list(RewardWeights().to_dict()))
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, "3", None, True, [1], pytest.param(10**400, id="huge")],
)
def test_weights_value_that_is_no_finite_number_is_refused(name: str, value: Any) -> None:
    """Each weight must be a number that arithmetic can use."""
    with pytest.raises(ConfigError, match=f"^weight {name}: must be (a number|within)"):
        RewardWeights(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("on_time_reward", -1, ">= 0"),
        ("early_bonus_per_day", -0.5, ">= 0"),
        ("action_taken_bonus", -15, ">= 0"),
        ("late_penalty_per_day", 30, "<= 0"),
        ("makespan_penalty_per_day", 1, "<= 0"),
        ("sequence_violation", 100, "<= 0"),
        ("urgent_multiplier", 0, "> 0 and at least 1e-09"),
        ("urgent_multiplier", -2, "> 0 and at least 1e-09"),
        # Times a family's weight of 0.5 it would be 0, which no rule can divide by.
        ("urgent_multiplier", 5e-324, "> 0 and at least 1e-09"),
    ],
)
def test_weights_wrong_sign_is_refused(name: str, value: float, rule: str) -> None:
    """No weight may reward finishing later, so the delay cost cannot be negative."""
    with pytest.raises(ConfigError, match=f"^weight {name}: must be {rule}, got {value}$"):
        RewardWeights.from_mapping({name: value})


def test_weights_from_mapping_keeps_defaults_and_round_trips() -> None:
    """Names left out keep the defaults of the design; what is written can be read again."""
    weights = RewardWeights.from_mapping({"early_bonus_per_day": 0})
    assert weights.to_dict() == {
        "on_time_reward": 100.0,
        "early_bonus_per_day": 0,
        "late_penalty_per_day": -30.0,
        "urgent_multiplier": 1.0,
        "makespan_penalty_per_day": 0.0,
        "sequence_violation": -100.0,
        "action_taken_bonus": 15.0,
    }
    assert RewardWeights.from_mapping(weights.to_dict()) == weights


def test_weights_unknown_name_is_refused_with_the_known_ones() -> None:
    """A misspelt weight must not silently keep its default."""
    with pytest.raises(ConfigError, match=r"'early_bonus' is unknown; .*early_bonus_per_day"):
        RewardWeights.from_mapping({"early_bonus": 5})


def test_family_weight_multiplies_urgent_families_only() -> None:
    """Urgency is a factor on the family's own weight."""
    weights = RewardWeights(urgent_multiplier=3.0)
    tasks = (Task(1, "a", ("M1",), (H,)),)
    assert weights.family_weight(Family("A", tasks, due=0, weight=2.0, is_urgent=True)) == 6.0
    assert weights.family_weight(Family("A", tasks, due=0, weight=2.0)) == 2.0


@st.composite
def reward_weights(draw: Any) -> RewardWeights:
    """Return a strategy of legal weights, zeros among them."""
    points = st.floats(0, 1000)
    return RewardWeights(
        on_time_reward=draw(points),
        early_bonus_per_day=draw(points),
        late_penalty_per_day=-draw(points),
        urgent_multiplier=draw(st.floats(0.1, 10)),
        makespan_penalty_per_day=-draw(points),
    )


@given(problem=problems(), weights=reward_weights(), rule=st.sampled_from(RULES))
def test_delay_cost_valid_schedule_is_never_negative(
    problem: Problem, weights: RewardWeights, rule: str
) -> None:
    """No schedule does better than a shop of its own for each family, rounding included."""
    assert delay_cost(problem, dispatch(problem, rule), weights) >= 0
