"""One decision as Plotly figures: how likely each choice was, why, and where another one leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import plotly.graph_objects as go

from scheduler_core.charts.due import DARK, LIGHT, DueStatus
from scheduler_core.charts.gantt import gantt
from scheduler_core.charts.sheet import Sheet, axis_name, plain
from scheduler_core.inspection import Decision, Reason
from scheduler_core.problem import Problem
from scheduler_core.schedule import Schedule, ScheduledTask

MOST_BARS = 10
"""Choices shown one by one; of all others together there is one bar."""
TOP_REASONS = 5
"""Reasons shown one by one."""

_TIMES = "\N{MULTIPLICATION SIGN}"
_GRID = "rgba(128,140,152,0.22)"
_BAR_PIXELS = 32
_NEAR = 0.12
"""Part of the time axis; a decision that is less than it from today has its name beside today's."""


@dataclass(frozen=True, slots=True)
class _Ink:
    """Colours of these figures on a light or a dark page."""

    main: str
    other: str
    rest: str
    text: str
    line: str


_LIGHT_INK = _Ink("#1f6f8b", "#f0b23e", "#b9c8d6", "#1d2b36", "#5b3fa0")
_DARK_INK = _Ink("#4fb3cf", "#e9b44c", "#4c6075", "#e3eaef", "#c4a7f0")


def choice_names(decision: Decision) -> list[str]:
    """Return a name for each candidate, distinct within its decision."""
    families = Counter(one.family_id for one in decision.candidates)
    return [
        f"{one.family_id} step {one.sequence}"
        + (f" on {one.machine}" if families[one.family_id] > 1 else "")
        for one in decision.candidates
    ]


def times_as_likely(score: float) -> str:
    """Return a difference of scores as a factor on the odds, as in ``÷ 2.0``."""
    sign, factor = "÷" if score < 0 else _TIMES, exp(min(abs(score), 20.0))
    if factor > 1_000:
        return f"{sign} 1,000+"
    digits = 2 if factor < 1.995 else 1 if factor < 9.95 else 0
    return f"{sign} {factor:,.{digits}f}"


def chances(
    decision: Decision, instead: int, labels: Mapping[str, str], *, dark: bool = False
) -> go.Figure:
    """Draw how likely the policy held each choice, and which rules would have made it.

    Parameters
    ----------
    decision
        What was to be decided.
    instead
        Position of the candidate that the reader compares with the one taken.
    labels
        What each rule is called.
    dark
        Whether the page behind the figure is dark.
    """
    ink, names = _DARK_INK if dark else _LIGHT_INK, choice_names(decision)
    shown = _shown(decision, instead)
    bars = [
        (plain(names[at]), decision.candidates[at].probability, _told(decision, at, labels))
        for at in shown
    ]
    left_out = [one for at, one in enumerate(decision.candidates) if at not in shown]
    if left_out:
        share = sum(one.probability for one in left_out)
        bars.append((_others(len(left_out)), share, percent_text(share)))
    taken, other = plain(names[decision.pick]), plain(names[instead])
    figure = go.Figure()
    for name, some, colour, hatch in (
        ("Taken", [bar for bar in bars if bar[0] == taken], ink.main, ""),
        ("Instead", [bar for bar in bars if bar[0] == other], ink.other, "/"),
        ("Others", [bar for bar in bars if bar[0] not in (taken, other)], ink.rest, ""),
    ):
        figure.add_trace(_bars(name, some, colour, hatch, ink.text))
    _lay_out(figure, [row for row, _, _ in bars])
    # Room for the texts beside the bars.
    figure.update_xaxes(range=[0, 2.1], tickvals=[0, 0.5, 1], ticktext=["0", "50 %", "100 %"])
    return figure


def _bars(
    name: str, bars: Sequence[tuple[str, float, str]], colour: str, hatch: str, text: str
) -> go.Bar:
    """Return bars by row, length and the text at their end."""
    return go.Bar(
        orientation="h",
        name=name,
        y=[row for row, _, _ in bars],
        x=[length for _, length, _ in bars],
        text=[told for _, _, told in bars],
        textposition="outside",
        cliponaxis=False,
        textfont={"color": text, "size": 12},
        marker={
            "color": colour,
            "pattern": {
                "shape": hatch,
                "fillmode": "overlay",
                "fgcolor": text,
                "fgopacity": 0.35,
                "size": 6,
            },
        },
        hovertemplate="<b>%{y}</b><br>%{text}<extra></extra>",
    )


def _shown(decision: Decision, instead: int) -> list[int]:
    """Return the positions of the choices with a bar of their own, the likeliest first."""
    in_order = sorted(
        range(len(decision.candidates)), key=lambda at: -decision.candidates[at].probability
    )
    if len(in_order) <= MOST_BARS:
        return in_order
    wanted = {decision.pick, instead}
    first = [at for at in in_order if at in wanted or in_order.index(at) < MOST_BARS - 2]
    return first[:MOST_BARS]


def _told(decision: Decision, at: int, labels: Mapping[str, str]) -> str:
    """Return the text beside a bar: the probability and up to three rules."""
    one = decision.candidates[at]
    rules = [labels[rule] for rule in one.rules]
    named = ", ".join(rules if len(rules) <= 3 else [*rules[:2], f"{len(rules) - 2} more"])
    return percent_text(one.probability) + (f"  {named}" if named else "")


def _others(number: int) -> str:
    return f"{number} other{'s' if number != 1 else ''}"


