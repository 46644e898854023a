"""What the charts show of closed time and downtime, and how they say that a task pauses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import plotly.graph_objects as go
import pytest

from scheduler_core.charts import MAX_CLOSED, gantt, hours, standstills
from scheduler_core.problem import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Calendar,
    Downtime,
    Family,
    Machine,
    Problem,
    SpecialDay,
    Task,
)
from scheduler_core.schedule import Schedule, ScheduledTask
from tests import naive
from tests.properties.strategies import random_problem

HOUR, DAY = SECONDS_PER_HOUR, SECONDS_PER_DAY
WEEK = 7 * DAY
ZERO = datetime(2025, 8, 6, 8)  # a Wednesday
MONDAY = -(2 * DAY + 8 * HOUR)
DAY_SHIFT = Calendar(
    "day shift", MONDAY, tuple((day * DAY + 6 * HOUR, day * DAY + 14 * HOUR) for day in range(5))
)
REPAIR = Downtime(20 * HOUR, 30 * HOUR, "repair <b>")


def shop(created_at: datetime | None = ZERO) -> Problem:
    """Return a shop of a machine that never closes, one in day shifts, and one with downtime."""
    tasks = [Task(1, "P", (machine,), (8 * HOUR,)) for machine in ("ALWAYS", "DAYS", "DOWN")]
    return Problem(
        families=tuple(Family(f"F{i}", (task,), due=9 * DAY) for i, task in enumerate(tasks)),
        machines=(
            Machine("ALWAYS"),
            Machine("DAYS", DAY_SHIFT),
            Machine("DOWN", downtime=(REPAIR,)),
        ),
        created_at=created_at,
    )


def plan() -> Schedule:
    """Return a schedule of it; on DAYS two hours of work are left for the next morning at 6."""
    rows = [("F0", "ALWAYS", 0, 8), ("F1", "DAYS", 0, 24), ("F2", "DOWN", 16, 34)]
    return Schedule(
        tuple(
            ScheduledTask(name, 1, "P", machine, start * HOUR, end * HOUR)
            for name, machine, start, end in rows
        ),
        method="edd",
    )


def veils(figure: go.Figure) -> list[go.layout.Shape]:
    """Return what is drawn for closed time, one shape a panel."""
    return [shape for shape in figure.layout.shapes if shape.name == "Closed"]


def veiled(figure: go.Figure) -> list[tuple[str, str, str]]:
    """Return the row, start and end of each closed span drawn in the first panel."""
    spans = []
    for box in veils(figure)[0].path.removesuffix("Z").split("Z"):
        (start, top), (end, _), (_, bottom), _ = (c.split(",") for c in box[1:].split("L"))
        assert float(bottom) - float(top) == 1
        row = figure.layout.yaxis.categoryarray[round(float(top) + 0.5)]
        spans.append((row, start, end))
    return spans


def labels(figure: go.Figure) -> dict[str, str]:
    """Return what the label of each family's bar says of its time."""
    return {
        facts[0]: facts[8]
        for trace in figure.data
        if isinstance(trace, go.Bar) and trace.name != "Down"
        for facts in trace.customdata
    }


def test_gantt_by_machine_shades_closed_time_in_its_row() -> None:
    """Time zero is 08:00: the day shift is on until 14:00, and again from 06:00 to 14:00."""
    figure = gantt(shop(None), {"EDD": plan()}, window=(0, 40 * HOUR))
    assert veiled(figure) == [("DAYS", "6.0", "22.0"), ("DAYS", "30.0", "40.0")]


def test_gantt_with_dates_shades_from_evening_to_morning() -> None:
    """On a calendar the span starts at 14:00 of the day and ends at 06:00 of the next."""
    figure = gantt(shop(), {"EDD": plan()}, window=(0, 30 * HOUR))
    assert veiled(figure) == [("DAYS", "2025-08-06_14:00:00", "2025-08-07_06:00:00")]


def test_gantt_hatches_downtime_and_tells_its_reason() -> None:
    """The bar is where the machine is down; markup in a reason is printed, not read."""
    figure = gantt(shop(), {"EDD": plan()})
    (down,) = (trace for trace in figure.data if trace.name == "Down")
    assert (down.y, down.base) == (("DOWN",), ("2025-08-07T04:00:00",))
    assert down.x == (10 * HOUR * 1000,)
    assert down.marker.pattern.shape == "\\"
    assert down.customdata[0][0] == ": repair &lt;b&gt;"


def test_gantt_has_one_shape_for_closed_and_one_trace_for_down_in_a_panel() -> None:
    """However many spans there are; the legend names each once."""
    figure = gantt(shop(), {"PPO": plan(), "EDD": plan()})
    down = [trace for trace in figure.data if trace.name == "Down"]
    assert [trace.xaxis for trace in down] == [shape.xref for shape in veils(figure)] == ["x", "x2"]
    assert [trace.showlegend for trace in down] == [True, False]
    assert [shape.showlegend for shape in veils(figure)] == [True, False]


def test_gantt_closed_time_lets_bars_show_through_and_downtime_has_no_ground() -> None:
    """Both lie over the bars, so that a pause is seen; the hatch tells them apart in grey too."""
    for dark in (False, True):
        figure = gantt(shop(), {"EDD": plan()}, dark=dark)
        (down,) = (trace for trace in figure.data if trace.name == "Down")
        assert veils(figure)[0].fillcolor.startswith("rgba")
        assert down.marker.pattern.fillmode == "replace"


