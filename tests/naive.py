"""The slow twin of the simulator and its rules, written from their definition alone.

It shares no code with the kernels nor with `scheduler_core.working_time`, and is never optimised:
working time is walked through from one boundary to the next, and every quantity is computed anew
from what has been placed so far; only which machine a waiting task has chosen is remembered, as
the definition says. Floating-point expressions follow the order of the definition, so that the
compiled rules must agree bit for bit.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Calendar, Family, Machine, Problem, Task

ATC_K = 2.0
ATC_LEAD = 1.5
COVERT_WAIT = 2.0
GIVEN_UP = 1e15

DAY = 86_400
WEEK = 7 * DAY

Placed = tuple[str, int, str, int, int]
"""Family id, sequence, machine, start, end."""


def works(machine: Machine, time: int) -> bool:
    """Return whether a machine works in the second that begins at ``time``."""
    if any(down.start <= time < down.end for down in machine.downtime):
        return False
    return machine.calendar is None or any(
        start <= time < end for start, end in shifts_around(machine.calendar, time)
    )


def shifts_around(calendar: Calendar, time: int) -> list[tuple[int, int]]:
    """Return the shifts that begin on the day of ``time`` or the day before.

    No other can be on at that time, as none lasts longer than a day.
    """
    today = (time - calendar.week_start) // DAY
    shifts = []
    for day in (today - 1, today):
        midnight = calendar.week_start + day * DAY
        special = [other.shifts for other in calendar.special_days if other.midnight == midnight]
        weekday = day % 7 * DAY
        usual = [
            (start - weekday, end - weekday)
            for start, end in calendar.shifts
            if weekday <= start < weekday + DAY
        ]
        for start, end in special[0] if special else usual:
            shifts.append((midnight + start, midnight + end))
    return shifts


def next_change(machine: Machine, time: int) -> int | float:
    """Return a time after ``time`` up to which a machine goes on to work, or not to."""
    points = [point for down in machine.downtime for point in (down.start, down.end)]
    if machine.calendar is not None:
        points += [point for shift in shifts_around(machine.calendar, time) for point in shift]
        points.append(time + DAY - (time - machine.calendar.week_start) % DAY)  # midnight
    return min((point for point in points if point > time), default=math.inf)


def next_working(machine: Machine, time: int) -> int:
    """Return the first second from ``time`` on in which a machine works, if it ever does."""
    while not works(machine, time):
        time = next_change(machine, time)
    return time


def finish(machine: Machine, start: int, work: int) -> int:
    """Return the earliest time by which a machine has worked ``work`` seconds from ``start`` on."""
    time, left = next_working(machine, start), work
    while (until := next_change(machine, time)) < time + left:
        left -= until - time
        time = next_working(machine, until)
    return time + left


def week_work(calendar: Calendar | None) -> int:
    """Return the seconds of work in a week without special days."""
    if calendar is None:
        return WEEK
    machine = Machine("any", replace(calendar, special_days=()))
    time, end, total = calendar.week_start, calendar.week_start + WEEK, 0
    while time < end:
        until = next_change(machine, time)
        total += until - time if works(machine, time) else 0
        time = until
    return total


@dataclass(frozen=True)
class Option:
    """The next task of a family on one of its machines, as early as it could be there."""

    family: int
    machine: int
    est: int
    ect: int
    work: int
    """Processing time; less than ``ect - est`` where the machine pauses."""


@dataclass(frozen=True)
class Decision:
    """A conflict set: which machine decides, from when, between which families' next tasks."""

    machine: int
    time: int
    candidates: tuple[Option, ...]


