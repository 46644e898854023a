"""Why a family is late: from the step that waited longest back to what all began with.

Each hop of the chain is a machine with a queue. The step waited behind the tasks that the machine
did before it; the machine had worked without an idle second since the first task of that run, its
*head*; and the head came when it came because of what its own family had waited for. So each hop
begins before the one in front of it: the chain has no cycle, and ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scheduler_core.explanation.waits import Floor, TaskWaits, Wait, WaitKind
from scheduler_core.problem import Family, Problem
from scheduler_core.schedule import Schedule, ScheduledTask

MAX_HOPS = 4
"""A planner follows no longer chain; where one is cut its root says so."""


class RootKind(StrEnum):
    """What a chain of waits began with."""

    START = "the queue was there at time zero"
    MATERIAL = "material arrived late"
    LOCK = "fixed by the planner"
    CLOSED = "the machine was closed"
    DOWN = "the machine was down"
    WORK = "its own work takes that long"
    CHOICE = "the machine was kept free"
    CUT = "the chain goes on"


@dataclass(frozen=True, slots=True)
class Root:
    """What a chain of waits began with, and with which task."""

    kind: RootKind
    task: ScheduledTask
    reason: str = ""
    """Why a machine was down."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A step, the queue that it waited in, and since when there was one."""

    step: TaskWaits
    run: tuple[ScheduledTask, ...]
    """What the machine did without an idle second, up to the first task that the step waited for.

    Its first task is the head of the queue.
    """


@dataclass(frozen=True, slots=True)
class Story:
    """How a family came to end when it does. All times in seconds."""

    family: Family
    completion: int | None
    """None where not all of its tasks have a place."""
    unhindered: int
    """When it would complete if it had the shop to itself."""
    steps: tuple[TaskWaits, ...]
    hops: tuple[Hop, ...]
    """From the step that waited longest backwards; none where no step waited for another task."""
    root: Root | None
    """None for a family without a placed task."""

    @property
    def late(self) -> int:
        """Completion after the due time; negative: time to spare. 0 for one never completed."""
        return 0 if self.completion is None else self.completion - self.family.due

    @property
    def waited(self) -> int:
        """Seconds that its steps waited when they were ready, all together."""
        return sum(step.waited for step in self.steps)

    @property
    def worst(self) -> TaskWaits | None:
        """The step that waited longest, None where none waited."""
        longest = max(self.steps, key=lambda step: step.waited, default=None)
        return longest if longest is not None and longest.waited else None

    def in_the_way(self) -> list[ScheduledTask]:
        """Return the other families' tasks that the chain names, each once."""
        tasks: dict[tuple[str, int], ScheduledTask] = {}
        for hop in self.hops:
            held = [wait.task for wait in hop.step.queue if wait.task is not None]
            for task in [hop.step.task, *held, hop.run[0]]:
                if task.family_id != self.family.id:
                    tasks.setdefault((task.family_id, task.sequence), task)
        return list(tasks.values())


def why_late(
    problem: Problem, schedule: Schedule, family_id: str, floor: Floor | None = None
) -> Story:
    """Return the story of a family, late or not.

    Parameters
    ----------
    problem, schedule
        The schedule may be incomplete, or break rules.
    family_id
        A family of the problem.
    floor
        `Floor` of the two, where it is at hand.

    Raises
    ------
    KeyError
        If the problem has no such family.
    """
    floor = floor or Floor(problem, schedule)
    family = floor.families[family_id]
    placed = floor.steps(family_id)
    steps = tuple(floor.waits(task) for task in placed)
    ends = [task.end for task in placed]
    alone = Problem((family,), problem.machines).unhindered_completions()[family_id]
    hops, root = _trace(floor, steps)
    whole = len(placed) == len(family.tasks)
    return Story(family, max(ends) if whole else None, alone, steps, tuple(hops), root)


def _trace(floor: Floor, steps: tuple[TaskWaits, ...]) -> tuple[list[Hop], Root | None]:
    """Return the chain back from the step that waited longest, and what it began with."""
    hops: list[Hop] = []
    if not steps:
        return hops, None
    current = max(steps, key=lambda step: step.waited)
    if not current.waited:
        return hops, _arrival(floor, steps[-1].task)
    while len(hops) < MAX_HOPS:
        root = _own_root(current)
        held = _first_holder(current)
        if root is not None or held is None:
            return hops, root or Root(RootKind.CHOICE, current.task)
        run = floor.run_up_to(held)
        hops.append(Hop(current, tuple(run)))
        head = floor.waits(run[0])
        root = _head_root(floor, head)
        if root is not None:
            return hops, root
        earlier = [each for each in _steps_before(floor, head.task) if each.waited]
        if not earlier:
            return hops, _arrival(floor, head.task)
        current = max(earlier, key=lambda step: step.waited)
    return hops, Root(RootKind.CUT, current.task)


_OWN_ROOTS = {
    WaitKind.CLOSED: RootKind.CLOSED,
    WaitKind.DOWN: RootKind.DOWN,
    WaitKind.LOCK: RootKind.LOCK,
    WaitKind.NO_REASON: RootKind.CHOICE,
}


def _own_root(step: TaskWaits) -> Root | None:
    """Return the cause of a step's wait where that is not mainly other tasks."""
    lost: dict[WaitKind, int] = {}
    for wait in step.queue:
        lost[wait.kind] = lost.get(wait.kind, 0) + wait.seconds
    others = lost.pop(WaitKind.BUSY, 0) + lost.pop(WaitKind.KEPT_FREE, 0)
    if not lost or others >= max(lost.values()):
        return None
    kind = max(lost, key=lambda each: lost[each])
    reasons = [wait.reason for wait in step.queue if wait.kind is kind and wait.reason]
    return Root(_OWN_ROOTS[kind], step.task, ", ".join(dict.fromkeys(reasons)))


def _first_holder(step: TaskWaits) -> ScheduledTask | None:
    """Return the task that held the machine, or was waited for, when the step became ready."""
    kinds = (WaitKind.BUSY, WaitKind.KEPT_FREE)
    held = (wait for wait in step.queue if wait.kind in kinds)
    first: Wait | None = next(held, None)
    return first.task if first else None


def _head_root(floor: Floor, head: TaskWaits) -> Root | None:
    """Return why a queue began when it did, None where its head's family tells more."""
    task = head.task
    if task.start <= 0 or floor.is_running(task):
        return Root(RootKind.START, task)
    if floor.is_locked(task):
        return Root(RootKind.LOCK, task)
    if not head.waited:
        return None
    longest = max(head.queue, key=lambda wait: wait.seconds)
    if floor.before(task) is None and head.ready == 0:
        kinds = {WaitKind.CLOSED: RootKind.CLOSED, WaitKind.DOWN: RootKind.DOWN}
        return Root(kinds.get(longest.kind, RootKind.CHOICE), task, longest.reason)
    return None


def _steps_before(floor: Floor, task: ScheduledTask) -> list[TaskWaits]:
    steps = floor.steps(task.family_id)
    return [floor.waits(each) for each in steps if each.start < task.start]


def _arrival(floor: Floor, task: ScheduledTask) -> Root:
    """Return why a task came when it came although no step of its family ever waited."""
    if floor.is_locked(task):
        return Root(RootKind.LOCK, task)
    kind = RootKind.MATERIAL if floor.release(task.family_id) > 0 else RootKind.WORK
    return Root(kind, task)
