"""Features mean what their names say, and only that: no units, no order, no batch."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from scheduler_core.objective import RewardWeights
from scheduler_core.observation import (
    CANDIDATE_FEATURES,
    CONTEXT_FEATURES,
    NUM_CANDIDATE_FEATURES,
    NUM_CONTEXT_FEATURES,
    observe,
    observe_batch,
)
from scheduler_core.problem import Family, Machine, Problem, Task
from scheduler_core.simulator import (
    Batch,
    Simulator,
    empty_state,
    join,
    make_objective,
    to_arrays,
)
from tests.builders import HOUR, scaled
from tests.properties.strategies import random_problem

Features = tuple[np.ndarray, np.ndarray]
WEIGHTS = RewardWeights(100, 50, -30, makespan_penalty_per_day=-20)


def squash(x: float) -> float:
    """Return sign(x) * log(1 + |x|)."""
    return math.copysign(math.log1p(abs(x)), x)


def seen(simulator: Simulator) -> Features:
    """Return the features of the decision before a simulator."""
    rows = np.empty((len(simulator.candidates), NUM_CANDIDATE_FEATURES), np.float32)
    context = np.empty(NUM_CONTEXT_FEATURES, np.float32)
    observe(simulator.arrays, simulator.objective, simulator.state, 0, rows, context)
    return rows, context


@pytest.fixture
def decision() -> Features:
    """Return the features of one decision: X, Y and Z want M1 at time zero.

    ========  =====  =====  ======  =======
    hours     X      Y      Z       W
    ========  =====  =====  ======  =======
    on M1     2      6      4
    on M2     8                     4
    due       24     5      -20     100
    weight    1      1      4       1
    ========  =====  =====  ======  =======
    """
    mill, pack = "M1", "M2"
    families = (
        Family("X", (task(1, mill, 2), task(2, pack, 8)), due=24 * HOUR),
        Family("Y", (task(1, mill, 6),), due=5 * HOUR),
        Family("Z", (task(1, mill, 4),), due=-20 * HOUR, weight=4.0),
        Family("W", (task(1, pack, 4),), due=100 * HOUR),
    )
    return seen(Simulator(Problem(families, (Machine(mill), Machine(pack))), WEIGHTS))


def task(sequence: int, machine: str, hours: int) -> Task:
    """Return a task with one capable machine."""
    return Task(sequence, "step", (machine,), (hours * HOUR,))


# The scale is the mean of 2, 8, 6, 4 and 4 hours: 4.8. The candidates' mean is (2 + 6 + 4) / 3 = 4.
# M1 has 12 h to come, M2 12 h, of which 4 h of W wait there. Alone, X completes at 10, Y at 6, Z at
# 4. Being on time is worth 100 points, and in 24 hours 50 are won before and 30 lost after the
# due time, 20 by a longer makespan. A family weighs 1.75 on average: its unit is 1.75 * (100 + 20).
S, MEAN, UNIT = 4.8, 4.0, 210.0
DELAY = [50 * 4 / 24, 30 * 4 / 24, 4 * 30 * 4 / 24]  # of X, Y and Z by the mean: 8 1/3, 5, 20
HARM = [2.5 + 10, 12.5 + 30, 25 / 3 + 5]  # Y and Z by the 2 h of X; X and Z by 6 h; X and Y by 4 h
# X before Y saves 12.5 - 2.5 and a makespan of 16 instead of 10 h, in all 15; X before Z 25/3 - 10
# and 4 h of makespan, 5/3; Y before Z 5 - 30.
COLUMNS = {
    "duration": [squash(2 / S), squash(6 / S), squash(4 / S)],
    "duration_to_mean": [squash(2 / MEAN), squash(6 / MEAN), squash(4 / MEAN)],
    "wait_for_start": [0, 0, 0],
    "later_work": [squash(8 / S), 0, 0],
    "later_tasks": [math.log(2), 0, 0],
    "due": [squash(24 / S), squash(5 / S), squash(-20 / S)],
    "critical_ratio": [squash(24 / 10), squash(5 / 6), squash(-20 / 4)],
    "slack": [squash(14 / S), squash(-1 / S), squash(-24 / S)],  # 24 - 10, 5 - 6, -20 - 4
    "slack_busy": [squash(14 / S), squash(-1 / S), squash(-24 / S)],
    "slack_queued": [squash(12 / S), squash(-1 / S), squash(-24 / S)],  # X behind W: at 4 + 8
    "slack_contended": [squash(14 / S), squash(-1 / S), squash(-24 / S)],  # W has time
    "is_late": [0, 1, 1],
    "is_at_risk": [0, 1, 1],
    "is_late_contended": [0, 1, 1],
    "queued_ahead": [squash(4 / S), 0, 0],
    "contended_ahead": [0, 0, 0],
    "contended_here": [10 / (12 + S), 4 / (12 + S), 0],  # latest 24 - 8, 5, -20
    "time_in_queue": [0, 0, 0],
    "weight": [math.log(1 / 2), math.log(1 / 2), math.log(4 / 2)],  # mean (1 + 1 + 4) / 3 = 2
    # Slack for ATC 24 - 2 - 1.5 * 8 = 10, none, none; the largest is 4/4 of Z.
    "atc": [math.exp(-10 / (2 * MEAN)) / 2, 1 / 6, 1],
    # Slack 14 of 2 * 10 hours: a share of 0.3.
    "covert": [0.3 / 2, 1 / 6, 1],
    "weight_per_duration": [1 / 2, 1 / 6, 1],
    "next_queue": [squash(4 / S), 0, 0],
    "next_load": [squash(12 / S), 0, 0],
    "next_idle": [squash(-2 / S), 0, 0],  # M2 is free at 0, X comes there at 2
    "is_last": [0, 1, 1],
    "heaviest_ahead": [squash(12 / (12 + S)), 0, 0],
    "makespan_slack": [squash(2 / S), squash(6 / S), squash(8 / S)],  # both machines till 12
    "completion_to_latest": [0, squash(-4 / S), squash(-6 / S)],
    "delay_cost": [squash(each / UNIT) for each in DELAY],
    # 16 h: X loses its 100, 14 h early and 2 h late.
    "long_delay_cost": [squash(each / UNIT) for each in (100 + 700 / 24 + 2.5, 20, 80)],
    "delay_cost_contended": [squash(each / UNIT) for each in DELAY],
    "delay_cost_index": [5 / 6, 1 / 6, 1],  # 25/6, 5/6, 5 points an hour
    "delay_cost_index_contended": [5 / 6, 1 / 6, 1],
    "harm": [squash(each / UNIT) for each in HARM],
    "harm_to_largest": [12.5 / 42.5, 1, 40 / 3 / 42.5],
    "pairs_won": [1, 0, 0.5],
    "pairs_won_contended": [1, 0, 0.5],
    "pairs_gain": [1, -1, (25 - 5 / 3) / (25 + 5 / 3)],
    "pairs_gain_contended": [1, -1, (25 - 5 / 3) / (25 + 5 / 3)],
    "rank_duration": [0, 1, 0.5],
    "rank_due": [1, 0.5, 0],
    "rank_slack_contended": [1, 0.5, 0],
    "rank_work": [1, 0.5, 0],  # 10, 6, 4
    "rank_atc": [0, 0.5, 1],  # 0.143, 0.167, 1
    "rank_weight_per_duration": [0.5, 0, 1],
    "rank_delay_cost_index_contended": [0.5, 0, 1],
    "rank_harm": [0, 1, 0.5],
    "is_elsewhere": [0, 0, 0],
}
DAYS = 10 * S / 24  # ten scales
TOTAL = 100 + (50 + 30 + 20) * DAYS
CONTEXT = {
    "share_on_time": 100 / TOTAL,
    "share_early": 50 * DAYS / TOTAL,
    "share_late": 30 * DAYS / TOTAL,
    "share_makespan": 20 * DAYS / TOTAL,
    "num_candidates": math.log(4),
    "share_done": 0,
    "machine_load": squash(12 / S),
    "machine_load_share": 1,
    "machine_end": 1,
    "load_waiting": 12 / (12 + S),
    "late_candidates": 2 / 3,
    "at_risk_candidates": 2 / 3,
    "late_contended_candidates": 2 / 3,
    "mean_slack": (squash(14 / S) + squash(-1 / S) + squash(-24 / S)) / 3,
    "mean_slack_contended": (squash(14 / S) + squash(-1 / S) + squash(-24 / S)) / 3,
    "mean_delay_cost": sum(squash(each / UNIT) for each in DELAY) / 3,
    "mean_duration": squash(MEAN / S),
}


@pytest.mark.parametrize("name", CANDIDATE_FEATURES)
def test_candidate_feature_of_a_known_decision_equals_hand_arithmetic(
    decision: Features, name: str
) -> None:
    """Every column, from the table of four families."""
    column = decision[0][:, CANDIDATE_FEATURES.index(name)]
    assert column.tolist() == pytest.approx(COLUMNS[name], abs=1e-6)


@pytest.mark.parametrize("name", CONTEXT_FEATURES)
def test_context_feature_of_a_known_decision_equals_hand_arithmetic(
    decision: Features, name: str
) -> None:
    """Every entry, from the same table."""
    assert decision[1][CONTEXT_FEATURES.index(name)] == pytest.approx(CONTEXT[name], abs=1e-6)


def test_features_of_waiting_families_count_from_the_decision() -> None:
    """M is busy until 10 h; A has waited for it since 0 h, B since 6 h, C comes at 12 h."""
    families = (
        Family("first", (task(1, "M", 10),), due=0, release=0),
        Family("A", (task(1, "M", 4),), due=30 * HOUR),
        Family("B", (task(1, "M", 8),), due=30 * HOUR, release=6 * HOUR),
        Family("C", (task(1, "M", 6),), due=30 * HOUR, release=12 * HOUR),
    )
    simulator = Simulator(Problem(families, (Machine("M"),)), WEIGHTS)
    simulator.step(0)
    rows, context = seen(simulator)
    scale, mean = 7, 6  # of 10, 4, 8, 6; of 4, 8, 6
    waits = rows[:, CANDIDATE_FEATURES.index("wait_for_start")]
    queued = rows[:, CANDIDATE_FEATURES.index("time_in_queue")]
    assert waits.tolist() == pytest.approx([0, 0, squash(2 / mean)], abs=1e-6)
    assert queued.tolist() == pytest.approx(
        [squash(10 / scale), squash(4 / scale), squash(-2 / scale)], abs=1e-6
    )
    assert context[CONTEXT_FEATURES.index("share_done")] == pytest.approx(1 / 4)


def decisions(
    problem: Problem, rng: np.random.Generator, weights: RewardWeights = WEIGHTS
) -> list[Features]:
    """Return what is seen on a random walk through a problem."""
    simulator, found = Simulator(problem, weights), []
    while not simulator.done:
        found.append(seen(simulator))
        simulator.step(int(rng.integers(len(simulator.candidates))))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_features_in_another_unit_of_time_are_the_same(seed: int) -> None:
    """All times four times as long, and a day worth a quarter of the points."""
    longer = RewardWeights(100, 50 / 4, -30 / 4, makespan_penalty_per_day=-20 / 4)
    problem = random_problem(np.random.default_rng(seed), min_families=2, calendars=False)
    before = decisions(problem, np.random.default_rng(seed))
    after = decisions(scaled(problem, 4), np.random.default_rng(seed), longer)
    assert len(before) == len(after)
    for (rows, context), (other_rows, other_context) in zip(before, after, strict=True):
        assert other_rows == pytest.approx(rows, abs=1e-5)
        assert other_context == pytest.approx(context, abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_features_do_not_depend_on_the_order_of_families(seed: int) -> None:
    """The same families in another order: the same rows in that order, the same context."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, min_families=3, flexible=False)
    order = rng.permutation(len(problem.families))
    other = replace(problem, families=tuple(problem.families[i] for i in order))
    one, two = Simulator(problem, WEIGHTS), Simulator(other, WEIGHTS)
    while not one.done:
        rows, context = seen(one)
        other_rows, other_context = seen(two)
        by_family = dict(zip(order[two.candidates], other_rows, strict=True))
        assert sorted(by_family) == sorted(one.candidates)
        expected = np.array([by_family[family] for family in one.candidates])
        assert rows == pytest.approx(expected, abs=1e-6)
        assert context == pytest.approx(other_context, abs=1e-6)
        choice = int(rng.integers(len(one.candidates)))
        family = one.candidates[choice]
        one.step(choice)
        two.step(int(np.flatnonzero(order[two.candidates] == family)[0]))


