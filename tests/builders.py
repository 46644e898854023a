"""Small shops and untrained policies that several tests build on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from scheduler_core.env import SchedulingEnv
from scheduler_core.policy import CandidatePolicy, NetworkConfig, PPOScheduler
from scheduler_core.problem import Family, Lock, Machine, Problem, Task

HOUR, DAY = 3600, 86_400

Call = Callable[..., tuple[int, str, str]]
"""Runs a command: exit code, standard output, standard error."""
SMALL = NetworkConfig(hidden_sizes=(16, 16, 8))


def one_machine(
    durations: Sequence[int],
    dues: Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
) -> Problem:
    """Return families of one task each, all for the one machine there is."""
    dues = dues or [0] * len(durations)
    weights = weights or [1.0] * len(durations)
    families = tuple(
        Family(f"F{i}", (Task(1, "turn", ("M",), (duration,)),), due=due, weight=weight)
        for i, (duration, due, weight) in enumerate(zip(durations, dues, weights, strict=True))
    )
    return Problem(families, (Machine("M"),))


def scaled(problem: Problem, factor: int) -> Problem:
    """Return the problem with all times multiplied; a week has its length, so without calendars."""
    assert all(machine.calendar is None for machine in problem.machines), "weeks do not scale"

    def longer(task: Task) -> Task:
        lock = task.lock and Lock(task.lock.machine, factor * task.lock.start)
        return replace(task, durations=tuple(factor * d for d in task.durations), lock=lock)

    families = [
        replace(
            family,
            tasks=tuple(map(longer, family.tasks)),
            due=factor * family.due,
            release=factor * family.release,
        )
        for family in problem.families
    ]
    machines = [
        replace(
            machine,
            downtime=tuple(
                replace(down, start=factor * down.start, end=factor * down.end)
                for down in machine.downtime
            ),
        )
        for machine in problem.machines
    ]
    return replace(problem, families=tuple(families), machines=tuple(machines))


def can_place(problem: Problem) -> bool:
    """Return whether any task is not locked."""
    return any(family.num_locked < len(family.tasks) for family in problem.families)


def untrained(seed: int = 0, config: NetworkConfig = SMALL, spread: float = 1.0) -> CandidatePolicy:
    """Return a network with random weights; its last layer is made large, to prefer something."""
    torch.manual_seed(seed)
    network = CandidatePolicy(config)
    with torch.no_grad():
        network.scorer[-1].weight.normal_(std=spread)
    return network.eval()


def untrained_scheduler(seed: int = 0) -> PPOScheduler:
    """Return a dispatcher with random weights and a record."""
    return PPOScheduler(untrained(seed), {"seed": seed, "note": "untrained"})


def random_walk(env: SchedulingEnv, rng: np.random.Generator) -> Iterator[np.int64]:
    """Yield random legal actions until the environment's caller has ended the episode."""
    while (legal := np.flatnonzero(env.action_masks())).size:
        yield rng.choice(legal)
