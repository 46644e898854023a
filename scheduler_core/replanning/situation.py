"""Where a shop stands at a moment of its plan, and the shop while events change it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property

from scheduler_core.errors import ConfigError
from scheduler_core.moments import moment_text
from scheduler_core.problem import SECONDS_PER_DAY, Family, Machine, Problem
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.working_time import working_time


@dataclass(frozen=True, slots=True)
class Shop:
    """Families and machines between two events: rules between them may be broken for a while."""

    families: tuple[Family, ...]
    machines: tuple[Machine, ...]

    def family(self, name: str) -> Family | None:
        """Return a family by its id."""
        return next((each for each in self.families if each.id == name), None)

    def machine(self, name: str) -> Machine | None:
        """Return a machine by its name."""
        return next((each for each in self.machines if each.name == name), None)

    def with_family(self, family: Family) -> Shop:
        """Return the shop with one family replaced."""
        families = (family if each.id == family.id else each for each in self.families)
        return replace(self, families=tuple(families))

    def with_machine(self, machine: Machine) -> Shop:
        """Return the shop with one machine replaced."""
        machines = (machine if each.name == machine.name else each for each in self.machines)
        return replace(self, machines=tuple(machines))


@dataclass(frozen=True)
class Situation:
    """A shop, the plan that it worked by, and the moment until which it did.

    Parameters
    ----------
    problem
        The shop as the plan knew it.
    base
        A complete, valid schedule of it.
    now
        Seconds from time zero, from 0 to the end of the last task.

    Raises
    ------
    ConfigError
        If the moment lies outside the plan.
    """

    problem: Problem
    base: Schedule
    now: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.now <= max(0, self.base.makespan):
            raise ConfigError(
                f"the moment of re-planning must lie between {self.moment(0)} and the end of the "
                f"plan, {self.moment(self.base.makespan)}, got {self.moment(self.now)}; pick one "
                "in between"
            )

    def moment(self, second: int) -> str:
        """Return a point in time as text."""
        return moment_text(self.problem.created_at, second)

    @cached_property
    def placed(self) -> dict[tuple[str, int], ScheduledTask]:
        """The tasks of the plan by family and sequence."""
        return {(task.family_id, task.sequence): task for task in self.base}

    @cached_property
    def started(self) -> dict[tuple[str, int], ScheduledTask]:
        """The tasks that were started before now, or ran at time zero already."""
        running = {
            (family.id, task.sequence)
            for family in self.problem.families
            for task in family.tasks[: family.num_locked]
            if task.lock is not None and task.status == "in_progress"
        }
        return {
            key: task
            for key, task in self.placed.items()
            if task.start < self.now or key in running
        }


def next_closing(machine: Machine, time: int) -> tuple[int, int] | None:
    """Return start and end of the next time, from ``time`` on, that the calendar leaves closed.

    None for a machine that works round the clock, or that no calendar lets work at all.
    """
    hours = working_time(machine.calendar)
    if hours.is_always or not hours.week_work:
        return None
    if hours.next_working(time) > time:
        return time, hours.next_working(time)
    # Lost time only grows with the end of the stretch, and some is lost within two weeks.
    reach = range(1, _FORTNIGHT)
    lost = bisect_left(reach, 1, key=lambda span: span - hours.work_between(time, time + span))
    start = time + lost
    return (start, hours.next_working(start)) if lost + 1 < _FORTNIGHT else None


_FORTNIGHT = 14 * SECONDS_PER_DAY
