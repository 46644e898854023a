"""A plan that answers events: what has started or is locked stays, the rest is planned anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler_core.problem import (
    SECONDS_PER_WEEK,
    Calendar,
    Downtime,
    Family,
    Lock,
    Machine,
    Problem,
    SpecialDay,
    Task,
    TaskStatus,
    WorkingTime,
)
from scheduler_core.replanning.events import Event
from scheduler_core.replanning.situation import Shop, Situation
from scheduler_core.schedule import Schedule, ScheduledTask

Planner = Callable[[Problem], Schedule]
"""Makes a complete schedule of a problem, as fast or as long as it likes."""
_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Replan:
    """The answer to events."""

    changed: Problem
    """The shop after the events, counted from the same time zero; nothing is locked but what the
    planner has locked. Figures of the old and the new plan compare under it."""
    problem: Problem
    """The same, with what has started locked where it is: what the new plan must keep to."""
    remaining: Problem
    """The same, seen from now: what is done is left out, what runs is in progress."""
    schedule: Schedule
    """The new plan of the whole, counted from the old time zero."""
    lifted: tuple[_Key, ...]
    """Tasks whose lock could not be kept: family and sequence."""


def replan(
    problem: Problem, base: Schedule, events: Sequence[Event], planner: Planner, now: int = 0
) -> Replan:
    """Return a new plan of a shop that worked by an old one until events changed it.

    Parameters
    ----------
    problem
        The shop as the old plan knew it.
    base
        A complete, valid schedule of it.
    events
        What happens at or after ``now``, in any order of time.
    planner
        What plans the rest. It is called once, with the shop as seen from ``now``.
    now
        The moment of re-planning, in seconds from time zero.

    Raises
    ------
    ConfigError
        If an event lies in the past, or does not fit the shop.
    ProblemError
        If the shop after the events is none that can be planned.
    """
    situation = Situation(problem, base, now)
    shop = Shop(problem.families, problem.machines)
    for event in events:
        shop = event.happen(shop, situation)
    kept = _locks_that_hold(shop, situation.started)
    changed = _problem(shop, problem, _planned_locks(shop, kept))
    frozen = _problem(shop, problem, kept)
    remaining = seen_from(frozen, now)
    rest = planner(remaining)
    lifted = tuple(
        (family.id, task.sequence)
        for family in shop.families
        for task in family.tasks
        if task.lock is not None and (family.id, task.sequence) not in kept
    )
    return Replan(changed, frozen, remaining, _joined(situation, rest), lifted)


def _locks_that_hold(shop: Shop, started: Mapping[_Key, ScheduledTask]) -> dict[_Key, Lock]:
    """Return the locks of what has started, and those of the planner that can still be kept.

    An event can take the time away for which a task was locked. In order of time each lock stays
    unless its machine does not work then, or is busy with one that stays, or the family's task
    before it has no lock any more or ends too late.
    """
    working = {machine.name: machine.working_time for machine in shop.machines}
    kept: dict[_Key, Lock] = {}
    ends: dict[_Key, int] = {}
    busy: dict[str, int] = {}  # by machine, end of the last lock: they come in order of start
    for start, family, place in sorted(_locked(shop, started), key=lambda each: each[0]):
        task = family.tasks[place]
        key = (family.id, task.sequence)
        before = (family.id, family.tasks[place - 1].sequence) if place else None
        lock = _lock(task, started.get(key))
        has_started = key in started
        holds = has_started or (
            (before is None or ends.get(before, start + 1) <= start)
            and busy.get(lock.machine, start) <= start
            and working[lock.machine].next_working(start) == start
        )
        if holds:
            end = _end(working[lock.machine], lock, task)
            kept[key], ends[key] = lock, end
            busy[lock.machine] = max(end, busy.get(lock.machine, end))
    return kept


def _locked(shop: Shop, started: Mapping[_Key, ScheduledTask]) -> Iterator[tuple[int, Family, int]]:
    """Yield start, family and place in the family of all that has started or is locked."""
    for family in shop.families:
        for place, task in enumerate(family.tasks):
            placed = started.get((family.id, task.sequence))
            if placed is not None or task.lock is not None:
                yield _lock(task, placed).start, family, place


def _lock(task: Task, placed: ScheduledTask | None) -> Lock:
    if placed is not None:
        return Lock(placed.machine, placed.start)
    assert task.lock is not None
    return task.lock


def _end(working: WorkingTime, lock: Lock, task: Task) -> int:
    return working.finish(lock.start, task.duration_on(lock.machine))


def _planned_locks(shop: Shop, kept: Mapping[_Key, Lock]) -> dict[_Key, Lock]:
    """Return the locks that hold and were not made by the old plan."""
    return {
        (family.id, task.sequence): task.lock
        for family in shop.families
        for task in family.tasks
        if task.lock is not None and (family.id, task.sequence) in kept
    }


def _problem(shop: Shop, problem: Problem, locks: Mapping[_Key, Lock]) -> Problem:
    """Return the problem of a shop with some tasks locked and no others."""
    families = []
    for family in shop.families:
        wanted = [locks.get((family.id, task.sequence)) for task in family.tasks]
        if wanted == [task.lock for task in family.tasks]:
            families.append(family)
            continue
        pairs = zip(family.tasks, wanted, strict=True)
        families.append(replace(family, tasks=tuple(replace(t, lock=lock) for t, lock in pairs)))
    return replace(problem, families=tuple(families), machines=shop.machines)


def _joined(situation: Situation, rest: Schedule) -> Schedule:
    """Return what the old plan has finished and the plan of the rest, as one plan."""
    now = situation.now
    done = [task for task in situation.started.values() if task.end <= now]
    later = [replace(task, start=task.start + now, end=task.end + now) for task in rest]
    tasks = sorted([*done, *later], key=lambda task: task.start)
    return replace(rest, tasks=tuple(tasks))


def seen_from(problem: Problem, now: int) -> Problem:
    """Return a problem as it stands at a later moment, which becomes its time zero.

    Locked tasks that have ended are left out, and so are families that are complete; those that
    have started are in progress.
    """
    if now == 0 and not any(end <= 0 for end in problem.lock_ends().values()):
        return problem
    ends = problem.lock_ends()
    families = []
    for family in problem.families:
        tasks = tuple(
            _task_from(task, now)
            for task in family.tasks
            if task.lock is None or ends[family.id, task.sequence] > now
        )
        if tasks:
            release = max(0, family.release - now)
            families.append(replace(family, tasks=tasks, due=family.due - now, release=release))
    machines = tuple(_machine_from(machine, now) for machine in problem.machines)
    return Problem(tuple(families), machines, _date_from(problem.created_at, now))


def _task_from(task: Task, now: int) -> Task:
    if task.lock is None:
        return task
    lock = Lock(task.lock.machine, task.lock.start - now)
    has_started = lock.start < 0 or task.status is TaskStatus.IN_PROGRESS
    status = TaskStatus.IN_PROGRESS if has_started else TaskStatus.PENDING
    return replace(task, lock=lock, status=status)


def _machine_from(machine: Machine, now: int) -> Machine:
    downtime = tuple(
        Downtime(each.start - now, each.end - now, each.reason) for each in machine.downtime
    )
    return Machine(machine.name, _calendar_from(machine.calendar, now), downtime)


def _calendar_from(calendar: Calendar | None, now: int) -> Calendar | None:
    if calendar is None:
        return None
    monday = -((now - calendar.week_start) % SECONDS_PER_WEEK)
    days = tuple(SpecialDay(day.midnight - now, day.shifts) for day in calendar.special_days)
    return replace(calendar, week_start=monday, special_days=days)


def _date_from(created_at: datetime | None, now: int) -> datetime | None:
    try:
        return None if created_at is None else created_at + timedelta(seconds=now)
    except OverflowError:  # beyond the year 9999 there is no date to show
        return None
