"""The fixed problems that a run measures itself on; no training and no test sees them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from scheduler_core.executors import LocalExecutor, never
from scheduler_core.generator import (
    SHOPS,
    GeneratorConfig,
    generate_flexible_job_shop,
    generate_job_shop,
    generate_problem,
    problem_stream,
)
from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.policy import CandidatePolicy
from scheduler_core.training.episodes import PolicyActor, collect_rollout
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.tasks import (
    DEFAULT,
    LATE_ONLY,
    ON_TIME_ONLY,
    Job,
    Tasks,
    constrained,
    make_tasks,
    read_data,
    sample_weights,
    varied,
)

VALIDATION_WEIGHTS = {"default": DEFAULT, "late_only": LATE_ONLY, "on_time_only": ON_TIME_ONLY}


OWN = "data"
"""Begins the names of sets that are the user's own snapshots."""


@dataclass(frozen=True)
class Validation:
    """Problems that policies are measured on, in sets."""

    sets: dict[str, Tasks]
    """By kind of problem and weights."""

    @classmethod
    def of(
        cls, config: TrainingConfig, executor: LocalExecutor, check: Callable[[], None] = never
    ) -> Validation:
        """Return the same problems for every seed, so that runs can be compared.

        Raises
        ------
        ProblemError
            If a snapshot file of the config is faulty or leaves nothing to decide.
        """
        rng = problem_stream("validation", 0)
        kinds = _makespan if config.task.weights == "makespan" else _sliders
        jobs = {**_own(config), **dict(kinds(config, rng))}
        choose_machines = config.task.choose_machines
        tasks = executor.map(
            lambda each: make_tasks(each, choose_machines=choose_machines), jobs.values(), check
        )
        return cls(dict(zip(jobs, tasks, strict=True)))

    def measure(
        self,
        network: CandidatePolicy,
        executor: LocalExecutor,
        check: Callable[[], None] = never,
    ) -> dict[str, float]:
        """Return the figures of the greedy policy.

        ``to_best_rule`` is the one that decides: the geometric mean over the sets, or over the
        user's own where there are any; ``to_best_rule_elsewhere`` is then that over the others.
        """
        actor = PolicyActor(copy.deepcopy(network).cpu(), None)
        found = executor.map(lambda tasks: _measure(tasks, actor), self.sets.values(), check)
        by_set = dict(zip(self.sets, found, strict=True))
        metrics = {
            f"{figure}/{name}": figures[figure]
            for name, figures in by_set.items()
            for figure in ("to_best_rule", "to_edd", "on_time_rate")
        }
        metrics["completion_rate"] = min(each["completion_rate"] for each in found)
        ratios = {name: figures["to_best_rule"] for name, figures in by_set.items()}
        own = [ratio for name, ratio in ratios.items() if name.startswith(f"{OWN}/")]
        others = [ratio for name, ratio in ratios.items() if not name.startswith(f"{OWN}/")]
        metrics["to_best_rule"] = _geometric_mean(own or others)
        if own:
            metrics["to_best_rule_elsewhere"] = _geometric_mean(others)
        return metrics


def _measure(tasks: Tasks, actor: PolicyActor) -> dict[str, float]:
    """Return the means over a set of what a policy does there."""
    torch.set_num_threads(1)  # of this thread, as in `collect_part`
    cost = -collect_rollout(tasks, actor).returns() * tasks.unit
    arrays, state = tasks.batch.arrays, tasks.batch.state
    on_time = state.families["ready"] <= state.families["due"]  # ready: now the completion
    first = arrays.envs["first_family"]
    rates = np.add.reduceat(on_time, first) / (arrays.envs["last_family"] - first)
    return {
        "to_best_rule": float((cost / tasks.unit).mean()),
        "to_edd": float((cost / np.maximum(tasks.edd_cost, tasks.unit)).mean()),
        "on_time_rate": float(rates.mean()),
        "completion_rate": float((state.placed["machine"] >= 0).mean()),
    }


def _geometric_mean(ratios: list[float]) -> float:
    """Return the geometric mean; a set where all but nothing is left to gain must not decide."""
    return float(np.exp(np.log(np.maximum(ratios, 0.1)).mean()))


def _own(config: TrainingConfig) -> dict[str, list[Job]]:
    """Return the snapshots of the config, or those to validate on, under the usual settings."""
    paths = config.validation_data or config.task.data
    if not paths:
        return {}
    problems = [read_data(path).problem for path in paths]
    settings = VALIDATION_WEIGHTS
    if config.task.weights == "makespan":
        settings = {"makespan": MAKESPAN_WEIGHTS}
    return {
        f"{OWN}/{name}": [(problem, weights) for problem in problems]
        for name, weights in settings.items()
    }


def _sliders(config: TrainingConfig, rng: np.random.Generator) -> Iterator[tuple[str, list[Job]]]:
    """Yield the usual shop under three settings, and any shop under any setting."""
    count = config.validation_problems
    for size in config.validation_sizes:
        problems = [generate_problem(size, rng) for _ in range(count)]
        for name, weights in VALIDATION_WEIGHTS.items():
            yield f"{name}/{size}", [(problem, weights) for problem in problems]
    shops = [varied(GeneratorConfig(shop=SHOPS[i % len(SHOPS)]), rng) for i in range(2 * count)]
    shops[::4] = [constrained(shop, rng) for shop in shops[::4]]
    problems = [generate_problem(int(rng.integers(20, 80)), rng, shop) for shop in shops]
    yield "any/20-80", [(problem, sample_weights(rng, 0.0)) for problem in problems]


def _makespan(config: TrainingConfig, rng: np.random.Generator) -> Iterator[tuple[str, list[Job]]]:
    """Yield job shops and flexible job shops."""
    count = config.validation_problems
    for jobs, machines in ((15, 15), (30, 15)):
        problems = [generate_job_shop(jobs, machines, rng) for _ in range(count)]
        yield f"job_shop/{jobs}x{machines}", [(problem, MAKESPAN_WEIGHTS) for problem in problems]
    problems = [generate_flexible_job_shop(15, 8, rng) for _ in range(count)]
    yield "flexible/15x8", [(problem, MAKESPAN_WEIGHTS) for problem in problems]
