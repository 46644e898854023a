"""Problems from chance: routes, times, dates and names, each from a stream of its own."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scheduler_core.errors import ConfigError
from scheduler_core.generator.config import GeneratorConfig
from scheduler_core.generator.locks import fix_some
from scheduler_core.generator.machines import make_machines
from scheduler_core.problem import SECONDS_PER_DAY, Family, Problem, Task

CREATED_AT = datetime(2025, 8, 6, 8)
"""Time zero of generated shops: a fixed day, so that a file depends on its seed alone."""
MAX_FAMILIES = 60_000

_STEP = 36
"""Processing times are multiples of 0.01 h."""


def generate_problem(
    num_families: int,
    rng: np.random.Generator,
    config: GeneratorConfig | None = None,
    created_at: datetime = CREATED_AT,
) -> Problem:
    """Return a synthetic shop.

    Parameters
    ----------
    num_families
        Orders, 1 to 60,000.
    rng
        Source of chance. Each aspect has a stream of its own, so that to change, say, the due
        dates leaves the routes as they were.
    config
        What the shop is like.
    created_at
        Time zero; material arrives at midnight, and shifts begin by its clock.

    Raises
    ------
    ConfigError
        If there is no family, or fewer tasks than families.
    """
    config = config or GeneratorConfig()
    counts_rng, routes_rng, times_rng, dates_rng, names_rng = rng.spawn(5)
    machines_rng, locks_rng = names_rng.spawn(2)
    counts = _task_counts(num_families, config, counts_rng)
    machines = make_machines(config, created_at, machines_rng)
    names = tuple(machine.name for machine in machines)
    routes = _routes(counts, config, routes_rng)
    tasks = _tasks(counts, routes, names, config, times_rng)
    dates = _dates(num_families, config, created_at, dates_rng)
    ids = _family_ids(num_families, created_at, names_rng)
    families = [
        Family(ids[index], tasks[index], **{name: column[index] for name, column in dates.items()})
        for index in range(num_families)
    ]
    return Problem(fix_some(families, machines, config, locks_rng), machines, created_at)


def _task_counts(
    num_families: int, config: GeneratorConfig, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the tasks of each family: one plus a Poisson number, given their total.

    Independent Poisson numbers are, given their sum, multinomial: no rejection is needed.
    """
    if not 1 <= num_families <= MAX_FAMILIES:
        raise ConfigError(f"num_families: must be from 1 to {MAX_FAMILIES}, got {num_families}")
    total = config.num_tasks or round(config.mean_tasks * num_families)
    if total < num_families:
        raise ConfigError(f"num_tasks: must be at least one a family ({num_families}), got {total}")
    share = np.full(num_families, 1 / num_families)
    return 1 + rng.multinomial(total - num_families, share).astype(np.int64)


