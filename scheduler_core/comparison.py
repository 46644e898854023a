"""Two schedules of one problem side by side: what moves, what it is worth, where they part.

Every function goes from an *old* schedule, the reference, to a *new* one. Either may come from a
file and be incomplete or broken: a task that is placed twice counts where it stands last, and what
the problem does not know does not count at all.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import SECONDS_PER_HOUR, Family, Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.spreadsheet import guarded

Key = tuple[str, int]
"""A task: the id of its family, and its sequence there."""


@dataclass(frozen=True, slots=True)
class MovedTask:
    """A task that the new schedule does on another machine, at another time, or not at all."""

    family_id: str
    sequence: int
    process_name: str
    old: ScheduledTask | None
    """None where the old schedule leaves the task out."""
    new: ScheduledTask | None
    old_rank: int | None
    """Its place in the order of its machine, from 1."""
    new_rank: int | None

    @property
    def shift(self) -> int | None:
        """Seconds by which it starts later, negative for earlier; None where it is left out."""
        if self.old is None or self.new is None:
            return None
        return self.new.start - self.old.start

    @property
    def changes_machine(self) -> bool:
        """Whether both schedules do it, on different machines."""
        return (
            self.old is not None and self.new is not None and self.old.machine != self.new.machine
        )


@dataclass(frozen=True, slots=True)
class FamilyChange:
    """When a family completes under both schedules, and the points that it earns."""

    family: Family
    old_completion: int | None
    """Seconds from time zero; None where the schedule leaves a task of the family out."""
    new_completion: int | None
    old_points: float
    new_points: float

    @property
    def points(self) -> float:
        """Points that the family earns more under the new schedule."""
        return self.new_points - self.old_points

    @property
    def old_tardiness(self) -> int | None:
        """Seconds late under the old schedule, 0 if on time; None if never completed."""
        return _tardiness(self.family, self.old_completion)

    @property
    def new_tardiness(self) -> int | None:
        """Seconds late under the new schedule, 0 if on time; None if never completed."""
        return _tardiness(self.family, self.new_completion)

    @property
    def tardiness(self) -> int | None:
        """Seconds that it is later under the new schedule; None if either never completes it."""
        if self.old_tardiness is None or self.new_tardiness is None:
            return None
        return self.new_tardiness - self.old_tardiness


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """The way from the old score to the new one, family by family."""

    families: tuple[FamilyChange, ...]
    """In the order of the problem."""
    old_makespan_points: float
    new_makespan_points: float

    @property
    def old_score(self) -> float:
        """Score of the old schedule, to the last bit that of `objective.score`."""
        return math.fsum(each.old_points for each in self.families) + self.old_makespan_points

    @property
    def new_score(self) -> float:
        """Score of the new schedule, to the last bit that of `objective.score`."""
        return math.fsum(each.new_points for each in self.families) + self.new_makespan_points

    @property
    def makespan_points(self) -> float:
        """Points that the makespan earns more under the new schedule."""
        return self.new_makespan_points - self.old_makespan_points


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that the old schedule takes otherwise, see `differing_decisions`."""

    moment: int
    """Second at which the two part."""
    machine: str
    new: ScheduledTask
    """What the machine takes under the new schedule."""
    old: ScheduledTask | None
    """What the old schedule has it take instead, as placed there; None if nothing more.

    The same task as ``new`` where only the start differs.
    """
    was_waiting: bool
    """Whether the task that was passed over was there to be taken, in the new schedule."""

    @property
    def same_task(self) -> bool:
        """Whether both take the same task, at different times."""
        return self.old is not None and _key(self.old) == _key(self.new)

    @property
    def families(self) -> tuple[str, ...]:
        """The family taken, then the one passed over, each once."""
        names = [self.new.family_id, *([self.old.family_id] if self.old else [])]
        return tuple(dict.fromkeys(names))


