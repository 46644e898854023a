"""The figures of a decision show what was computed, with two signals for each meaning."""

from __future__ import annotations

from math import log

import numpy as np
import plotly.graph_objects as go
import pytest

from scheduler_core.charts.decisions import (
    MOST_BARS,
    chances,
    choice_names,
    made_and_forced,
    times_as_likely,
    why,
)
from scheduler_core.inspection import FACTORS, Reason, force, walk
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Family, Machine, Problem, Task
from scheduler_core.rules import ALL_RULES
from tests.builders import HOUR, one_machine, untrained_scheduler

LABELS = {rule: rule.upper() for rule in ALL_RULES}


def decision_of(problem: Problem):
    """Return the first decision of a random policy, which has a random preference."""
    return walk(untrained_scheduler(), problem, RewardWeights()).decision(0)


def bars(figure: go.Figure) -> dict[str, float]:
    """Return the length of each bar by its row."""
    return {
        row: length for trace in figure.data for row, length in zip(trace.y, trace.x, strict=True)
    }


@pytest.mark.parametrize("dark", [False, True])
def test_chances_show_every_choice_with_its_probability(dark: bool) -> None:
    """The taken one and its rival are apart in colour, and the rival in hatch."""
    decision = decision_of(one_machine([HOUR, 2 * HOUR, 3 * HOUR]))
    figure = chances(decision, decision.runner_up, LABELS, dark=dark)
    shown = bars(figure)
    assert shown == pytest.approx(
        {name: one.probability for name, one in
         zip(choice_names(decision), decision.candidates, strict=True)}
    )  # fmt: skip
    taken, other, _ = figure.data
    assert taken.y == (choice_names(decision)[decision.pick],)
    assert taken.marker.color != other.marker.color
    assert other.marker.pattern.shape == "/"


def test_chances_of_a_crowd_add_up_to_one_and_keep_the_rival() -> None:
    """What has no bar of its own is in one bar; the choice compared with always has one."""
    decision = decision_of(one_machine([HOUR + i for i in range(30)]))
    order = np.argsort([one.probability for one in decision.candidates])
    rival = int(order[0])
    shown = bars(chances(decision, rival, LABELS))
    assert len(shown) <= MOST_BARS + 1
    assert sum(shown.values()) == pytest.approx(1)
    assert choice_names(decision)[rival] in shown


def test_chances_print_markup_in_a_name_as_it_is() -> None:
    """A family called <b> is no bold text."""
    task = Task(1, "turn", ("M",), (HOUR,))
    families = tuple(Family(name, (task,), due=0) for name in ("<b>", "F"))
    decision = decision_of(Problem(families, (Machine("M"),)))
    assert "&lt;b&gt; step 1" in bars(chances(decision, decision.runner_up, LABELS))


def test_why_shows_five_reasons_and_the_rest_without_loss() -> None:
    """All bars add up to all values; what speaks against is hatched and on the other side."""
    values = [3.0, -2.0, 1.0, -0.5, 0.4, 0.3, -0.1]
    figure = why([Reason(*pair) for pair in zip(FACTORS, values, strict=False)])
    shown = bars(figure)
    assert list(shown.values()) == pytest.approx([3.0, 1.0, 0.4, 0.2, -2.0, -0.5])
    assert sum(shown.values()) == pytest.approx(sum(values))
    speaks, against = figure.data
    assert not speaks.marker.pattern.shape
    assert against.marker.pattern.shape == "/"


def test_times_as_likely_reads_as_a_factor() -> None:
    """Twice, half, and nothing beyond what anybody can picture."""
    assert times_as_likely(log(2)).endswith(" 2.0")
    assert times_as_likely(-log(2)) == "÷ 2.0"
    assert times_as_likely(log(1.07)).endswith(" 1.07")
    assert times_as_likely(-50) == "÷ 1,000+"


def test_made_and_forced_outlines_the_tasks_that_differ() -> None:
    """In both panels, each moved task once; and a line where the decision was made."""
    problem = one_machine([HOUR, 2 * HOUR, 3 * HOUR])
    policy = untrained_scheduler()
    episode = walk(policy, problem, RewardWeights())
    decision = episode.decision(0)
    (other,) = force(policy, episode, 0, [decision.runner_up])
    schedules = {"made": episode.schedule, "forced": other.schedule}
    figure = made_and_forced(problem, schedules, ["M"], decision.time, None)
    outlines = [trace for trace in figure.data if trace.name == "Differs"]
    count = len(other.schedule.moved_from(episode.schedule))
    assert count > 0
    assert [len(trace.x) for trace in outlines] == [count, count]
    sides = {note.text: note.xanchor for note in figure.layout.annotations}
    assert (sides["Today"], sides["This decision"]) == ("right", "left")  # both at time zero
