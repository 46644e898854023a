"""The busiest stretch of a schedule with too many bars, and the strip of all of it."""

from __future__ import annotations

import numpy as np

from scheduler_core.charts import MAX_BARS, busiest_window, overview
from scheduler_core.problem import Family, Machine, Problem, Task
from scheduler_core.schedule import ScheduledTask
from tests.builders import HOUR


def bar(start: int, end: int, family: str = "F") -> ScheduledTask:
    """Return a task between two hours."""
    return ScheduledTask(family, 1, "P", "M", start * HOUR, end * HOUR)


def test_busiest_window_of_few_tasks_is_none() -> None:
    """All can be shown."""
    assert busiest_window([bar(0, 1)] * MAX_BARS) is None


def test_busiest_window_lies_where_tasks_are_dense_and_holds_no_more_than_allowed() -> None:
    """A task an hour for 100 hours, ten more an hour from 40 to 50; a long one over all."""
    rng = np.random.default_rng(0)
    tasks = [bar(hour, hour + 1) for hour in range(100)] + [bar(0, 100)]
    tasks += [bar(hour, hour + 1) for hour in range(40, 50) for _ in range(10)]
    tasks = [tasks[i] for i in rng.permutation(len(tasks))]
    window = busiest_window(tasks, 80)
    assert window is not None
    inside = [task for task in tasks if task.start <= window[1] and task.end >= window[0]]
    assert 50 < len(inside) <= 80
    assert 39 * HOUR <= window[0] < window[1] <= 51 * HOUR


def test_overview_counts_the_running_tasks_late_ones_apart() -> None:
    """Two hours: LATE over both, FINE over the second; each slice shows how many run."""
    families = tuple(
        Family(name, (Task(1, "P", ("M",), (HOUR,)),), due=0) for name in ("LATE", "FINE")
    )
    problem = Problem(families, (Machine("M"),))
    tasks = [bar(0, 2, "LATE"), bar(1, 2, "FINE")]
    late, rest = overview(problem, tasks, frozenset({"LATE"}), (0, HOUR)).data
    assert set(late.y) == {1.0}
    half = len(rest.y) // 2
    assert set(rest.y[:half]) == {0.0}
    assert set(rest.y[half:]) == {1.0}