def moved_tasks(problem: Problem, old: Schedule, new: Schedule) -> list[MovedTask]:
    """Return the tasks that are elsewhere in the new schedule, in the order of the problem.

    Elsewhere means another machine or another start, or being in one of the schedules alone. Rank
    alone is no move: a task that starts where it did has not moved, whoever goes before it.
    """
    was, now = _Placements(problem, old), _Placements(problem, new)
    moves = []
    for family in problem.families:
        for task in family.tasks:
            key = (family.id, task.sequence)
            before, after = was.tasks.get(key), now.tasks.get(key)
            if _place(before) != _place(after):
                ranks = was.ranks.get(key), now.ranks.get(key)
                moves.append(MovedTask(*key, task.process_name, before, after, *ranks))
    return moves


def _place(task: ScheduledTask | None) -> tuple[str, int] | None:
    return None if task is None else (task.machine, task.start)


def score_by_family(
    problem: Problem, old: Schedule, new: Schedule, weights: RewardWeights
) -> ScoreChange:
    """Return what each family, and the makespan, earns under both schedules.

    The parts sum to the two scores exactly. A family that a schedule does not complete earns
    nothing there.
    """
    was, now = old.completions(problem), new.completions(problem)
    changes = tuple(
        FamilyChange(
            family,
            was.get(family.id),
            now.get(family.id),
            _points(weights, family, was.get(family.id)),
            _points(weights, family, now.get(family.id)),
        )
        for family in problem.families
    )
    return ScoreChange(
        changes, weights.makespan_score(old.makespan), weights.makespan_score(new.makespan)
    )


def _points(weights: RewardWeights, family: Family, completion: int | None) -> float:
    return 0.0 if completion is None else weights.family_score(family, completion)


def _tardiness(family: Family, completion: int | None) -> int | None:
    return None if completion is None else max(0, completion - family.due)


def differing_decisions(problem: Problem, old: Schedule, new: Schedule) -> list[Difference]:
    """Return the decisions of the new schedule that the old one takes otherwise, in order of time.

    A *decision* is the start of a task in the new schedule, on its machine m at time t. *Open*
    are the tasks that the new schedule starts, there or elsewhere, at t or later. The old
    schedule decides the same by its own order of m: it would take the first open task of that
    order. The two differ where

    - this is another task, or there is none; or
    - it is the same task, at another start, although what goes before it (on the machine, in its
      family, its release) ends at the same time: one of them lets the machine wait.

    A task that the new schedule moves back is passed over at each decision until it is taken, and
    a task that is moved to the front of n others is one difference, not n + 1.

    The *moment* of a difference is the earliest time at which its two sides part: t; the old start
    of the task passed over, the first time that it is; the old start of the task taken, if that was
    on another machine or is all that differs. So of two complete and valid schedules all that
    starts before the first moment is the same in both, and schedules with the same tasks at the
    same places have no difference.
    """
    was, now = _Placements(problem, old), _Placements(problem, new)
    found = [
        difference for machine in now.orders for difference in _differences_on(machine, was, now)
    ]
    return sorted(found, key=lambda each: (each.moment, each.new.start, each.machine))


def _differences_on(machine: str, was: _Placements, now: _Placements) -> Iterator[Difference]:
    """Yield the differences of one machine, in order of the new starts."""
    queue = was.orders.get(machine, [])
    taken: set[Key] = set()
    passed: set[Key] = set()
    place = 0
    for task in now.orders[machine]:
        while place < len(queue) and not now.is_open(_key(queue[place]), task.start, taken):
            place += 1
        rival = queue[place] if place < len(queue) else None
        key = _key(task)
        taken.add(key)
        before = was.tasks.get(key)
        if rival is not None and _key(rival) == key:
            if rival.start != task.start and was.floor(key) == now.floor(key):
                yield Difference(min(rival.start, task.start), machine, task, rival, False)
            continue
        moments = [task.start]
        if before is not None and before.machine != machine:
            moments.append(before.start)
        if rival is not None and _key(rival) not in passed:
            moments.append(rival.start)
            passed.add(_key(rival))
        waiting = rival is not None and now.is_there(_key(rival), task.start)
        yield Difference(min(moments), machine, task, rival, waiting)


