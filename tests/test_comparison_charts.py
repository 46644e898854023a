"""What the figures of a comparison show."""

from __future__ import annotations

from itertools import pairwise

import pytest

from scheduler_core.charts import gantt
from scheduler_core.charts.comparison import (
    MAX_LATENESS_ROWS,
    MAX_STEPS,
    lateness,
    mark_difference,
    mark_moved,
    waterfall,
)
from scheduler_core.comparison import (
    ScoreChange,
    differing_decisions,
    moved_tasks,
    score_by_family,
)
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Problem
from scheduler_core.rules import dispatch
from scheduler_core.schedule import Schedule
from tests.builders import DAY, HOUR, one_machine

WEIGHTS = RewardWeights(makespan_penalty_per_day=-10)


def crowd() -> tuple[Problem, Schedule, Schedule]:
    """Return forty families on one machine under two rules: some win, and some lose."""
    problem = one_machine(
        [HOUR * (1 + i % 7) for i in range(40)], dues=[DAY * (i % 5) for i in range(40)]
    )
    return problem, dispatch(problem, "lpt"), dispatch(problem, "spt")


def change_of(problem: Problem, old: Schedule, new: Schedule) -> ScoreChange:
    """Return the change of score from the one schedule to the other."""
    return score_by_family(problem, old, new, WEIGHTS)


@pytest.mark.parametrize("dark", [False, True])
def test_waterfall_leads_from_the_old_score_to_the_new_one(dark: bool) -> None:
    """The bars add up, whoever has one; half of them are for those that lose, and hatched."""
    change = change_of(*crowd())
    better, worse, totals = waterfall(change, "LPT", "SPT", dark=dark).data
    assert list(totals.x) == [change.old_score, change.new_score]
    assert sum(better.x) + sum(worse.x) == pytest.approx(change.new_score - change.old_score)
    families = [fact[0] for trace in (better, worse) for fact in trace.customdata if fact[0]]
    assert len(families) == len(set(families)) == MAX_STEPS
    assert sum(bool(fact[0]) for fact in worse.customdata) == MAX_STEPS // 2
    assert (better.marker.pattern.shape, worse.marker.pattern.shape) == ("", "/")
    assert better.marker.color != worse.marker.color


def test_waterfall_begins_each_bar_where_the_last_one_ends() -> None:
    """From row to row, so that the eye can walk down."""
    figure = waterfall(change_of(*crowd()), "LPT", "SPT")
    rows = list(figure.layout.yaxis.categoryarray)
    spans = {}
    for trace in figure.data[:2]:
        spans |= {
            y: (start, start + x) for y, start, x in zip(trace.y, trace.base, trace.x, strict=True)
        }
    walk = [spans[row] for row in rows[1:-1]]
    assert walk[0][0] == figure.data[2].x[0]
    assert all(before[1] == pytest.approx(after[0]) for before, after in pairwise(walk))


def test_waterfall_with_a_family_called_like_a_method_keeps_their_rows_apart() -> None:
    """Rows are told apart by number; what is printed is the name, with no markup in it."""
    problem = one_machine([DAY, DAY], dues=[DAY, 2 * DAY])
    change = change_of(problem, dispatch(problem, "fifo"), dispatch(problem, "random", seed=3))
    figure = waterfall(change, "F0", "<b>F1")
    rows = list(figure.layout.yaxis.categoryarray)
    assert len(set(rows)) == len(rows)
    names = list(figure.layout.yaxis.ticktext)
    assert (names[0], names[-1]) == ("F0", "&lt;b&gt;F1")


def test_lateness_shows_winners_and_losers_and_says_how_many_there_are() -> None:
    """A mark each for the old and the new plan, solid lines for less late, dotted for later."""
    change = change_of(*crowd())
    figure = lateness(change.families, "LPT", "SPT")
    less, later, old, new = figure.data
    assert (less.line.dash, later.line.dash) == ("solid", "dot")
    assert len(old.x) == len(new.x) == figure.layout.meta["num_shown"] == MAX_LATENESS_ROWS
    assert figure.layout.meta["num_differing"] == sum(
        bool(each.tardiness) for each in change.families
    )
    assert len(less.x) + len(later.x) == 3 * MAX_LATENESS_ROWS
    assert old.marker.symbol != new.marker.symbol


def test_gantt_with_a_difference_marked_has_a_frame_in_each_panel() -> None:
    """What the new plan takes is framed above, what the old one takes below, at its own time."""
    problem, old, new = crowd()
    difference = differing_decisions(problem, old, new)[0]
    figure = gantt(problem, {"SPT": new, "LPT": old}, rows=["M"])
    mark_difference(figure, problem, ["M"], difference)
    frames = [shape for shape in figure.layout.shapes if shape.name == "Taken"]
    assert difference.old is not None
    assert [(frame.xref, frame.x1) for frame in frames] == [
        ("x", difference.new.end / HOUR),
        ("x2", difference.old.end / HOUR),
    ]
    assert sum(shape.name == "Moment" for shape in figure.layout.shapes) == 2


def test_gantt_with_moved_tasks_marked_dims_those_that_stay() -> None:
    """Of three families the first two change places; both panels show those at full strength."""
    problem = one_machine([HOUR] * 3, dues=[2, 1, 3])
    old, new = dispatch(problem, "fifo"), dispatch(problem, "edd")
    figure = gantt(problem, {"EDD": new, "FIFO": old})
    mark_moved(figure, moved_tasks(problem, old, new))
    chosen = [t.customdata[i][0] for t in figure.data for i in t.selectedpoints or ()]
    assert sorted(chosen) == ["F0", "F0", "F1", "F1"]
