"""Instances of the kinds that the literature measures on: makespan, no due dates.

A family is due when it would be done alone, and a unit of time is an hour, as
`scheduler_core.instances` has it for those that come in files.
"""

from __future__ import annotations

import numpy as np

from scheduler_core.instances import Jobs, Options, job_shop
from scheduler_core.problem import Problem

_LONGEST = 99
"""Of Taillard's times, which are from 1 unit."""


def generate_job_shop(num_jobs: int, num_machines: int, rng: np.random.Generator) -> Problem:
    """Return a job shop as Taillard draws them: what a policy for his instances trains on.

    Each job visits each machine once, in a random order, for 1 to 99 units (E. Taillard,
    "Benchmarks for basic scheduling problems", 1993, section 4.1).

    Parameters
    ----------
    num_jobs, num_machines
        At least 1 each; 15 x 15 to 100 x 20 in the paper.
    rng
        Source of chance.
    """
    shape = (num_jobs, num_machines)
    times = rng.integers(1, _LONGEST + 1, shape)
    routes = rng.permuted(np.broadcast_to(np.arange(num_machines), shape), axis=1)
    jobs: Jobs = [
        [[(int(machine), int(time))] for machine, time in zip(route, row, strict=True)]
        for route, row in zip(routes, times, strict=True)
    ]
    return job_shop(jobs, num_machines)


def taillard_job_shop(
    num_jobs: int, num_machines: int, time_seed: int, machine_seed: int
) -> Problem:
    """Return the job shop that Taillard has published as two seeds (1993, section 4).

    Parameters
    ----------
    num_jobs, num_machines, time_seed, machine_seed
        As in his tables; those of ta01 to ta80 are in `data/instances/known.json`.
    """
    time_chance, machine_chance = _TaillardChance(time_seed), _TaillardChance(machine_seed)
    # All times come before all routes in the paper, but from a seed of their own.
    jobs: Jobs = []
    for _ in range(num_jobs):
        times = [time_chance.draw(1, _LONGEST) for _ in range(num_machines)]
        route = list(range(num_machines))
        for place in range(num_machines):
            other = machine_chance.draw(place, num_machines - 1)
            route[place], route[other] = route[other], route[place]
        jobs.append([[pair] for pair in zip(route, times, strict=True)])
    return job_shop(jobs, num_machines)


class _TaillardChance:
    """The random numbers of the paper's figure 1: Lehmer's, as Bratley, Fox and Schrage do it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def draw(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``."""
        modulus = 2**31 - 1
        self._seed = 16807 * self._seed % modulus
        return low + int(self._seed / modulus * (high - low + 1))


def generate_flexible_job_shop(
    num_jobs: int, num_machines: int, rng: np.random.Generator
) -> Problem:
    """Return a flexible job shop like Brandimarte's, of random parameters.

    Each job of his takes some out of a few kinds of operations, in random order; a kind has its
    machines and times (P. Brandimarte, "Routing and scheduling in a flexible job shop by tabu
    search", 1993, section 6). An instance draws these from ranges, and here the ranges are drawn
    first, such that mk01 to mk15 are among what may come out: 3 to 15 operations a job out of 15
    to 30 kinds, at most 2 to 6 machines for one, 1 to 30 units.

    How much the times of an operation differ between its machines is drawn too: not at all, as
    in Hurink's instances; by up to a fifth; or as if each were another operation, as in
    Brandimarte's.

    Parameters
    ----------
    num_jobs, num_machines
        At least 1 each; 10 x 6 to 30 x 15 in the paper.
    rng
        Source of chance.
    """
    fewest, most = np.sort(rng.integers(3, 16, 2))
    most_machines = min(num_machines, int(rng.integers(2, 7)))
    times = _Times(rng)
    kinds = [
        _operation(num_machines, most_machines, times, rng) for _ in range(rng.integers(15, 31))
    ]
    jobs: Jobs = [
        [kinds[kind] for kind in rng.permutation(len(kinds))[: rng.integers(fewest, most + 1)]]
        for _ in range(num_jobs)
    ]
    return job_shop(jobs, num_machines)


class _Times:
    """How the times of an instance are drawn."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._shortest = int(rng.choice([1, 5, 10]))
        self._longest = int(rng.integers(self._shortest + 4, 31))
        self._spread: float | None = (0.0, 0.2, None)[rng.integers(3)]
        """Share by which the times of one operation differ; None: they are unrelated."""

    def draw(self, count: int, rng: np.random.Generator) -> list[int]:
        """Return the times of an operation on ``count`` machines, in units."""
        low, high = self._shortest, self._longest
        if self._spread is None:
            return [int(time) for time in rng.integers(low, high + 1, count)]
        mean = int(rng.integers(low, high + 1))
        factors = rng.uniform(1 - self._spread, 1 + self._spread, count)
        return [int(time) for time in np.clip(np.rint(mean * factors), low, high)]


def _operation(
    num_machines: int, most_machines: int, times: _Times, rng: np.random.Generator
) -> Options:
    count = int(rng.integers(1, most_machines + 1))
    machines = [int(machine) for machine in rng.permutation(num_machines)[:count]]
    return list(zip(machines, times.draw(count, rng), strict=True))
