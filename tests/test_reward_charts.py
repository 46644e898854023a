"""The figures of page Rewards: tests on figure data."""

from __future__ import annotations

import pytest

from scheduler_core.charts import Axis, Kind, Mark, terms_of_scores, trade_off

FLOW = Axis("Mean flow time", "h", "low")
RATE = Axis("On-time rate", "%", "high")
MARKS = (
    Mark("EDD", 300, 40, Kind.RULE),
    Mark("SPT", 200, 60, Kind.RULE),
    Mark("PPO, <b>", 210, 70, Kind.TRIED),
    Mark("PPO, Balanced", 220, 80, Kind.NOW),
)


def test_trade_off_draws_each_kind_by_its_own_shape() -> None:
    """Shape tells the kinds apart, so that colour need not; names are printed as they are."""
    figure = trade_off(MARKS, [1, 2, 3], FLOW, RATE)
    line, rules, tried, now = figure.data
    assert (line.x, line.y, line.line.shape) == ((200, 210, 220), (60, 70, 80), "hv")
    assert (rules.x, tried.x, now.x) == ((300, 200), (210,), (220,))
    assert len({trace.marker.symbol for trace in (rules, tried, now)}) == 3
    assert tried.customdata == ("PPO, &lt;b&gt;",)
    assert figure.layout.yaxis.title.text == "On-time rate, % · higher is better"


def test_trade_off_names_the_front_and_the_schedule_in_force_only() -> None:
    """EDD is beaten, so it has its name at the mouse alone."""
    _, rules, tried, now = trade_off(MARKS, [1, 2, 3], FLOW, RATE).data
    assert [text.strip() for text in (*rules.text, *tried.text, *now.text)] == [
        "", "SPT", "PPO, &lt;b&gt;", "PPO, Balanced",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("across", "up", "place"),
    [(FLOW, RATE, "bottom right"), (RATE, FLOW, "top right"), (FLOW, FLOW, "top right")],
)
def test_trade_off_names_the_schedule_in_force_clear_of_the_line(
    across: Axis, up: Axis, place: str
) -> None:
    """The line leaves its mark at the same height; the name is on the side of the worse."""
    *_, now = trade_off(MARKS, [1, 2, 3], across, up).data
    assert now.textposition == place


@pytest.mark.parametrize(("across", "worst", "side"), [(FLOW, 310, "left"), (RATE, 190, "right")])
def test_trade_off_names_the_worst_schedule_towards_the_middle(
    across: Axis, worst: float, side: str
) -> None:
    """At the edge of the chart there is no room for the name of a schedule with its weights."""
    marks = (*MARKS[:3], Mark("PPO, 100 / 50 / -30 / urgent x3", worst, 30, Kind.NOW))
    *_, now = trade_off(marks, [1, 2], across, RATE).data
    assert now.textposition == f"bottom {side}"


def test_trade_off_has_room_for_the_longest_name_on_the_front() -> None:
    """The axis begins further out; and no share of families is beyond 0 or 100 %."""
    short = trade_off(MARKS, [1, 2], FLOW, RATE).layout
    marks = (MARKS[0], Mark("PPO, 100 / 50 / -30, model makespan", 200, 60, Kind.TRIED), *MARKS[2:])
    long = trade_off(marks, [1, 2], FLOW, RATE).layout
    assert 310 - long.xaxis.range[0] > 1.3 * (310 - short.xaxis.range[0])
    assert long.xaxis.range[1] == short.xaxis.range[1] > 300
    assert (long.yaxis.autorangeoptions.clipmin, long.yaxis.autorangeoptions.clipmax) == (0, 100)
    assert trade_off(MARKS, [1, 2], RATE, FLOW).layout.yaxis.autorangeoptions.clipmax is None


def test_trade_off_leaves_out_names_that_would_cover_each_other() -> None:
    """Two points of the front within a twentieth of the height have one name between them."""
    close = (*MARKS[:3], Mark("ATC", 205, 69, Kind.RULE), MARKS[3])
    _, rules, tried, _ = trade_off(close, [1, 3, 2, 4], FLOW, RATE).data
    assert [text.strip() for text in (*rules.text, *tried.text)] == ["", "SPT", "ATC", ""]


def test_terms_of_scores_stack_to_the_score() -> None:
    """What is lost lies left of zero, a weight of 0 is left out, the total has its own mark."""
    rows = {
        "PPO": {"on_time_reward": 300.0, "early_bonus_per_day": 50.0,
                "late_penalty_per_day": -120.0, "makespan_penalty_per_day": 0.0},
        "EDD": {"on_time_reward": 100.0, "early_bonus_per_day": 0.0,
                "late_penalty_per_day": -400.0, "makespan_penalty_per_day": 0.0},
    }  # fmt: skip
    figure = terms_of_scores(rows, bold="PPO")
    *bars, total = figure.data
    assert [bar.name for bar in bars] == ["On-time reward", "Early bonus", "Late penalty"]
    assert len({bar.marker.pattern.shape for bar in bars}) == 3
    assert figure.layout.barmode == "relative"
    assert total.x == (230, -300)
    assert tuple(total.y) == ("<b>PPO</b>", "EDD")