class NaiveShop:
    """A problem half scheduled: the definition of the conflict-set simulator, step by step."""

    def __init__(self, problem: Problem, delta: float, choose_machines: bool = False) -> None:
        self.problem = problem
        self.delta = delta
        self.choose_machines = choose_machines
        self.machines = problem.machines
        self.index = {machine.name: m for m, machine in enumerate(problem.machines)}
        weekly = {machine.name: week_work(machine.calendar) for machine in problem.machines}
        self.stretch = {name: WEEK / work for name, work in weekly.items() if work > 0}
        self.locks = [
            (f, self.index[task.lock.machine], task.lock.start, self.lock_end(task))
            for f, family in enumerate(problem.families)
            for task in family.tasks
            if task.lock is not None
        ]
        self.placed: list[Placed] = []
        self.position = [family.num_locked for family in problem.families]
        self.sent: dict[int, int] = {}
        self.chosen: dict[int, int] = {}
        for f in self.unfinished():
            self.choose(f)

    def lock_end(self, task: Task) -> int:
        """Return when a locked task ends."""
        machine = self.machines[self.index[task.lock.machine]]
        return finish(machine, task.lock.start, duration(task, machine.name))

    def copy(self) -> NaiveShop:
        """Return a shop that can go on independently of this one."""
        other = copy.copy(self)
        other.placed, other.position = list(self.placed), list(self.position)
        other.sent, other.chosen = dict(self.sent), dict(self.chosen)
        return other

    def unfinished(self) -> list[int]:
        """Return the families with unplaced tasks, in order."""
        families = self.problem.families
        return [f for f in range(len(families)) if self.position[f] < len(families[f].tasks)]

    def ready_time(self, f: int) -> int:
        """Return when the family's next task could start if machines did not matter."""
        family = self.problem.families[f]
        ends = [end for id_, _, _, _, end in self.placed if id_ == family.id]
        ends += [end for locked, _, _, end in self.locks if locked == f]
        return max([0, family.release, *ends])

    def modes(self, task: Task) -> list[tuple[int, int]]:
        """Return the machines that can do a task and have shifts, with its durations there."""
        return [
            (self.index[name], needed)
            for name, needed in zip(task.machines, task.durations, strict=True)
            if name in self.stretch
        ]

    def next_task(self, f: int) -> Task:
        """Return the first unplaced task of a family."""
        return self.problem.families[f].tasks[self.position[f]]

    def options(self, f: int) -> list[Option]:
        """Return the family's next task on each machine that it may take: only on one if sent."""
        machines = [m for m, _ in self.modes(self.next_task(f))]
        return [self.option(f, m) for m in machines if self.sent.get(f, m) == m]

    def option(self, f: int, m: int) -> Option:
        """Return the next task of a family on a machine, behind what is placed, around locks."""
        machine, work = self.machines[m], dict(self.modes(self.next_task(f)))[m]
        ends = [end for _, _, where, _, end in self.placed if where == machine.name]
        reserved = [(begin, end) for _, where, begin, end in self.locks if where == m]
        time = max([self.ready_time(f), *ends])
        spans = []
        for after in [time] + [end for _, end in reserved if end > time]:
            start = next_working(machine, after)
            spans.append((start, finish(machine, start, work)))
        start, end = min(
            (start, end)
            for start, end in spans
            if all(end <= begin or start >= until for begin, until in reserved)
        )
        return Option(f, m, start, end, work)

    def load(self, m: int) -> int:
        """Return the work of unplaced tasks that only this machine can do.

        Others could do one that was sent here, so it does not count.
        """
        unplaced = [
            self.modes(task)
            for f, family in enumerate(self.problem.families)
            for task in family.tasks[self.position[f] :]
        ]
        return sum(modes[0][1] for modes in unplaced if [where for where, _ in modes] == [m])

    def choose(self, f: int) -> None:
        """Let the family's next task choose the machine where it would finish first."""
        _, _, self.chosen[f] = min(
            (one.ect, self.load(one.machine), one.machine) for one in self.options(f)
        )

    def decision(self) -> Decision | None:
        """Return the conflict set, None when everything is placed."""
        options = [self.option(f, self.chosen[f]) for f in self.unfinished()]
        if not options:
            return None
        phi, _, machine = min((one.ect, one.est, one.machine) for one in options)
        here = [one for one in options if one.machine == machine]
        sigma = min(one.est for one in here)
        candidates = [
            one for one in here if one.est == sigma or one.est - sigma < self.delta * (phi - sigma)
        ]
        if self.choose_machines:
            candidates = [choice for one in candidates for choice in self.sensible(one)]
        return Decision(machine, sigma, tuple(candidates))

    def sensible(self, chosen: Option) -> list[Option]:
        """Return a task on its chosen machine, then on the others that may be worth taking.

        They could begin before it ends on the chosen one, and no machine is as good or better in
        both the end and the time taken; of equally good ones the first counts.
        """
        options = [chosen, *(one for one in self.options(chosen.family) if one != chosen)]
        return [chosen] + [
            one
            for k, one in enumerate(options)
            if k > 0
            and one.est < chosen.ect
            and not any(
                other.ect <= one.ect
                and other.work <= one.work
                and ((other.ect, other.work) != (one.ect, one.work) or j < k)
                for j, other in enumerate(options)
                if j != k
            )
        ]

    def take(self, one: Option) -> None:
        """Place a candidate of the deciding machine; send a task that is offered another one."""
        f, m = one.family, one.machine
        if m != self.chosen[f]:
            self.sent[f] = self.chosen[f] = m
            return
        family = self.problem.families[f]
        sequence = self.next_task(f).sequence
        self.placed.append((family.id, sequence, self.machines[m].name, one.est, one.ect))
        self.position[f] += 1
        self.sent.pop(f, None)
        for other in self.unfinished():
            if other == f or self.chosen[other] == m:
                self.choose(other)


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
        shop.take(chosen)
    return shop.placed