def test_gantt_of_rows_or_families_shades_no_others() -> None:
    """Only machines in the rows have hours to show, and families have none."""
    for options in ({"rows": ["ALWAYS"]}, {"by": "family"}):
        figure = gantt(shop(), {"EDD": plan()}, **options)
        assert "Down" not in [trace.name for trace in figure.data]
        assert veils(figure) == []
        assert not any(figure.layout.meta.values())


def test_gantt_label_of_a_task_that_pauses_says_for_how_long() -> None:
    """8 h of work in 24 h on DAYS and in 18 h on DOWN; without a pause the hours are all."""
    assert labels(gantt(shop(), {"EDD": plan()})) == {
        "F0": "8.00 h",
        "F1": "8.00 h of work, paused 16.00 h",
        "F2": "8.00 h of work, paused 10.00 h",
    }


def test_gantt_label_of_a_task_on_an_unknown_machine_is_its_length() -> None:
    """A schedule that the validator refuses is drawn all the same."""
    lost = replace(plan().tasks[1], machine="NOWHERE")
    assert labels(gantt(shop(), {"EDD": replace(plan(), tasks=(lost,))})) == {"F1": "24.00 h"}


def test_standstills_of_a_holiday_join_the_nights_around_it() -> None:
    """Thursday off: from Wednesday 14:00 to Friday 06:00 is one span."""
    holiday = replace(DAY_SHIFT, special_days=(SpecialDay(MONDAY + 3 * DAY),))
    problem = replace(
        shop(), machines=(*shop().machines[:1], Machine("DAYS", holiday)), families=()
    )
    found = standstills(problem, ["DAYS"], (0, 2 * DAY))
    assert [(span.start, span.end) for span in found.closed] == [(6 * HOUR, 46 * HOUR)]


def test_standstills_of_a_long_window_leave_nights_out_and_say_so() -> None:
    """A year of day shifts: 16 h are too narrow to see there, weekends of 64 h are not."""
    found = standstills(shop(), ["DAYS"], (0, 366 * DAY))
    lengths = {span.end - span.start for span in found.closed}
    assert len(found.closed) == 52
    assert max(lengths) == 64 * HOUR
    assert found.longest_left_out == 16 * HOUR


def test_standstills_of_ages_show_nothing_of_the_week() -> None:
    """Ten thousand years on, no pattern of a week is written out."""
    found = standstills(shop(), ["DAYS"], (0, 520_000 * WEEK))
    assert found.closed == ()
    assert found.longest_left_out == 64 * HOUR


def test_standstills_of_a_machine_without_shifts_are_one_span() -> None:
    """It is closed from end to end, however long that is."""
    never = Machine("NEVER", Calendar("never", MONDAY))
    problem = Problem((), (never,))
    for end in (DAY, 520_000 * WEEK):
        (span,) = standstills(problem, ["NEVER"], (0, end)).closed
        assert (span.start, span.end) == (0, end)


def test_standstills_of_too_many_machines_leave_out_the_shortest_of_all() -> None:
    """All nights go at once, never some of them: the weekends that are left fit."""
    machines = tuple(Machine(f"M{i}", DAY_SHIFT) for i in range(MAX_CLOSED // 20))
    names = [machine.name for machine in machines]
    found = standstills(Problem((), machines), names, (0, 40 * DAY))
    assert {span.end - span.start for span in found.closed} == {64 * HOUR}
    assert len(found.closed) == 6 * len(machines)
    assert found.longest_left_out == 16 * HOUR


def test_standstills_of_too_much_downtime_keep_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an hour, two and three, the two longest are shown, and three counted."""
    monkeypatch.setattr(hours, "MAX_DOWN", 2)
    downtime = tuple(Downtime(10 * i * HOUR, (11 * i + 1) * HOUR) for i in range(3))
    problem = Problem((), (Machine("M", downtime=downtime),))
    found = standstills(problem, ["M"], (0, DAY))
    assert [span.start for span in found.down] == [20 * HOUR, 10 * HOUR]
    assert found.num_down == 3


def test_standstills_are_where_the_definition_has_no_shift(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On shops of every kind, near time zero and far away, second for second at each boundary."""
    monkeypatch.setattr(hours, "_SLIVERS", 10**9)  # leaves nothing out
    rng = np.random.default_rng(8)
    for _ in range(100):
        machine = replace(random_problem(rng).machines[0], downtime=())
        first = int(rng.choice([-900, -6, -1, 0, 1, 6, 900])) * WEEK + int(rng.integers(WEEK))
        window = (first, first + int(rng.integers(1, 2 * WEEK)))
        found = standstills(Problem((), (machine,)), [machine.name], window)
        assert [(span.start, span.end) for span in found.closed] == closed_by_definition(
            machine, window
        )


def closed_by_definition(machine: Machine, window: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the closed spans of a window, walked through from one boundary to the next."""
    spans: list[tuple[int, int]] = []
    time = window[0]
    while time < window[1]:
        until = int(min(naive.next_change(machine, time), window[1]))
        if not naive.works(machine, time):
            if spans and spans[-1][1] == time:
                time = spans.pop()[0]
            spans.append((time, until))
        time = until
    return spans
