"""Figures as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler_core.evaluation import Evaluation
from scheduler_core.objective import Metrics
from scheduler_core.problem import Problem

_COLUMNS = {
    "score": "{:.0f}",
    "delay_cost": "{:.0f}",
    "completion_rate": "{:.0%}",
    "constraint_violations": "{}",
    "on_time_rate": "{:.1%}",
    "task_on_time_rate": "{:.1%}",
    "late_families": "{}",
    "total_tardiness_hours": "{:.1f}",
    "max_tardiness_hours": "{:.1f}",
    "mean_flow_time_hours": "{:.1f}",
    "makespan_hours": "{:.1f}",
    "utilization": "{:.1%}",
    "runtime_seconds": "{:.3f}",
}


def figures(methods: Mapping[str, Metrics]) -> str:
    """Return one line per figure and one column per method, or the other way round if many."""
    table = {
        name: [pattern.format(getattr(metrics, name)) for metrics in methods.values()]
        for name, pattern in _COLUMNS.items()
    }
    if len(methods) <= 4:
        rows = [["", *methods], *([name, *cells] for name, cells in table.items())]
    else:
        short = ["delay_cost", "on_time_rate", "late_families", "total_tardiness_hours",
                 "mean_flow_time_hours", "makespan_hours", "runtime_seconds"]  # fmt: skip
        rows = [["", *short]]
        rows += [[name, *(table[key][i] for key in short)] for i, name in enumerate(methods)]
    return align(rows)


def count(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many}"


def families_and_tasks(problem: Problem) -> str:
    """Return how much there is to schedule."""
    families = count(len(problem.families), "family", "families")
    return f"{families}, {count(problem.num_tasks, 'task', 'tasks')}"


def evaluation(result: Evaluation) -> str:
    """Return a policy's figures against its rivals."""
    head = (
        f"{result.method} on {count(result.snapshots, 'snapshot', 'snapshots')}: "
        f"completion {result.completion_rate:.0%}, "
        f"{count(result.constraint_violations, 'violation', 'violations')}, "
        f"on time {result.on_time_rate:.1%}, "
        f"{result.runtime_seconds:.3f} s each"
    )
    rows = [["rival", "mean ratio", "95 % interval", "wins", "ties", "losses"]]
    for each in result.comparisons:
        low, high = each.interval
        rows.append([each.rival, f"{each.mean_ratio:.3f}", f"{low:.3f} to {high:.3f}",
                     str(each.wins), str(each.ties), str(each.losses)])  # fmt: skip
    return f"{head}\ndelay cost relative to each rival's on the same snapshot:\n{align(rows)}"


def align(rows: list[list[str]]) -> str:
    """Return rows as lines: the first column to the left, all others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
