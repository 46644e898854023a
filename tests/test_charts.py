"""The charts say what the schedule says: tests on figure data, never on pixels."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import plotly.graph_objects as go
import pytest

from scheduler_core.charts import (
    MAX_LABELLED_BARS,
    DueStatus,
    Trail,
    due_status,
    due_statuses,
    gantt,
    row_names,
)
from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_HOUR, Family, Machine, Problem, Task
from scheduler_core.schedule import Schedule, ScheduledTask

HOUR, DAY = SECONDS_PER_HOUR, SECONDS_PER_DAY
ZERO = datetime(2025, 8, 6, 8)


def family(name: str, due: int, *machines: str) -> Family:
    """Return a family with a task of ten hours on each machine, in order."""
    tasks = tuple(
        Task(sequence, f"P{sequence}", (machine,), (10 * HOUR,))
        for sequence, machine in enumerate(machines, start=1)
    )
    return Family(name, tasks, due)


def shop(created_at: datetime | None = ZERO) -> Problem:
    """Return a shop whose four families end up in the four statuses, one each."""
    return Problem(
        families=(
            family("LATE", 5 * HOUR, "M1", "M2"),
            family("TIGHT", 30 * HOUR, "M1"),
            family("SOON", 60 * HOUR, "M2"),
            family("EASY", 9 * DAY, "M1"),
        ),
        machines=(Machine("M1"), Machine("M2"), Machine("IDLE")),
        created_at=created_at,
    )


def plan() -> Schedule:
    """Return a schedule: M1 does LATE, TIGHT, EASY; M2 does SOON, then the rest of LATE."""
    rows = [
        ("LATE", 1, "M1", 0),
        ("SOON", 1, "M2", 0),
        ("LATE", 2, "M2", 10),
        ("TIGHT", 1, "M1", 10),
        ("EASY", 1, "M1", 20),
    ]
    return Schedule(
        tuple(
            ScheduledTask(
                name, sequence, f"P{sequence}", machine, start * HOUR, (start + 10) * HOUR
            )
            for name, sequence, machine, start in rows
        ),
        method="edd",
    )


def bars(figure: go.Figure, panel: int = 0) -> list[go.Bar]:
    """Return the bar traces of a panel."""
    axis = "x" if panel == 0 else f"x{panel + 1}"
    return [trace for trace in figure.data if isinstance(trace, go.Bar) and trace.xaxis == axis]


@pytest.mark.parametrize(
    ("slack", "status"),
    [
        (-1, DueStatus.LATE),
        (0, DueStatus.UNDER_24H),
        (DAY - 1, DueStatus.UNDER_24H),
        (DAY, DueStatus.UNDER_72H),
        (3 * DAY - 1, DueStatus.UNDER_72H),
        (3 * DAY, DueStatus.FINE),
    ],
)
def test_due_status_at_each_boundary_is_that_of_the_definition(
    slack: int, status: DueStatus
) -> None:
    """A family that ends at its due time is on time; a day to spare is no longer under a day."""
    assert due_status(due=7 * DAY, completion=7 * DAY - slack) is status


def test_due_statuses_of_an_unfinished_family_is_late() -> None:
    """A family whose last task has no place is never completed, whatever its due time."""
    cut = replace(plan(), tasks=tuple(task for task in plan() if task.family_id != "EASY"))
    assert due_statuses(shop(), cut)["EASY"] is DueStatus.LATE


def test_gantt_by_machine_has_a_bar_for_each_task_at_its_start_and_length() -> None:
    """Family, step, row, start and length of all bars together are those of the schedule."""
    figure = gantt(shop(None), {"EDD": plan()})
    drawn = {
        (facts[0], facts[1], row, base, length)
        for trace in bars(figure)
        for facts, row, base, length in zip(
            trace.customdata, trace.y, trace.base, trace.x, strict=True
        )
    }
    assert drawn == {
        (task.family_id, task.sequence, task.machine, task.start / HOUR, 10.0) for task in plan()
    }


def test_gantt_has_one_trace_per_status_and_each_family_in_its_own() -> None:
    """LATE is late, TIGHT has 10 h, SOON 50 h and EASY over 7 days to spare."""
    figure = gantt(shop(), {"EDD": plan()})
    assert [trace.name for trace in bars(figure)] == [status.value for status in DueStatus]
    families = [{facts[0] for facts in trace.customdata} for trace in bars(figure)]
    assert families == [{"LATE"}, {"TIGHT"}, {"SOON"}, {"EASY"}]


def test_gantt_of_a_part_has_the_statuses_of_the_whole() -> None:
    """Of M1 alone: LATE goes on elsewhere; what is late follows from where a family ends."""
    part = Schedule(tuple(task for task in plan() if task.machine == "M1"), "edd")
    drawn = bars(gantt(shop(), {"EDD": part}, whole={"EDD": plan()}))
    families = [{facts[0] for facts in trace.customdata} for trace in drawn]
    assert families == [{"LATE"}, {"TIGHT"}, set(), {"EASY"}]
    early = replace(shop(), families=(family("LATE", 9 * DAY, "M1", "M2"), *shop().families[1:]))
    fine = bars(gantt(early, {"EDD": part}, whole={"EDD": plan()}))[-1]
    assert {facts[0] for facts in fine.customdata} == {"LATE", "EASY"}


def test_gantt_statuses_differ_in_colour_and_in_hatch() -> None:
    """Colour is never the only signal, in light and in dark."""
    for dark in (False, True):
        markers = [trace.marker for trace in bars(gantt(shop(), {"EDD": plan()}, dark=dark))]
        assert len({marker.color for marker in markers}) == len(DueStatus)
        assert len({marker.pattern.shape for marker in markers}) == len(DueStatus)


def test_gantt_with_a_calendar_puts_starts_and_due_dates_on_it() -> None:
    """TIGHT starts ten hours after the snapshot, at 18:00, and is due 30 hours after it."""
    figure = gantt(shop(), {"EDD": plan()})
    tight = bars(figure)[1]
    assert tight.base == ("2025-08-06T18:00:00",)
    assert tight.x == (10 * HOUR * 1000,)
    assert figure.layout.xaxis.type == "date"
    assert "Thu 07 Aug 2025 14:00" in tight.customdata[0]


def test_gantt_of_two_schedules_links_the_time_axes_and_shares_the_rows() -> None:
    """Zooming one panel zooms the other, and a machine is in the same row in both."""
    figure = gantt(shop(), {"PPO": plan(), "EDD": plan()})
    assert len(bars(figure, 0)) == len(bars(figure, 1)) == len(DueStatus)
    assert figure.layout.xaxis2.matches == "x"
    assert figure.layout.yaxis.categoryarray == figure.layout.yaxis2.categoryarray
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert [trace.showlegend for trace in bars(figure, 1)] == [False] * len(DueStatus)


def test_gantt_marks_today_in_every_panel() -> None:
    """Time zero is a line in both panels."""
    figure = gantt(shop(), {"PPO": plan(), "EDD": plan()})
    assert [(line.xref, line.x0) for line in figure.layout.shapes] == [
        ("x", ZERO.isoformat()),
        ("x2", ZERO.isoformat()),
    ]


def test_gantt_by_family_marks_each_due_time() -> None:
    """The mark of a family is in its row, at its due time."""
    figure = gantt(shop(None), {"EDD": plan()}, by="family")
    (marks,) = (trace for trace in figure.data if isinstance(trace, go.Scatter))
    assert dict(zip(marks.y, marks.x, strict=True)) == {
        "LATE": 5.0,
        "TIGHT": 30.0,
        "SOON": 60.0,
        "EASY": 216.0,
    }


def test_gantt_by_family_reaches_to_the_last_due_time() -> None:
    """The last task ends after 30 hours, but EASY is due after 216: its mark is in sight."""
    by_machine = gantt(shop(None), {"EDD": plan()}).layout.xaxis.range
    by_family = gantt(shop(None), {"EDD": plan()}, by="family").layout.xaxis.range
    assert 30 < by_machine[1] < 40
    assert by_family[1] > 216


def test_gantt_with_a_highlight_dims_all_other_bars() -> None:
    """Both bars of LATE stay at full strength; in the other traces no bar does."""
    figure = gantt(shop(), {"EDD": plan()}, highlight=frozenset({"LATE"}))
    chosen = [len(trace.selectedpoints) for trace in bars(figure)]
    assert chosen == [2, 0, 0, 0]
    assert bars(figure)[0].unselected.marker.opacity < 0.5
    assert [text for trace in bars(figure) for text in trace.text or () if text] == ["LATE"] * 2


def test_gantt_without_a_highlight_dims_nothing() -> None:
    """No trace has a selection, which would dim its bars."""
    assert all(
        trace.selectedpoints is None
        for trace in bars(gantt(shop(), {"EDD": plan()}, highlight=frozenset()))
    )


def test_gantt_of_chosen_rows_leaves_out_the_bars_of_others() -> None:
    """With M2 alone, its two tasks are all that is drawn."""
    figure = gantt(shop(), {"EDD": plan()}, rows=["M2"])
    drawn = [facts[:2] for trace in bars(figure) for facts in trace.customdata]
    assert drawn == [["LATE", 2], ["SOON", 1]]


def test_gantt_with_too_many_bars_for_text_leaves_the_text_out() -> None:
    """One bar above the limit: no trace has text. At the limit: all have."""
    for count, texts in ((MAX_LABELLED_BARS, True), (MAX_LABELLED_BARS + 1, False)):
        tasks = tuple(
            ScheduledTask("EASY", sequence, "P", "M1", sequence * HOUR, (sequence + 1) * HOUR)
            for sequence in range(count)
        )
        figure = gantt(shop(), {"EDD": Schedule(tasks, "edd")})
        assert any(trace.text is not None for trace in bars(figure)) is texts


def test_gantt_prints_markup_in_names_instead_of_reading_it() -> None:
    """Plotly reads some HTML; a family called so in a file must not become a link."""
    name = '<a href="https://example.org">x</a>'
    problem = Problem((family(name, DAY, "M1"),), (Machine("M1"),))
    schedule = Schedule((ScheduledTask(name, 1, "P1", "M1", 0, 10 * HOUR),), "edd")
    figure = gantt(problem, {"EDD": schedule}, by="family")
    assert figure.layout.yaxis.categoryarray == ('&lt;a href="https://example.org"&gt;x&lt;/a&gt;',)
    assert bars(figure)[1].customdata[0][0] == name
    assert "<" not in bars(figure)[1].customdata[0][2]


def test_gantt_window_sets_the_range_of_the_axis() -> None:
    """A window of the first ten hours is what the axis shows."""
    figure = gantt(shop(None), {"EDD": plan()}, window=(0, 10 * HOUR))
    assert figure.layout.xaxis.range == (0.0, 10.0)


def test_gantt_window_leaves_out_what_it_does_not_show() -> None:
    """From hour 11 to 19 only the two tasks from 10 to 20 are drawn, and few bars have text."""
    figure = gantt(shop(), {"EDD": plan()}, window=(11 * HOUR, 19 * HOUR))
    drawn = [facts[:2] for trace in bars(figure) for facts in trace.customdata]
    assert drawn == [["LATE", 2], ["TIGHT", 1]]


def test_gantt_keeps_a_line_each_for_legend_titles_and_tick_labels() -> None:
    """The legend stands above the panels, and no tick label reaches up to a title."""
    figure = gantt(shop(), {"EDD": plan(), "PPO": plan()})
    assert (figure.layout.legend.y, figure.layout.legend.yanchor) == (1, "bottom")
    assert figure.layout.margin.t > 0
    assert all("\n" not in stop.value for stop in figure.layout.xaxis.tickformatstops)


def test_gantt_of_an_empty_schedule_is_a_figure_without_bars() -> None:
    """A shop where everything is done still has its two axes and today's line."""
    figure = gantt(Problem((), (Machine("M1"),)), {"EDD": Schedule((), "edd")})
    assert all(trace.x == (None,) for trace in bars(figure))
    assert len(figure.layout.shapes) == 1


