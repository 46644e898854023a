"""What a policy trains on: problems with weights, and what rules make of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.generator import (
    GeneratorConfig,
    generate_flexible_job_shop,
    generate_job_shop,
    generate_problem,
)
from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.objective import TRAINING_RANGES, RewardWeights, ideal_score
from scheduler_core.observation import family_worth
from scheduler_core.policy.scheduler import POLICY_DELTA
from scheduler_core.problem import Problem
from scheduler_core.rules import ALL_RULES, RULE_DELTA, try_rules
from scheduler_core.simulator import (
    Batch,
    ProblemArrays,
    empty_state,
    join,
    make_objective,
    to_arrays,
)
from scheduler_core.snapshot import Snapshot
from scheduler_core.tabular import read_file
from scheduler_core.training.settings import TaskConfig

DEFAULT = RewardWeights()
LATE_ONLY = RewardWeights(early_bonus_per_day=0.0)
ON_TIME_ONLY = RewardWeights(early_bonus_per_day=0.0, late_penalty_per_day=-1.0)

MACHINES_OF_JOB_SHOPS = (5, 21)
"""Range of the number of machines, the last excluded."""
MACHINES_OF_FLEXIBLE = (4, 16)

Floats = npt.NDArray[np.float64]
Job = tuple[Problem, RewardWeights]
Source = Callable[[np.random.Generator], Job]
"""Draws a problem with weights."""


@dataclass(frozen=True)
class Tasks:
    """Environments side by side, each with its problem and weights."""

    batch: Batch
    edd_cost: Floats
    """(E,) delay cost of EDD."""
    unit: Floats
    """(E,) points in a reward of 1: the best rule's delay cost, and at least half of what a family
    of mean weight loses by missing its due time by one scale."""


def make_tasks(
    jobs: Iterable[Job],
    repeats: int = 1,
    rules: Sequence[str] = ALL_RULES,
    *,
    choose_machines: bool = True,
) -> Tasks:
    """Return environments for some problems with weights, ``repeats`` of each, side by side.

    ``rules`` are those that the best rule is the best of; EDD is always tried.
    ``choose_machines`` says whether machines are chosen too.
    """
    judged = [_judge(job, rules) for job in jobs]
    judged = [each for each in judged for _ in range(repeats)]
    arrays = join([each.arrays for each in judged])
    objective = make_objective(arrays, [each.weights for each in judged])
    cost = np.array([each.best_cost for each in judged])
    worth = np.array([family_worth(arrays, objective, e) for e in range(arrays.num_envs)])
    state = empty_state(arrays, POLICY_DELTA, choose_machines=choose_machines, track=True)
    return Tasks(
        batch=Batch(arrays, objective, state),
        edd_cost=np.array([each.edd_cost for each in judged]),
        unit=np.maximum(cost, worth / 2),
    )


@dataclass(frozen=True)
class _Judged:
    arrays: ProblemArrays
    weights: RewardWeights
    best_cost: float
    edd_cost: float


def _judge(job: Job, rules: Sequence[str]) -> _Judged:
    """Return what EDD and the best rule make of a problem."""
    problem, weights = job
    arrays = to_arrays(problem)
    objective = make_objective(arrays, [weights])
    ideal = ideal_score(problem, weights)
    (edd,) = try_rules(arrays, objective, ("edd",), (RULE_DELTA,))
    best = max(edd.score, *(run.score for run in try_rules(arrays, objective, rules)))
    return _Judged(arrays, weights, ideal - best, ideal - edd.score)


def sample_weights(rng: np.random.Generator, fixed_share: float) -> RewardWeights:
    """Return weights to train under: one of three settings of interest, or random ones."""
    if rng.random() < fixed_share:
        return (DEFAULT, LATE_ONLY, ON_TIME_ONLY)[rng.integers(3)]
    # Sizes are drawn and signs put after, so that a seed goes on to give the same weights.
    low, high = TRAINING_RANGES["late_penalty_per_day"]
    on_time = rng.uniform(*TRAINING_RANGES["on_time_reward"]) * (rng.random() < 0.8)
    early = rng.uniform(*TRAINING_RANGES["early_bonus_per_day"]) * (rng.random() < 0.6)
    late = rng.uniform(-high, -low)
    makespan = rng.uniform(0, -TRAINING_RANGES["makespan_penalty_per_day"][0])
    makespan *= rng.random() < 0.1
    urgent = rng.uniform(*TRAINING_RANGES["urgent_multiplier"]) if rng.random() < 0.5 else 1.0
    return RewardWeights(
        on_time_reward=on_time,
        early_bonus_per_day=early,
        late_penalty_per_day=-late,
        makespan_penalty_per_day=-makespan,
        urgent_multiplier=urgent,
    )


def job_source(config: TaskConfig, max_families: int | None = None) -> Source:
    """Return a function that draws a problem and weights to train on.

    ``max_families`` bounds the size of generated problems further, as far as the config allows.

    Raises
    ------
    ProblemError
        If a snapshot file of the config is faulty or leaves nothing to decide.
    """
    given = [read_data(path).problem for path in config.data]
    largest = max(
        config.min_families, min(config.max_families, max_families or config.max_families)
    )

    def draw(rng: np.random.Generator) -> Job:
        weights = MAKESPAN_WEIGHTS
        if config.weights == "sliders":
            weights = sample_weights(rng, config.fixed_share)
        if given:
            return given[rng.integers(len(given))], weights
        # As many between 20 and 40 families as between 100 and 200: what is learned is for all.
        size = math.exp(rng.uniform(math.log(config.min_families), math.log(largest + 1)))
        return _draw_problem(int(size), config, rng), weights

    return draw


def _draw_problem(size: int, config: TaskConfig, rng: np.random.Generator) -> Problem:
    kind = config.shops[rng.integers(len(config.shops))]
    if kind == "job_shop":
        return generate_job_shop(size, int(rng.integers(*MACHINES_OF_JOB_SHOPS)), rng)
    if kind == "flexible_job_shop":
        return generate_flexible_job_shop(size, int(rng.integers(*MACHINES_OF_FLEXIBLE)), rng)
    shop = GeneratorConfig(shop=kind)
    if rng.random() < config.varied_share:
        shop = varied(shop, rng)
    if rng.random() < config.constrained_share:
        shop = constrained(shop, rng)
    return generate_problem(size, rng, shop)


def varied(shop: GeneratorConfig, rng: np.random.Generator) -> GeneratorConfig:
    """Return a shop with other due dates, arrivals, times, load and weights than the usual ones."""
    return replace(
        shop,
        machines_per_family=0.3 * 3 ** rng.uniform(-1, 1),
        zipf_exponent=rng.uniform(0.2, 1.5),
        mean_tasks=rng.uniform(2, 7),
        any_machine_fraction=rng.uniform(0, 0.2),
        median_hours=10 * 2 ** rng.uniform(-1, 1),
        hours_sigma=rng.uniform(0.3, 1.5),
        due_range_days=int(rng.integers(8, 61)),
        late_fraction=rng.uniform(0, 0.3),
        urgent_fraction=rng.uniform(0, 0.4),
        weighted_fraction=rng.uniform(0, 1),
        arriving_fraction=rng.uniform(0, 0.8),
    )


def constrained(shop: GeneratorConfig, rng: np.random.Generator) -> GeneratorConfig:
    """Return a shop with shifts, downtime, running and locked tasks and alternative machines."""
    return replace(
        shop,
        shift_fraction=rng.uniform(0, 1),
        num_holidays=int(rng.integers(3)),
        downtime_fraction=rng.uniform(0, 0.3),
        running_fraction=rng.uniform(0, 0.3),
        locked_fraction=rng.uniform(0, 0.05),
        flexible_fraction=rng.uniform(0, 0.5),
    )


def read_data(path: str) -> Snapshot:
    """Return a snapshot, or a table, to train or validate on.

    Raises
    ------
    ProblemError
        If the file is faulty or leaves nothing to decide.
    """
    try:
        snapshot = read_file(Path(path))
    except ProblemError as error:  # there may be several files
        raise ProblemError(fault.of_file(path) for fault in error.faults) from None
    if all(family.num_locked == len(family.tasks) for family in snapshot.problem.families):
        raise ProblemError([Fault(path, "needs at least one task that is not locked")])
    return snapshot
