"""What can happen to a shop: each event is checked alone when made, and in a shop when it happens.

Times are seconds from time zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from scheduler_core.errors import ConfigError
from scheduler_core.moments import duration_text
from scheduler_core.problem import (
    MAX_TIME,
    MAX_WEIGHT,
    MIN_WEIGHT,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_WEEK,
    Calendar,
    Downtime,
    Family,
    Machine,
    SpecialDay,
    Task,
    TaskStatus,
)
from scheduler_core.replanning.situation import Shop, Situation

MAX_EXTRA = 100_000 * SECONDS_PER_HOUR
"""Longest stretch of an event: what is longer is taken for a slip of the keyboard."""
_MAX_NAME = 200
_Clock = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class MachineDown:
    """A machine stands still for a while; what runs on it pauses and goes on after.

    Raises
    ------
    ConfigError
        If it does not end after it starts, or lasts longer than `MAX_EXTRA`.
    """

    machine: str
    start: int
    end: int
    reason: str = ""

    def __post_init__(self) -> None:
        _check_span(f"machine down, {self.machine}", self.start, self.end)
        if len(self.reason) > _MAX_NAME:
            raise ConfigError(
                f"machine down, {self.machine}: its reason must have at most {_MAX_NAME} "
                f"characters, got {len(self.reason)}; shorten it"
            )

    def text(self, clock: _Clock) -> str:
        """Return the event in the words of the shop."""
        because = f" ({self.reason})" if self.reason else ""
        lasts = duration_text(self.end - self.start)
        return f"{self.machine} down for {lasts} from {clock(self.start)}{because}"

    def happen(self, shop: Shop, situation: Situation) -> Shop:
        """Return the shop after the event; downtime that is there already may overlap it."""
        machine = _machine(shop, self.machine)
        _check_not_past(self.text(situation.moment), self.start, situation)
        down = Downtime(self.start, self.end, self.reason)
        return shop.with_machine(replace(machine, downtime=(*machine.downtime, down)))


@dataclass(frozen=True, slots=True)
class Overtime:
    """A machine works in a stretch of time that its calendar leaves closed.

    Raises
    ------
    ConfigError
        If it does not end after it starts, or lasts longer than `MAX_EXTRA`.
    """

    machine: str
    start: int
    end: int

    def __post_init__(self) -> None:
        _check_span(f"overtime, {self.machine}", self.start, self.end)

    def text(self, clock: _Clock) -> str:
        """Return the event in the words of the shop."""
        lasts = duration_text(self.end - self.start)
        return f"Overtime of {lasts} on {self.machine} from {clock(self.start)}"

    def happen(self, shop: Shop, situation: Situation) -> Shop:
        """Return the shop with the stretch added to the special days of the calendar."""
        machine, name = _machine(shop, self.machine), self.machine
        _check_not_past(self.text(situation.moment), self.start, situation)
        if machine.calendar is None:
            raise ConfigError(
                f"overtime, {name}: must be on a machine that works in shifts, but this one works "
                "round the clock; pick another machine"
            )
        if not machine.working_time.week_work:
            raise ConfigError(
                f"overtime, {name}: must be on a machine with a shift in its week, but this one "
                "has none and takes no task; give it a calendar with shifts in the snapshot"
            )
        names = {each.calendar.name for each in shop.machines if each.calendar is not None}
        longer = _opened(machine, self.start, self.end, names)
        span = (self.start, self.end)
        if longer.working_time.work_between(*span) == machine.working_time.work_between(*span):
            raise ConfigError(
                f"overtime, {name}: must add working time, but from {situation.moment(self.start)} "
                f"to {situation.moment(self.end)} the machine is on shift or down anyway; pick a "
                "time in which it is closed"
            )
        return shop.with_machine(longer)


@dataclass(frozen=True, slots=True)
class RushOrder:
    """A new order comes in at the moment of re-planning.

    Parameters
    ----------
    id
        Name of the order, not one of the shop's.
    tasks
        Its steps, none of them locked or running.
    due
        When it is wanted.
    weight, is_urgent
        Its importance, as of any family.
    like
        The family whose steps it copies, for display; empty if none.

    Raises
    ------
    ConfigError
        If it has no name, a step is locked, or its weight is out of range.
    ProblemError
        If the steps break a rule of families.
    """

    id: str
    tasks: tuple[Task, ...]
    due: int
    weight: float = 1.0
    is_urgent: bool = False
    like: str = ""

    def __post_init__(self) -> None:
        if not self.id.strip() or len(self.id) > _MAX_NAME:
            raise ConfigError(
                f"rush order: its name must have 1 to {_MAX_NAME} characters, got "
                f"{len(self.id.strip())}; type a name"
            )
        if any(task.lock is not None for task in self.tasks):
            raise ConfigError(
                f"rush order {self.id}: its steps must be free to plan, got one that is locked; "
                "copy the steps with RushOrder.copy_of"
            )
        if not MIN_WEIGHT <= self.weight <= MAX_WEIGHT:
            raise ConfigError(
                f"rush order {self.id}: must count as {MIN_WEIGHT:f} to {MAX_WEIGHT:,.0f} "
                f"families, got {self.weight:g}; type another number"
            )
        self._family(0)

    @classmethod
    def copy_of(
        cls, family: Family, name: str, due: int, *, weight: float = 1.0, is_urgent: bool = False
    ) -> Self:
        """Return an order with the steps of a family, none of them started or locked."""
        free = TaskStatus.PENDING
        tasks = tuple(replace(task, status=free, lock=None) for task in family.tasks)
        return cls(name, tasks, due, weight, is_urgent, family.id)

    def text(self, clock: _Clock) -> str:
        """Return the event in the words of the shop."""
        like = f" like {self.like}" if self.like else ""
        return f"Rush order {self.id}{like}, due {clock(self.due)}"

    def happen(self, shop: Shop, situation: Situation) -> Shop:
        """Return the shop with the order, which nobody could start before now."""
        if shop.family(self.id) is not None:
            raise ConfigError(
                f"rush order {self.id}: its name must be new, but the shop has a family of that "
                "name; type another one"
            )
        if self.due <= situation.now:
            raise ConfigError(
                f"rush order {self.id}: must be due after {situation.moment(situation.now)}, the "
                f"moment of re-planning, got {situation.moment(self.due)}; pick a later due time"
            )
        for task in self.tasks:
            for name in task.machines:
                _machine(shop, name)
        return replace(shop, families=(*shop.families, self._family(situation.now)))

    def _family(self, release: int) -> Family:
        return Family(self.id, self.tasks, self.due, release, self.weight, self.is_urgent)


@dataclass(frozen=True, slots=True)
class Overrun:
    """A task takes longer than planned, wherever it is done.

    Raises
    ------
    ConfigError
        If the extra time is not > 0 or longer than `MAX_EXTRA`.
    """

    family: str
    sequence: int
    extra: int
    """Seconds of work on top of the processing time."""

    def __post_init__(self) -> None:
        if not 0 < self.extra <= MAX_EXTRA:
            raise ConfigError(
                f"overrun, {self.family} step {self.sequence}: must be > 0 and at most "
                f"{duration_text(MAX_EXTRA)} more, got {duration_text(self.extra)}; type another "
                "number of hours"
            )

    def text(self, clock: _Clock) -> str:  # noqa: ARG002 - as of the others
        """Return the event in the words of the shop."""
        return f"Step {self.sequence} of {self.family} takes {duration_text(self.extra)} longer"

    def happen(self, shop: Shop, situation: Situation) -> Shop:
        """Return the shop in which the task takes longer on every machine that can do it."""
        what = f"overrun, {self.family} step {self.sequence}"
        family = shop.family(self.family)
        if family is None or all(task.sequence != self.sequence for task in family.tasks):
            raise ConfigError(f"{what}: must name a task of the shop, got none; pick another one")
        placed = situation.placed.get((self.family, self.sequence))
        if placed is not None and placed.end <= situation.now:
            raise ConfigError(
                f"{what}: must not be done at the moment of re-planning, "
                f"{situation.moment(situation.now)}, but it ended at "
                f"{situation.moment(placed.end)}; pick a task that still runs or waits"
            )
        tasks = (
            self._longer(task) if task.sequence == self.sequence else task for task in family.tasks
        )
        return shop.with_family(replace(family, tasks=tuple(tasks)))

    def _longer(self, task: Task) -> Task:
        return replace(task, durations=tuple(each + self.extra for each in task.durations))


Event = MachineDown | RushOrder | Overtime | Overrun


def _check_span(what: str, start: int, end: int) -> None:
    if not (abs(start) <= MAX_TIME and 0 < end - start <= MAX_EXTRA):
        raise ConfigError(
            f"{what}: must last > 0 and at most {duration_text(MAX_EXTRA)}, got "
            f"{duration_text(end - start)}; type another number of hours"
        )


def _check_not_past(text: str, start: int, situation: Situation) -> None:
    if start < situation.now:
        raise ConfigError(
            f"{text}: must not begin before {situation.moment(situation.now)}, the moment of "
            "re-planning; begin it later, or move that moment back"
        )


def _machine(shop: Shop, name: str) -> Machine:
    machine = shop.machine(name)
    if machine is None:
        raise ConfigError(f"machine {name}: must be one of the shop, got none; pick another one")
    return machine


def _opened(machine: Machine, start: int, end: int, names: set[str]) -> Machine:
    """Return the machine with a calendar of its own that is open in a stretch of time too."""
    calendar = machine.calendar
    assert calendar is not None
    days = {day.midnight: day.shifts for day in calendar.special_days}
    midnight = start - (start - calendar.week_start) % SECONDS_PER_DAY
    while midnight < end:
        shift = (max(start - midnight, 0), min(end - midnight, SECONDS_PER_DAY))
        usual = days.get(midnight, _weekday_shifts(calendar, midnight))
        days[midnight] = (*usual, shift)
        midnight += SECONDS_PER_DAY
    special = tuple(SpecialDay(day, shifts) for day, shifts in sorted(days.items()))
    name = _own_name(calendar.name, machine.name, names)
    return replace(machine, calendar=replace(calendar, name=name, special_days=special))


def _weekday_shifts(calendar: Calendar, midnight: int) -> tuple[tuple[int, int], ...]:
    """Return the shifts that begin on a day by its weekday, counted from its midnight."""
    day = (midnight - calendar.week_start) % SECONDS_PER_WEEK
    return tuple(
        (start - day, end - day)
        for start, end in calendar.shifts
        if day <= start < day + SECONDS_PER_DAY
    )


def _own_name(calendar: str, machine: str, names: set[str]) -> str:
    """Return a name that no calendar has: two that differ must not share one in a file."""
    stem = f"{calendar}, {machine} with overtime"[: _MAX_NAME - 6]
    number, name = 1, stem
    while name in names:
        number += 1
        name = f"{stem} {number}"
    return name
