"""The problem: families of tasks in order, on machines, with due dates.

Time is an integer count of seconds from time zero, the snapshot's ``created_at``. Everything here
is frozen: change a problem with ``dataclasses.replace``. Local rules are checked by each part,
rules between parts once, by `Problem`; after that the code trusts its input.
"""

from scheduler_core.problem.parts import (
    MAX_WEIGHT,
    MIN_WEIGHT,
    Family,
    Lock,
    Machine,
    Task,
    TaskStatus,
)
from scheduler_core.problem.problem import MAX_END, MAX_MACHINE_WINDOWS, Problem
from scheduler_core.working_time import (
    MAX_TIME,
    NEVER,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_WEEK,
    Calendar,
    Downtime,
    SpecialDay,
    WorkingTime,
)

__all__ = [
    "MAX_END",
    "MAX_MACHINE_WINDOWS",
    "MAX_TIME",
    "MAX_WEIGHT",
    "MIN_WEIGHT",
    "NEVER",
    "SECONDS_PER_DAY",
    "SECONDS_PER_HOUR",
    "SECONDS_PER_WEEK",
    "Calendar",
    "Downtime",
    "Family",
    "Lock",
    "Machine",
    "Problem",
    "SpecialDay",
    "Task",
    "TaskStatus",
    "WorkingTime",
]
