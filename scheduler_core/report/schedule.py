"""Schedules as a page for planners: charts, figures, what is late, how they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from scheduler_core.charts import gantt, row_names
from scheduler_core.export import FIGURES, Record, figure_text
from scheduler_core.moments import moment_text
from scheduler_core.problem import SECONDS_PER_HOUR, Family
from scheduler_core.report.page import cell, facts, note, page, plot, section, table, tall

MAX_ROWS = 200
"""Most machines in the charts, the busiest first."""
MAX_LATE = 500
"""Most late families in the table."""
_PAUSES = "Tasks pause while their machine is closed or down."


def schedule_page(records: Sequence[Record]) -> str:
    """Return schedules of one snapshot as HTML of one file, which needs no network.

    Parameters
    ----------
    records
        At least one; the first one leads.
    """
    problem = records[0].problem
    lead = (
        f"{len(problem.families):,} families, {problem.num_tasks:,} tasks, "
        f"{len(problem.machines):,} machines"
    )
    if problem.created_at is not None:
        lead += f", taken {problem.created_at:%A %d %B %Y, %H:%M}"
    sections = [
        section("Figures", _figures(records)),
        _charts(records),
        _late(records),
        section("Reward weights", _weights(records[0])),
        *(_provenance(record) for record in records),
    ]
    return page(f"Schedule of {records[0].snapshot.name}", f"{lead}.", sections)


def _figures(records: Sequence[Record]) -> str:
    head = ["", *(record.label for record in records), "better"]
    rows = [
        [
            cell(figure.label),
            *(cell(figure_text(figure, record.metrics)) for record in records),
            cell(figure.better),
        ]
        for figure in FIGURES
    ]
    return table(head, rows)


def _charts(records: Sequence[Record]) -> str:
    problem = records[0].problem
    schedules = {_title(record): record.schedule for record in records}
    rows = row_names(problem, schedules.values(), "machine")
    figure = gantt(problem, schedules, rows=rows[:MAX_ROWS])
    figure.update_layout(dragmode="zoom", template="plotly_white")
    words = ["Drag to zoom in, double-click to zoom out."]
    if any(figure.layout.meta.values()):
        words.append(_PAUSES)
    if len(rows) > MAX_ROWS:
        words.append(f"The busiest {MAX_ROWS} of {len(rows)} machines in use.")
    return section("Machines", note(" ".join(words)), tall(plot(figure, "gantt")))


def _title(record: Record) -> str:
    late = record.metrics.late_families
    return f"{record.label} · {late} late {'family' if late == 1 else 'families'}"


def _late(records: Sequence[Record]) -> str:
    """Return the families that are late under any plan, the latest under the first one on top."""
    problem = records[0].problem
    ends = [record.schedule.completions(problem) for record in records]
    late = [
        family
        for family in problem.families
        if any(own.get(family.id, family.due + 1) > family.due for own in ends)
    ]
    if not late:
        return section("Late families", note("No family is late."))
    never = float("inf")
    late.sort(key=lambda family: family.due - ends[0].get(family.id, never))
    head = ["family", "due", *(f"{record.label}, hours late" for record in records)]
    rows = [
        [_family(family), _when(records[0], family.due), *(_lateness(family, own) for own in ends)]
        for family in late[:MAX_LATE]
    ]
    shown = f"The latest {MAX_LATE} of {len(late):,}." if len(late) > MAX_LATE else ""
    return section("Late families", note(shown) if shown else "", table(head, rows))


def _family(family: Family) -> str:
    return cell(family.id, "urgent" if family.is_urgent else "")


def _lateness(family: Family, completions: dict[str, int]) -> str:
    end = completions.get(family.id)
    if end is None:
        return "never done"
    return f"{(end - family.due) / SECONDS_PER_HOUR:,.1f}" if end > family.due else "on time"


def _when(record: Record, second: int) -> str:
    return moment_text(record.problem.created_at, second)


def _weights(record: Record) -> str:
    weights = record.weights.to_dict().items()
    return facts((name.replace("_", " "), f"{value:g}") for name, value in weights)


def _provenance(record: Record) -> str:
    return section(f"How {record.label} was made", facts(_made(record)))


def _made(record: Record) -> Iterator[tuple[str, str]]:
    for name, value in record.provenance():
        text = escape(value)
        is_code = "SHA" in name or name.startswith("Made")
        yield name, f"<code>{text}</code>" if is_code else text