def test_row_names_by_machine_are_those_in_use_the_busiest_first() -> None:
    """M1 works 30 hours, M2 20, IDLE not at all."""
    assert row_names(shop(), [plan()], "machine") == ["M1", "M2"]


def test_row_names_by_family_are_in_order_of_due_time() -> None:
    """LATE is due first, EASY last."""
    assert row_names(shop(), [plan()], "family") == ["LATE", "TIGHT", "SOON", "EASY"]


def test_gantt_outlines_the_task_picked_over_what_it_waited_for() -> None:
    """One more trace in the panel with a trail, none in the other; its bars lead to their tasks."""
    tasks = plan().tasks
    trails = {"A": Trail(tasks[2], (tasks[1],))}
    figure = gantt(shop(), {"A": plan(), "B": plan()}, trails=trails)
    assert [len(bars(figure, panel)) for panel in (0, 1)] == [5, 4]
    outlined = bars(figure)[-1]
    assert [facts[:2] for facts in outlined.customdata] == [["SOON", 1], ["LATE", 2]]
    thin, bold = outlined.marker.line.width
    assert thin < bold


def test_gantt_bar_tells_which_panel_it_is_in() -> None:
    """A click on a bar must lead to the plan that it belongs to."""
    figure = gantt(shop(), {"A": plan(), "B": plan()})
    for panel in (0, 1):
        assert {facts[-1] for trace in bars(figure, panel) for facts in trace.customdata} == {panel}
