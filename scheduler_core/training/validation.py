"""The fixed problems that a run measures itself on; no training and no test sees them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scheduler_core.generator import (
    SHOPS,
    GeneratorConfig,
    generate_flexible_job_shop,
    generate_job_shop,
    generate_problem,
    problem_stream,
)
from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.tasks import (
    DEFAULT,
    LATE_ONLY,
    ON_TIME_ONLY,
    Job,
    Tasks,
    constrained,
    make_tasks,
    sample_weights,
    varied,
)

VALIDATION_SIZES = (40, 100)
VALIDATION_WEIGHTS = {"default": DEFAULT, "late_only": LATE_ONLY, "on_time_only": ON_TIME_ONLY}


def validation_tasks(config: TrainingConfig) -> dict[str, Tasks]:
    """Return the problems with weights, by size and weights."""
    rng = problem_stream("validation", 0)  # the same for every seed: runs can be compared
    sets = _makespan if config.task.weights == "makespan" else _sliders
    return {
        name: make_tasks(jobs, choose_machines=config.task.choose_machines)
        for name, jobs in sets(config.validation_problems, rng)
    }


def _sliders(count: int, rng: np.random.Generator) -> Iterator[tuple[str, list[Job]]]:
    """Yield the usual shop under three settings, and any shop under any setting."""
    for size in VALIDATION_SIZES:
        problems = [generate_problem(size, rng) for _ in range(count)]
        for name, weights in VALIDATION_WEIGHTS.items():
            yield f"{name}/{size}", [(problem, weights) for problem in problems]
    shops = [varied(GeneratorConfig(shop=SHOPS[i % len(SHOPS)]), rng) for i in range(2 * count)]
    shops[::4] = [constrained(shop, rng) for shop in shops[::4]]
    problems = [generate_problem(int(rng.integers(20, 80)), rng, shop) for shop in shops]
    yield "any/20-80", [(problem, sample_weights(rng, 0.0)) for problem in problems]


def _makespan(count: int, rng: np.random.Generator) -> Iterator[tuple[str, list[Job]]]:
    """Yield job shops and flexible job shops."""
    for jobs, machines in ((15, 15), (30, 15)):
        problems = [generate_job_shop(jobs, machines, rng) for _ in range(count)]
        yield f"job_shop/{jobs}x{machines}", [(problem, MAKESPAN_WEIGHTS) for problem in problems]
    problems = [generate_flexible_job_shop(15, 8, rng) for _ in range(count)]
    yield "flexible/15x8", [(problem, MAKESPAN_WEIGHTS) for problem in problems]
