"""Figures as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler_core.evaluation import Aggregate, Check, Comparison, Evaluation, Study
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


def study(found: Study) -> str:
    """Return the figures of all in question against their rivals, and their verdict at the gate."""
    measured = [found.results[name] for name in found.verdicts]
    lines = [_summary(result) for result in measured]
    lines.append(f"delay cost relative to each rival's on the same snapshot, {_how(found)}:")
    head = ["rival", "ratio", "95 % interval", "wins", "ties", "losses"]
    rows = [_against(each, found.aggregate) for result in measured for each in result.comparisons]
    if len(measured) > 1:
        head = ["", *head]
        names = [result.method for result in measured for _ in result.comparisons]
        rows = [[name, *row] for name, row in zip(names, rows, strict=True)]
    lines.append(align([head, *rows]))
    for name, verdict in found.verdicts.items():
        lines.append(f"gate, {name}: {'pass' if verdict.passed else 'FAIL'}")
        lines.append(align([["", "", "figure", "limit"], *map(_check, verdict.checks)]))
    return "\n".join(lines)


def _summary(result: Evaluation) -> str:
    return (
        f"{result.method} on {count(result.snapshots, 'snapshot', 'snapshots')}: "
        f"completion {result.completion_rate:.0%}, "
        f"{count(result.constraint_violations, 'violation', 'violations')}, "
        f"on time {result.on_time_rate:.1%}, "
        f"{result.runtime_seconds:.3f} s each"
    )


def _how(found: Study) -> str:
    aggregate = "interquartile mean" if found.aggregate == "iqm" else "mean"
    schedules = len(found.seeds) * found.episodes
    if schedules == 1:
        return aggregate
    return f"{aggregate}, {schedules} schedules each, {schedules - 1} of them drawn"


def _against(each: Comparison, aggregate: Aggregate) -> list[str]:
    low, high = each.interval_of(aggregate)
    return [each.rival, f"{each.ratio(aggregate):.3f}", f"{low:.3f} to {high:.3f}",
            str(each.wins), str(each.ties), str(each.losses)]  # fmt: skip


def _check(check: Check) -> list[str]:
    return [check.criterion, "pass" if check.passed else "FAIL",
            check.figure_text, f"{check.relation} {check.limit_text}"]  # fmt: skip


def align(rows: list[list[str]]) -> str:
    """Return rows as lines: the first column to the left, all others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