def _routes(
    counts: NDArray[np.int64], config: GeneratorConfig, rng: np.random.Generator
) -> list[list[int]]:
    """Return the machines, by index, that each family visits."""
    num_used = _machines_in_use(len(counts), config)
    used = rng.permutation(config.num_machines)[:num_used]
    ranks = np.arange(1, num_used + 1, dtype=float)
    load = np.ones(num_used) if config.shop == "flat" else ranks**-config.zipf_exponent
    cumulative = np.cumsum(load / load.sum())
    routes = []
    stages = rng.permutation(num_used)  # place of each machine in the common order of a flow shop
    for count in counts.tolist():
        visits = _visits(count, cumulative, rng)
        if config.shop == "flow":
            visits.sort(key=stages.__getitem__)
        elif config.shop == "reentrant":
            visits[::2] = [int(rng.integers(max(1, num_used // 3)))] * len(visits[::2])
        routes.append([int(used[visit]) for visit in visits])
    return routes


def _machines_in_use(num_families: int, config: GeneratorConfig) -> int:
    per_family = config.machines_per_family * (0.33 if config.shop == "flat" else 1.0)
    return min(config.num_machines, max(2, math.ceil(per_family * num_families)))


def _visits(count: int, cumulative: NDArray[np.float64], rng: np.random.Generator) -> list[int]:
    """Return machines by rank, drawn by load; the same one twice in a row is drawn once more."""
    last = len(cumulative) - 1
    visits: list[int] = []
    for _ in range(count):
        visit = min(last, int(np.searchsorted(cumulative, rng.random(), side="right")))
        if visits and visit == visits[-1]:
            visit = min(last, int(np.searchsorted(cumulative, rng.random(), side="right")))
        visits.append(visit)
    return visits


def _tasks(
    counts: NDArray[np.int64],
    routes: list[list[int]],
    machines: tuple[str, ...],
    config: GeneratorConfig,
    rng: np.random.Generator,
) -> list[tuple[Task, ...]]:
    """Return the tasks of each family, with times, names and capable machines."""
    total = int(counts.sum())
    seconds = _seconds(total, config, rng)
    any_machine = np.zeros(total, dtype=bool)
    any_machine[rng.permutation(total)[: round(config.any_machine_fraction * total)]] = True
    flexible = rng.random(total) < config.flexible_fraction
    equal: dict[int, tuple[int, ...]] = {}  # shared: thousands of tasks may be for any machine
    families, position = [], 0
    for index, route in enumerate(routes):
        part = f"CP{rng.integers(1, 13):02d}-{index % 1000:03d}"
        tasks = []
        for step, machine in enumerate(route, start=1):
            time = int(seconds[position])
            if any_machine[position]:
                capable = machines
                times = equal.setdefault(time, (time,) * len(machines))
            elif flexible[position]:
                capable, times = _options(machine, time, machines, config, rng)
            else:
                capable, times = (machines[machine],), (time,)
            tasks.append(Task(step, f"{part}-{step}/{len(route)}", capable, times))
            position += 1
        families.append(tuple(tasks))
    return families


def _seconds(total: int, config: GeneratorConfig, rng: np.random.Generator) -> NDArray[np.int64]:
    hours = config.median_hours * np.exp(config.hours_sigma * rng.standard_normal(total))
    clipped = np.clip(hours, config.min_hours, config.max_hours)
    return np.rint(clipped * 100).astype(np.int64) * _STEP


def _options(
    machine: int,
    time: int,
    machines: tuple[str, ...],
    config: GeneratorConfig,
    rng: np.random.Generator,
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the assigned machine and 1 to 3 others, these up to half as fast again or as slow."""
    wanted = int(rng.integers(1, 4))
    others = [int(other) for other in rng.permutation(len(machines))[: wanted + 1]]
    chosen = [machine, *(other for other in others if other != machine)][: wanted + 1]
    low, high = round(config.min_hours * 100), round(config.max_hours * 100)
    times = [time]
    for factor in rng.uniform(0.75, 1.5, len(chosen) - 1):
        times.append(min(high, max(low, round(time * float(factor) / _STEP))) * _STEP)
    return tuple(machines[index] for index in chosen), tuple(times)


def _dates(
    num_families: int, config: GeneratorConfig, created_at: datetime, rng: np.random.Generator
) -> dict[str, list[Any]]:
    """Return columns of families: due time, release, weight and urgency."""
    due_days = rng.integers(1, config.due_range_days + 1, num_families)
    past_days = -rng.integers(1, 11, num_families)
    is_late = rng.random(num_families) < config.late_fraction
    midnight = created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    since_midnight = round((created_at - midnight).total_seconds())
    arrival_days = rng.integers(1, config.arrival_range_days + 1, num_families)
    is_arriving = rng.random(num_families) < config.arriving_fraction
    release = is_arriving * (arrival_days * SECONDS_PER_DAY - since_midnight)
    is_urgent = rng.random(num_families) < config.urgent_fraction
    is_weighted = rng.random(num_families) < config.weighted_fraction
    weight = np.where(is_weighted, rng.choice([0.5, 2.0, 5.0], num_families), 1.0)
    return {
        "due": (np.where(is_late, past_days, due_days) * SECONDS_PER_DAY).tolist(),
        "release": release.tolist(),
        "weight": weight.tolist(),
        "is_urgent": is_urgent.tolist(),
    }


def _family_ids(num_families: int, created_at: datetime, rng: np.random.Generator) -> list[str]:
    """Return ids in the order of their numbers, such as JOST25060084, of two months ago."""
    numbers = np.cumsum(rng.integers(1, 16, num_families))
    month = created_at - timedelta(days=61)
    return [f"JOST{month:%y%m}{number:04d}" for number in numbers.tolist()]
