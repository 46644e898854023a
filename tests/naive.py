"""The slow twin of the simulator and its rules, written from their definition alone.

It shares no code with the kernels and is never optimised: every quantity is computed anew from
what has been placed so far. Floating-point expressions follow the order of the definition, so
that the compiled rules must agree bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Family, Problem, Task

ATC_K = 2.0
ATC_LEAD = 1.5
COVERT_WAIT = 2.0
GIVEN_UP = 1e15

Placed = tuple[str, int, str, int, int]
"""Family id, sequence, machine, start, end."""


@dataclass(frozen=True)
class Option:
    """The next task of a family on the machine where it would finish first."""

    family: int
    machine: int
    est: int
    ect: int


@dataclass(frozen=True)
class Decision:
    """A conflict set: which machine decides, from when, between which families' next tasks."""

    machine: int
    time: int
    candidates: tuple[Option, ...]


class NaiveShop:
    """A problem half scheduled: the definition of the conflict-set simulator, step by step."""

    def __init__(self, problem: Problem, delta: float) -> None:
        self.problem = problem
        self.delta = delta
        self.names = [machine.name for machine in problem.machines]
        self.placed: list[Placed] = []
        self.position = [
            len([task for task in family.tasks if task.lock is not None])
            for family in problem.families
        ]

    def copy(self) -> NaiveShop:
        """Return a shop that can go on independently of this one."""
        other = NaiveShop(self.problem, self.delta)
        other.placed = list(self.placed)
        other.position = list(self.position)
        return other

    def unfinished(self) -> list[int]:
        """Return the families with unplaced tasks, in order."""
        families = self.problem.families
        return [f for f in range(len(families)) if self.position[f] < len(families[f].tasks)]

    def next_task(self, f: int) -> Task:
        """Return the first unplaced task of a family."""
        return self.problem.families[f].tasks[self.position[f]]

    def ready_time(self, f: int) -> int:
        """Return when the family's next task could start if machines did not matter."""
        family = self.problem.families[f]
        ends = [end for id_, _, _, _, end in self.placed if id_ == family.id]
        for task in family.tasks:
            if task.lock is not None:
                ends.append(task.lock.start + duration(task, task.lock.machine))
        return max([0, family.release, *ends])

    def earliest_start(self, f: int, machine: int) -> int:
        """Return the earliest start on a machine, behind what is placed, around locked tasks."""
        name = self.names[machine]
        ends = [end for _, _, where, _, end in self.placed if where == name]
        time = max([self.ready_time(f), 0, *ends])
        needed = duration(self.next_task(f), name)
        reserved = self.reservations(name)
        starts = [time] + [end for _, end in reserved if end >= time]
        fitting = [
            start
            for start in starts
            if all(start + needed <= begin or start >= end for begin, end in reserved)
        ]
        return min(fitting)

    def reservations(self, name: str) -> list[tuple[int, int]]:
        """Return start and end of the locked tasks on a machine."""
        return [
            (task.lock.start, task.lock.start + duration(task, name))
            for family in self.problem.families
            for task in family.tasks
            if task.lock is not None and task.lock.machine == name
        ]

    def load(self, machine: int) -> int:
        """Return the work of unplaced tasks that only this machine can do."""
        total = 0
        for f, family in enumerate(self.problem.families):
            for task in family.tasks[self.position[f] :]:
                if list(task.machines) == [self.names[machine]]:
                    total += task.durations[0]
        return total

    def option(self, f: int) -> Option:
        """Return where the family's next task would finish first."""
        task = self.next_task(f)
        ranked = []
        for name in task.machines:
            machine = self.names.index(name)
            est = self.earliest_start(f, machine)
            ect = est + duration(task, name)
            ranked.append((ect, self.load(machine), machine, est))
        ect, _, machine, est = min(ranked)
        return Option(f, machine, est, ect)

    def decision(self) -> Decision | None:
        """Return the conflict set, None when everything is placed."""
        options = [self.option(f) for f in self.unfinished()]
        if not options:
            return None
        phi, _, machine = min((one.ect, one.est, one.machine) for one in options)
        here = [one for one in options if one.machine == machine]
        sigma = min(one.est for one in here)
        candidates = [
            one for one in here if one.est == sigma or one.est - sigma < self.delta * (phi - sigma)
        ]
        return Decision(machine, sigma, tuple(candidates))

    def place(self, option: Option) -> None:
        """Place a candidate at its earliest start on the deciding machine."""
        family = self.problem.families[option.family]
        sequence = self.next_task(option.family).sequence
        machine = self.names[option.machine]
        self.placed.append((family.id, sequence, machine, option.est, option.ect))
        self.position[option.family] += 1