@pytest.mark.parametrize("threads", [1, 3])
def test_observe_batch_equals_observe_of_each(threads: int) -> None:
    """Twelve problems side by side, of which every second one is looked at."""
    rng = np.random.default_rng(0)
    shops = [random_problem(rng, min_families=2, locks=False) for _ in range(12)]
    arrays = join([to_arrays(problem) for problem in shops])
    objective = make_objective(arrays, [WEIGHTS] * len(shops))
    batch = Batch(arrays, objective, empty_state(arrays, 1.0), threads)
    batch.reset()
    envs = np.arange(0, len(shops), 2)
    rows, context, counts = observe_batch(batch, envs)
    singles = [seen(Simulator(shops[e], WEIGHTS)) for e in envs]
    assert counts.tolist() == [len(one) for one, _ in singles]
    assert np.array_equal(rows, np.concatenate([one for one, _ in singles]))
    assert np.array_equal(context, np.array([one for _, one in singles]))


AFFECTED = ("cost", "harm", "pairs")
"""Parts of the names of columns that depend on the objective."""


def test_features_under_other_weights_differ_where_their_names_say_so() -> None:
    """In four shares, which sum to 1, and in what a delay costs."""
    problem = random_problem(np.random.default_rng(1), min_families=4)
    rows, context = seen(Simulator(problem, WEIGHTS))
    late_only = RewardWeights(on_time_reward=0, early_bonus_per_day=0)
    other_rows, other_context = seen(Simulator(problem, late_only))
    for names, one, other in (
        (CANDIDATE_FEATURES, rows, other_rows),
        (CONTEXT_FEATURES[4:], context[4:], other_context[4:]),
    ):
        fixed = [not any(part in name for part in AFFECTED) for name in names]
        assert np.array_equal(one[..., fixed], other[..., fixed])
    assert not np.array_equal(rows, other_rows)
    assert other_context[:4].tolist() == pytest.approx([0, 0, 1, 0])
    assert context[:4].sum() == pytest.approx(1)


def test_pairs_count_a_family_on_another_machine_as_no_rival() -> None:
    """B can go to N, where it waits for nobody: there it neither harms A nor is harmed by it."""
    families = (
        Family("A", (task(1, "M", 4),), due=2 * HOUR),
        Family("B", (Task(1, "step", ("M", "N"), (6 * HOUR, 5 * HOUR)),), due=3 * HOUR),
        Family("C", (task(1, "N", 2),), due=0),
    )
    problem = Problem(families, (Machine("M"), Machine("N")))
    simulator = Simulator(problem, WEIGHTS, choose_machines=True)
    simulator.step(1)  # C, so that B would be done sooner on M
    assert simulator.candidates.tolist() == [0, 1, 1]
    rows, _ = seen(simulator)
    assert rows[:, CANDIDATE_FEATURES.index("is_elsewhere")].tolist() == [0, 0, 1]
    assert rows[2, CANDIDATE_FEATURES.index("harm")] == 0
    assert rows[2, CANDIDATE_FEATURES.index("pairs_won")] == 0.5
