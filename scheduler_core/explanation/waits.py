"""What each task of a schedule waited for, from time zero to its start, to the second.

A schedule that breaks rules is read as well as it can be: waits never overlap, and always add up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from scheduler_core.problem import Family, Lock, Machine, Problem, TaskStatus
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.working_time import working_time


class WaitKind(StrEnum):
    """What a task waited for."""

    PREDECESSOR = "step before"
    """The step before it was not done."""
    MATERIAL = "material"
    """It had not arrived."""
    BUSY = "machine busy"
    """Another task held the machine, pauses of that task included."""
    CLOSED = "machine closed"
    """No shift was on."""
    DOWN = "machine down"
    LOCK = "locked"
    """The planner has fixed its start; or the machine was kept for a task that is fixed so."""
    KEPT_FREE = "machine kept free"
    """The machine stood idle, by choice, for a task that was to come first."""
    NO_REASON = "no reason"
    """The machine was free: the task could have started earlier."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time that a task lost to one cause."""

    kind: WaitKind
    seconds: int
    """> 0. Less than from ``since`` to ``until`` where several causes share a stretch."""
    since: int
    until: int
    """The stretch of time it lies in, in seconds."""
    task: ScheduledTask | None = None
    """The step before; or the task that held the machine, or that it was kept for."""
    reason: str = ""
    """Why the machine was down, as far as that is known."""


@dataclass(frozen=True, slots=True)
class TaskWaits:
    """A task and all its waits, in order of time."""

    task: ScheduledTask
    ready: int
    """When the step before was done and the material there, in seconds, >= 0."""
    waits: tuple[Wait, ...]
    """They add up to the time from time zero to the start."""

    @property
    def queue(self) -> tuple[Wait, ...]:
        """The waits since the task was ready; they add up to `waited`."""
        kinds = (WaitKind.PREDECESSOR, WaitKind.MATERIAL)
        return tuple(wait for wait in self.waits if wait.kind not in kinds)

    @property
    def waited(self) -> int:
        """Seconds from ready to start; 0 for a locked task that started before it was ready."""
        return max(0, self.task.start - self.ready)