@dataclass(slots=True)
class _Placements:
    """A schedule looked up by task and by machine; built once, then only read."""

    problem: Problem
    schedule: Schedule
    tasks: dict[Key, ScheduledTask] = field(init=False)
    orders: dict[str, list[ScheduledTask]] = field(init=False)
    """The tasks of each machine in use, in order of start."""
    ranks: dict[Key, int] = field(init=False)
    """Place of each task in the order of its machine, from 1."""
    _releases: dict[str, int] = field(init=False)
    _family_before: dict[Key, Key] = field(init=False)

    def __post_init__(self) -> None:
        families = self.problem.families
        keys = [[(family.id, task.sequence) for task in family.tasks] for family in families]
        known = {key for steps in keys for key in steps}
        self.tasks = {_key(task): task for task in self.schedule if _key(task) in known}
        self.orders = {}
        for task in sorted(
            self.tasks.values(), key=lambda task: (task.start, task.end, _key(task))
        ):
            self.orders.setdefault(task.machine, []).append(task)
        self.ranks = {
            _key(task): rank for order in self.orders.values() for rank, task in enumerate(order, 1)
        }
        self._releases = {family.id: family.release for family in families}
        self._family_before = {
            steps[i]: steps[i - 1] for steps in keys for i in range(1, len(steps))
        }

    def is_open(self, key: Key, time: int, taken: set[Key]) -> bool:
        """Return whether a task is not among those taken and starts at a time or later."""
        return key in self.tasks and key not in taken and self.tasks[key].start >= time

    def is_there(self, key: Key, time: int) -> bool:
        """Return whether a task could start by a time: material is there, the step before done."""
        return self._family_ready(key) <= time

    def floor(self, key: Key) -> int:
        """Return when all ends that goes before a task, on its machine and in its family."""
        task = self.tasks[key]
        rank = self.ranks[key]
        ready = self._family_ready(key)
        return max(ready, self.orders[task.machine][rank - 2].end) if rank > 1 else ready

    def _family_ready(self, key: Key) -> int:
        before = self.tasks.get(self._family_before.get(key, key))
        release = self._releases[key[0]]
        if before is None or key not in self._family_before:
            return release
        return max(release, before.end)


def _key(task: ScheduledTask) -> Key:
    return task.family_id, task.sequence


def moved_tasks_csv(
    problem: Problem, moves: Sequence[MovedTask], changes: Sequence[FamilyChange]
) -> str:
    """Return moved tasks as a table for a spreadsheet, in their order, times in hours.

    Calendar times follow where the problem has a ``created_at``; what there is not stays empty.
    Names that a spreadsheet would run as a formula get a leading apostrophe.
    """
    later = {change.family.id: change.tardiness for change in changes}
    columns = ["family_id", "sequence", "process_name", "old_machine", "new_machine"]
    columns += ["old_start", "new_start", "hours_later", "old_rank", "new_rank"]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*columns, "family_hours_later", "old_start_date", "new_start_date"])
    for move in moves:
        row: list[object] = [guarded(move.family_id), move.sequence, guarded(move.process_name)]
        row += [guarded(task.machine) if task else "" for task in (move.old, move.new)]
        row += [_hours(task.start if task else None) for task in (move.old, move.new)]
        row += [_hours(move.shift), move.old_rank or "", move.new_rank or ""]
        row += [_hours(later.get(move.family_id))]
        row += [_date(problem, task) for task in (move.old, move.new)]
        writer.writerow(row)
    return text.getvalue()


def _hours(seconds: int | None) -> float | str:
    return "" if seconds is None else seconds / SECONDS_PER_HOUR


def _date(problem: Problem, task: ScheduledTask | None) -> str:
    """Return a start as text, nothing where there is none or the calendar does not reach."""
    if problem.created_at is None or task is None:
        return ""
    try:
        return (problem.created_at + timedelta(seconds=task.start)).isoformat(sep=" ")
    except OverflowError:
        return ""
