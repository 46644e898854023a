"""Methods side by side as a page: every figure on each snapshot, and plots over all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scheduler_core.evaluation import Floats, Trial, cost_ratios
from scheduler_core.report.figures import paints, runtime_figure, strip_figure
from scheduler_core.report.page import cell, note, page, plot, section, table

_COLUMNS = {
    "delay cost": ("delay_cost", ",.0f"),
    "on time": ("on_time_rate", ".1%"),
    "late families": ("late_families", "d"),
    "tardiness, h": ("total_tardiness_hours", ",.0f"),
    "longest, h": ("max_tardiness_hours", ",.0f"),
    "flow time, h": ("mean_flow_time_hours", ",.1f"),
    "makespan, h": ("makespan_hours", ",.1f"),
    "utilization": ("utilization", ".1%"),
    "placed": ("completion_rate", ".0%"),
    "violations": ("constraint_violations", "d"),
    "seconds": ("runtime_seconds", ".3f"),
}


def comparison_page(trials: Sequence[Trial]) -> str:
    """Return schedules of some methods, one of each on each snapshot, as HTML of one file."""
    names = list(dict.fromkeys(trial.contender.name for trial in trials))
    tables: dict[int, list[Trial]] = {}
    for trial in trials:
        tables.setdefault(trial.snapshot, []).append(trial)
    lead = f"{len(names)} methods on {len(tables)} snapshot{'s' if len(tables) != 1 else ''}."
    plots = _plots(trials, names, list(tables.values()))
    return page("Methods side by side", lead, [*plots, *map(_figures, tables.values())])


def _plots(
    trials: Sequence[Trial], names: Sequence[str], tables: Sequence[Sequence[Trial]]
) -> list[str]:
    looks = paints(names)
    dots = {name: [own[0].case.name for own in tables] for name in names}
    costs = {name: _column(tables, name, "delay_cost") for name in names}
    least = np.min(list(costs.values()), axis=0)
    relative = {name: cost_ratios(own, least) for name, own in costs.items()}
    on_time = {name: _column(tables, name, "on_time_rate") for name in names}
    one = "A dot for each snapshot; the bar is their mean."
    return [
        section(
            "Delay cost",
            note(f"As a ratio to the lowest on the same snapshot. {one}"),
            plot(strip_figure(relative, dots, looks, "delay cost / lowest"), "costs"),
        ),
        section(
            "Families on time",
            note(one),
            plot(strip_figure(on_time, dots, looks, "families on time", percent=True), "on-time"),
        ),
        section("Time to make a schedule", plot(runtime_figure(trials, looks), "runtimes")),
    ]


def _column(tables: Sequence[Sequence[Trial]], name: str, figure: str) -> Floats:
    """Return a figure of one method on each snapshot."""
    return np.array(
        [
            getattr(trial.metrics, figure)
            for own in tables
            for trial in own
            if trial.contender.name == name
        ],
        np.float64,
    )


def _figures(own: Sequence[Trial]) -> str:
    """Return the table of one snapshot, the lowest delay cost in bold."""
    problem, least = own[0].case.problem, min(trial.metrics.delay_cost for trial in own)
    rows = [
        [cell(trial.contender.name),
         *(format(getattr(trial.metrics, name), form) for name, form in _COLUMNS.values())]
        for trial in own
    ]  # fmt: skip
    best = [trial.metrics.delay_cost <= least for trial in own]
    size = f"{len(problem.families)} families, {problem.num_tasks} tasks"
    return section(own[0].case.name, note(size), table(["", *_COLUMNS], rows, best))