class Floor:
    """A schedule as seen from the shop floor: who runs where, and what comes before what.

    Parameters
    ----------
    problem, schedule
        The schedule may be incomplete, or break rules.
    """

    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        self.families: dict[str, Family] = {family.id: family for family in problem.families}
        self._machines: dict[str, Machine] = {each.name: each for each in problem.machines}
        self._locks: dict[tuple[str, int], Lock] = {}
        self._running: set[tuple[str, int]] = set()
        self._placed = {(task.family_id, task.sequence): task for task in schedule}
        self._before: dict[tuple[str, int], ScheduledTask] = {}
        for family in problem.families:
            self._read(family)
        self._queues: dict[str, list[ScheduledTask]] = {}
        for task in sorted(schedule, key=lambda each: (each.start, each.end)):
            self._queues.setdefault(task.machine, []).append(task)
        self._starts = {
            name: [task.start for task in queue] for name, queue in self._queues.items()
        }

    def _read(self, family: Family) -> None:
        """Take note of a family's locks, and of what its tasks come after."""
        before: ScheduledTask | None = None
        for task in family.tasks:
            key = family.id, task.sequence
            if task.lock is not None:
                self._locks[key] = task.lock
            if task.status is TaskStatus.IN_PROGRESS:
                self._running.add(key)
            if before is not None:
                self._before[key] = before
            now = self._placed.get(key)
            if now is not None and (before is None or now.end >= before.end):
                before = now

    def task(self, family_id: str, sequence: int) -> ScheduledTask | None:
        """Return where a task is placed, None where it is not."""
        return self._placed.get((family_id, sequence))

    def steps(self, family_id: str) -> list[ScheduledTask]:
        """Return the placed tasks of a family, in order of sequence."""
        family = self.families.get(family_id)
        tasks = family.tasks if family else ()
        found = [self.task(family_id, task.sequence) for task in tasks]
        return [task for task in found if task is not None]

    def before(self, task: ScheduledTask) -> ScheduledTask | None:
        """Return the placed task of the family that a task comes after, None for the first."""
        return self._before.get((task.family_id, task.sequence))

    def is_locked(self, task: ScheduledTask) -> bool:
        """Return whether the planner, or the shop floor, has fixed a task's start."""
        return (task.family_id, task.sequence) in self._locks

    def is_running(self, task: ScheduledTask) -> bool:
        """Return whether a task runs at time zero."""
        return (task.family_id, task.sequence) in self._running

    def release(self, family_id: str) -> int:
        """Return when a family's material arrives, in seconds; 0 for an unknown one."""
        family = self.families.get(family_id)
        return family.release if family else 0

    def ready(self, task: ScheduledTask) -> int:
        """Return when a task's material and the step before it were there, in seconds, >= 0."""
        before = self.before(task)
        return max(0, self.release(task.family_id), before.end if before else 0)

    def waits(self, task: ScheduledTask) -> TaskWaits:
        """Return what a task waited for."""
        found = [*self._before_ready(task), *self._in_queue(task)]
        return TaskWaits(task, self.ready(task), tuple(found))

    def _before_ready(self, task: ScheduledTask) -> Iterator[Wait]:
        before = self.before(task)
        done = min(max(0, before.end if before else 0), max(0, task.start))
        if before is not None and done > 0:
            yield Wait(WaitKind.PREDECESSOR, done, 0, done, before)
        arrival = min(self.release(task.family_id), task.start)
        if arrival > done:
            yield Wait(WaitKind.MATERIAL, arrival - done, done, arrival)

    def _in_queue(self, task: ScheduledTask) -> Iterator[Wait]:
        time = self.ready(task)
        if task.start <= time:
            return
        if self.is_locked(task):
            yield Wait(WaitKind.LOCK, task.start - time, time, task.start)
            return
        for other in self.ahead(task, time):
            if other.start > time:
                yield from self._idle(task.machine, time, other.start, other)
                time = other.start
            until = min(other.end, task.start)
            if until > time:
                yield Wait(WaitKind.BUSY, until - time, time, until, other)
                time = until
        if task.start > time:
            yield from self._idle(task.machine, time, task.start, None)

    def ahead(self, task: ScheduledTask, time: int) -> list[ScheduledTask]:
        """Return the tasks that hold a task's machine from a time on until its start, in order."""
        queue, starts = self._queues[task.machine], self._starts[task.machine]
        first = max(0, bisect_right(starts, time) - 1)
        last = bisect_right(starts, task.start - 1)
        return [each for each in queue[first:last] if each.end > time and each is not task]

    def _idle(
        self, name: str, since: int, until: int, following: ScheduledTask | None
    ) -> Iterator[Wait]:
        """Yield why a machine did nothing while a task waited for it; the sum is the whole time."""
        closed, down, free = self._still(name, since, until)
        if closed:
            yield Wait(WaitKind.CLOSED, closed, since, until)
        if down:
            yield Wait(WaitKind.DOWN, down, since, until, reason=self._why_down(name, since, until))
        if not free:
            return
        if following is None:
            yield Wait(WaitKind.NO_REASON, free, since, until)
            return
        kind = WaitKind.LOCK if self.is_locked(following) else WaitKind.KEPT_FREE
        yield Wait(kind, free, since, until, following)

    def _still(self, name: str, since: int, until: int) -> tuple[int, int, int]:
        """Return how many seconds a machine is closed, is down, and could work."""
        machine = self._machines.get(name)
        if machine is None:
            return 0, 0, until - since
        free = machine.working_time.work_between(since, until)
        open_ = working_time(machine.calendar).work_between(since, until)
        return until - since - open_, open_ - free, free

    def _why_down(self, name: str, since: int, until: int) -> str:
        spans = sorted(self._machines[name].downtime, key=lambda down: down.start)
        inside = [down.reason for down in spans if down.start < until and down.end > since]
        return ", ".join(dict.fromkeys(reason for reason in inside if reason))

    def run_up_to(self, task: ScheduledTask) -> list[ScheduledTask]:
        """Return the tasks that a machine did without an idle second before a task, and that task.

        Time in which it was closed or down does not count as idle.
        """
        queue = self._queues[task.machine]
        place = next(i for i, each in enumerate(queue) if each is task)
        first = place
        while first > 0 and self._follows(queue[first - 1], queue[first]):
            first -= 1
        return queue[first : place + 1]

    def _follows(self, one: ScheduledTask, other: ScheduledTask) -> bool:
        gap = other.start - one.end
        return gap == 0 or (gap > 0 and self._still(one.machine, one.end, other.start)[2] == 0)