def percent_text(share: float) -> str:
    """Return a probability as text, neither 0 nor 100 %: PPO is never certain."""
    if share >= 0.995:
        return "almost 100 %"
    return f"{100 * share:.0f} %" if share >= 0.005 else "under 1 %"


def why(found: Sequence[Reason], *, dark: bool = False) -> go.Figure:
    """Draw the strongest reasons for one choice over another, as factors on its odds.

    Parameters
    ----------
    found
        All reasons, the strongest first, see `scheduler_core.inspection.reasons`.
    dark
        Whether the page behind the figure is dark.
    """
    ink, looks = (_DARK_INK, DARK) if dark else (_LIGHT_INK, LIGHT)
    late = looks[DueStatus.LATE]
    bars = [(_in_two_lines(each.factor.name), each.value) for each in found[:TOP_REASONS]]
    if rest := found[TOP_REASONS:]:
        bars.append((_others(len(rest)), sum(each.value for each in rest)))
    told = [(row, value, times_as_likely(value)) for row, value in bars]
    figure = go.Figure()
    for name, some, colour, hatch in (
        ("Speaks for it", [bar for bar in told if bar[1] >= 0], ink.main, ""),
        ("Speaks against it", [bar for bar in told if bar[1] < 0], late.fill, late.hatch),
    ):
        figure.add_trace(_bars(name, some, colour, hatch, ink.text))
    _lay_out(figure, [row for row, _ in bars])
    low, high = (sign * max([0.0, *(sign * value for _, value in bars)]) for sign in (-1, 1))
    room = 0.4 * max(log(2), high - low)  # for the texts beside the bars
    figure.update_xaxes(
        range=[low - room, high + room],
        tickvals=[0],
        ticktext=["as likely"],
        zeroline=True,
        zerolinecolor="rgba(128,140,152,0.7)",
    )
    return figure


def _in_two_lines(name: str) -> str:
    """Return the name of a factor, a long one broken at a space near its middle."""
    spaces = [at for at, letter in enumerate(name) if letter == " "]
    if len(name) <= 18 or not spaces:
        return name
    middle = min(spaces, key=lambda at: abs(2 * at - len(name)))
    return f"{name[:middle]}<br>{name[middle + 1 :]}"


def _lay_out(figure: go.Figure, rows: Sequence[str]) -> None:
    figure.update_layout(
        height=64 + _BAR_PIXELS * max(len(rows), 2),
        margin={"l": 0, "r": 8, "t": 4, "b": 30},
        barmode="overlay",
        bargap=0.3,
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(gridcolor=_GRID, zeroline=False, fixedrange=True, tickfont={"size": 11})
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=list(rows),
        range=[len(rows) - 0.5, -0.5],
        fixedrange=True,
        automargin=True,
        tickfont={"size": 12},
        showgrid=False,
    )


def made_and_forced(
    problem: Problem,
    schedules: Mapping[str, Schedule],
    rows: Sequence[str],
    time: int,
    window: tuple[int, int] | None,
    *,
    dark: bool = False,
) -> go.Figure:
    """Draw a schedule and the one with a decision changed, and outline the tasks that differ.

    Parameters
    ----------
    problem
        What was scheduled.
    schedules
        Title and schedule: as made, then as forced.
    rows
        Machines to show.
    time
        When the decision was made, in seconds.
    window
        First and last second of the time axis; everything if None.
    dark
        Whether the page behind the figure is dark.
    """
    ink = _DARK_INK if dark else _LIGHT_INK
    figure = gantt(problem, schedules, rows=rows, window=window, dark=dark)
    sheet = Sheet(problem, "machine", list(rows), frozenset(), dark=dark)
    span = window or sheet.extent(schedules.values())
    made, other = schedules.values()
    differing = other.moved_from(made)
    for panel, schedule in enumerate(schedules.values()):
        some = [
            task
            for task in sheet.visible(schedule, span)
            if (task.family_id, task.sequence) in differing
        ]
        figure.add_trace(_outline(sheet, panel, some, ink.text))
        figure.add_shape(
            type="line", xref=axis_name("x", panel), yref=f"{axis_name('y', panel)} domain",
            x0=sheet.at(time), x1=sheet.at(time), y0=0, y1=1,
            line={"color": ink.line, "width": 2, "dash": "dash"},
        )  # fmt: skip
    is_early = time < _NEAR * (span[1] - span[0])
    if is_early:  # the two names lean away from each other, or one would cover the other
        figure.update_annotations({"xanchor": "right"}, {"text": "Today"})
    figure.add_annotation(
        xref=axis_name("x", len(schedules) - 1), yref="paper", x=sheet.at(time), y=0,
        yanchor="top", xanchor="left" if is_early else "center", text="This decision",
        showarrow=False, font={"size": 11, "color": ink.line},
    )  # fmt: skip
    return figure


def _outline(sheet: Sheet, panel: int, tasks: Sequence[ScheduledTask], colour: str) -> go.Bar:
    return go.Bar(
        orientation="h",
        name="Differs",
        legendgroup="differs",
        legendrank=2_100,
        showlegend=panel == 0,
        xaxis=axis_name("x", panel),
        yaxis=axis_name("y", panel),
        base=[sheet.at(task.start) for task in tasks],
        x=[sheet.length(task.end - task.start) for task in tasks],
        y=[plain(task.machine) for task in tasks],
        width=0.86,
        marker={"color": "rgba(0,0,0,0)", "line": {"color": colour, "width": 2}},
        hoverinfo="skip",
    )