def naive_dispatch(
    problem: Problem,
    rule: str,
    *,
    delta: float,
    weights: RewardWeights | None = None,
    seed: int = 0,
    on_decision: Callable[[list[int]], None] | None = None,
) -> list[Placed]:
    """Return what a rule places, in order of placement, locked tasks left out.

    ``on_decision`` is given the candidate families of every decision, also where there is one.
    """
    shop = NaiveShop(problem, delta)
    weights = weights or RewardWeights()
    keys = np.random.default_rng(seed).random(problem.num_tasks)
    while (decision := shop.decision()) is not None:
        if on_decision is not None:
            on_decision([one.family for one in decision.candidates])
        _, _, chosen = min(
            (priority(shop, decision, one, rule, weights, keys), one.family, one)
            for one in decision.candidates
        )
        shop.place(chosen)
    return shop.placed


def naive_outcomes(shop: NaiveShop) -> Iterator[list[Placed]]:
    """Yield what is placed at the end of every sequence of decisions from here on."""
    decision = shop.decision()
    if decision is None:
        yield shop.placed
        return
    for one in decision.candidates:
        following = shop.copy()
        following.place(one)
        yield from naive_outcomes(following)


def priority(
    shop: NaiveShop,
    decision: Decision,
    one: Option,
    rule: str,
    weights: RewardWeights,
    keys: np.ndarray,
) -> float:
    """Return the priority of a candidate, the smallest first."""
    family = shop.problem.families[one.family]
    i = shop.position[one.family]
    p = one.ect - one.est
    after = nominal_from(family, i + 1)
    R = p + after
    t, D, w = decision.time, family.due, weights.family_weight(family)
    if rule == "fifo":
        return shop.ready_time(one.family)
    if rule == "random":
        before = shop.problem.families[: one.family]
        return keys[sum(len(earlier.tasks) for earlier in before) + i]
    if rule == "odd":
        total = nominal_from(family, 0)
        return family.release + (D - family.release) * (total - after) / total
    if rule == "atc":
        durations = [float(other.ect - other.est) for other in decision.candidates]
        pbar = sum(durations) / len(durations)
        x = D - t - p - ATC_LEAD * after
        return -(w / p) * math.exp(-max(0, x) / (ATC_K * pbar))
    if rule == "covert":
        x, wait = D - t - R, COVERT_WAIT * R
        return -(w / p) * (1 if x <= 0 else max(0, 1 - x / wait))
    if rule == "pt_winq_slack":
        return p + winq(shop, family, i + 1) + min(0, D - t - R)
    plain = {
        "edd": D,
        "spt": p,
        "lpt": -p,
        "mwkr": -R,
        "srpt": R,
        "cr": (D - t) / R,
        "mdd": max(D, t + R),
        "slack": D - t - R,
        "feasible_edd": D if t + R <= D else D + GIVEN_UP,
    }
    return plain[rule]


def nominal_from(family: Family, first: int) -> float:
    """Return the work of a family's tasks from a position on, 0 behind the last.

    A task counts with its mean duration over capable machines. Summed from the last task back.
    """
    tail = 0.0
    for task in reversed(family.tasks[first:]):
        tail = sum(task.durations) / len(task.durations) + tail
    return tail


def winq(shop: NaiveShop, family: Family, i: int) -> int:
    """Return the work waiting for the machine of a family's task, 0 behind the last."""
    if i == len(family.tasks):
        return 0
    queues = []
    for name in family.tasks[i].machines:
        waiting = [shop.next_task(f) for f in shop.unfinished()]
        queues.append(sum(task.durations[0] for task in waiting if task.machines == (name,)))
    return min(queues)


def duration(task: Task, name: str) -> int:
    """Return the duration of a task on a machine."""
    return dict(zip(task.machines, task.durations, strict=True))[name]