def naive_outcomes(shop: NaiveShop) -> Iterator[list[Placed]]:
    """Yield what is placed at the end of every sequence of decisions from here on."""
    decision = shop.decision()
    if decision is None:
        yield shop.placed
        return
    for one in decision.candidates:
        following = shop.copy()
        following.take(one)
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
    p, span = one.work, one.ect - one.est
    after = nominal_from(shop, family, i + 1)
    R = float(span) + after
    t, D, w = decision.time, family.due, weights.family_weight(family)
    if rule == "fifo":
        return shop.ready_time(one.family)
    if rule == "random":
        before = shop.problem.families[: one.family]
        return keys[sum(len(earlier.tasks) for earlier in before) + i]
    if rule == "odd":
        total = nominal_from(shop, family, 0)
        return family.release + (D - family.release) * (total - after) / total
    if rule == "atc":
        pbar = sum(other.work for other in decision.candidates) / len(decision.candidates)
        x = D - t - span - ATC_LEAD * after
        return -(w / p) * math.exp(-max(0, x) / (ATC_K * pbar))
    if rule == "covert":
        x, wait = D - t - R, COVERT_WAIT * R
        return -(w / p) * (1 if x <= 0 else max(0, 1 - x / wait))
    if rule == "pt_winq_slack":
        return p + winq(shop, one.family) + min(0, D - t - R)
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


def nominal_from(shop: NaiveShop, family: Family, first: int) -> float:
    """Return the nominal work of a family's tasks from a position on, 0 behind the last.

    Summed from the last task back.
    """
    tail = 0.0
    for task in reversed(family.tasks[first:]):
        tail = nominal(shop, task) + tail
    return tail


def nominal(shop: NaiveShop, task: Task) -> float:
    """Return the mean time that a task takes on its usable machines, their usual pauses included.

    Added up one by one: from Python 3.12 on, ``sum`` of floats rounds in another way.
    """
    modes = shop.modes(task)
    total = 0.0
    for m, needed in modes:
        total += needed * shop.stretch[shop.machines[m].name]
    return total / len(modes)


def winq(shop: NaiveShop, f: int) -> int:
    """Return the work waiting for the machine of a family's task after next, 0 at the end."""
    later = shop.problem.families[f].tasks[shop.position[f] + 1 :]
    if not later:
        return 0
    waiting = [shop.modes(shop.next_task(other)) for other in shop.unfinished()]
    return min(
        sum(modes[0][1] for modes in waiting if [where for where, _ in modes] == [m])
        for m, _ in shop.modes(later[0])
    )


def duration(task: Task, name: str) -> int:
    """Return the processing time of a task on a machine."""
    return dict(zip(task.machines, task.durations, strict=True))[name]
