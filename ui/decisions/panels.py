"""What the page shows of one decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from scheduler_core.charts.decisions import chances, choice_names, made_and_forced, why
from scheduler_core.export import moment
from scheduler_core.inspection import Alternative, Candidate, Change, Decision
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from scheduler_core.rules import ALL_RULES
from scheduler_core.validation import validate
from ui import gantt
from ui.decisions import wording
from ui.decisions.episodes import Inspection
from ui.escaping import escaped
from ui.plans import label
from ui.tables import columns_of

_WINDOW = "decisions_window"
_AROUND, _WHOLE = "Around the decision", "Whole plan"
_MOST_ROWS = 8
_TABLE_PIXELS = 320
_CHART = {"displayModeBar": False}


def show_headline(inspection: Inspection, decision: Decision, rule: str) -> None:
    """Say in a sentence what was decided."""
    st.subheader(wording.headline(inspection.problem, decision, rule), anchor=False)


def show_chances(decision: Decision, instead: int) -> None:
    """Draw how likely PPO held each choice, and which rules would have made it."""
    st.markdown("**How likely PPO held each choice**, and the rules that would make it")
    labels = {rule: label(rule) for rule in ALL_RULES}
    st.plotly_chart(
        chances(decision, instead, labels, dark=_is_dark()),
        key="decisions_chances",
        config=_CHART,
        alt="Probability of each choice, the likeliest first, and the rules that would make it",
    )


def show_reasons(inspection: Inspection, decision: Decision, instead: int) -> None:
    """Draw what moved PPO's preference for its choice over another one."""
    names = [escaped(name) for name in choice_names(decision)]
    found = inspection.reasons(decision, instead)
    st.markdown(
        f"**Why {names[decision.pick]} rather than {names[instead]}**",
        help="Each bar says by what factor a property makes the choice taken likelier (to the "
        "right) or less likely (to the left); all factors multiplied give how much likelier it "
        "was. They are exact Shapley values of swapping the two tasks' properties, the other tasks "
        "and the shop held as they were. "
        + " ".join(f"**{each.factor.name}**: {each.factor.meaning}" for each in found),
    )
    if not found:
        st.caption("PPO sees no difference between the two: the first in the list was taken.")
        return
    st.plotly_chart(
        why(found, dark=_is_dark()),
        key="decisions_reasons",
        config=_CHART,
        alt="The five strongest reasons, and by what factor each makes the choice likelier",
    )
    st.caption(wording.because(found, names[decision.pick], names[instead]))


def show_alternative(inspection: Inspection, decision: Decision, instead: int, rule: str) -> None:
    """Draw what each other choice would have cost, and where the chosen one leads."""
    found = inspection.alternatives(decision, instead)
    _show_table(inspection, decision, found)
    st.subheader("If another task had been taken", anchor=False)
    _show_prices(decision, found, instead, rule)
    chosen = found[instead]
    made = inspection.episode.schedule
    count = len(chosen.schedule.moved_from(made))
    violations = validate(inspection.episode.problem, chosen.schedule)
    verdict = (
        f":red[The validator finds {len(violations)} faults in the plan with the other choice.]"
        if violations
        else "The independent validator finds no fault in it."
    )
    st.caption(
        "All decisions before this one stay. Those after it PPO makes anew, in the changed shop: "
        f"{count:,} task{'s' if count != 1 else ''} end up at another time or place. {verdict}"
    )
    _show_gantt(inspection, decision, chosen)


def _show_table(
    inspection: Inspection, decision: Decision, found: Mapping[int, Alternative]
) -> None:
    names = choice_names(decision)
    order = sorted(
        range(len(decision.candidates)), key=lambda at: -decision.candidates[at].probability
    )
    none = Change(0.0, 0, 0.0, 0.0)
    changes = {decision.pick: none} | {at: each.change for at, each in found.items()}
    frame = pd.DataFrame(
        [
            _choice(decision, at, names[at], changes.get(at))
            | _facts(inspection.problem, decision.candidates[at])
            for at in order
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config=_columns(frame),
        height="content" if len(frame) < 9 else _TABLE_PIXELS,
        alt="All choices of this decision, the likeliest first, with what each would have changed",
    )
    if len(changes) < len(order):
        st.caption(
            f"The {len(changes) - 1} other choices tried are those of the rules and the likeliest; "
            "pick any other under 'Compare with taking instead' to try it."
        )


def _choice(decision: Decision, at: int, name: str, change: Change | None) -> dict[str, Any]:
    one = decision.candidates[at]
    return {
        "Choice": name,
        "Probability": 100 * one.probability,
        "Taken by": ", ".join(
            ["PPO"] * (at == decision.pick) + [label(rule) for rule in one.rules]
        ),
        "Lateness if taken": change.tardiness_hours if change else None,
        "Points if taken": change.points if change else None,
    }


def _facts(problem: Problem, one: Candidate) -> dict[str, Any]:
    return {
        "Due": moment(problem, one.due),
        "To spare": one.slack / SECONDS_PER_HOUR,
        "Hours": one.work / SECONDS_PER_HOUR,
        "Work left": one.work_left / SECONDS_PER_HOUR,
        "Earliest start": moment(problem, one.start),
        "Earliest end": moment(problem, one.end),
        "Machine": one.machine,
        "Process": one.process_name,
    }


def _columns(frame: pd.DataFrame) -> dict[str, Any]:
    """Return how the columns read, and what they mean."""
    number, column = st.column_config.NumberColumn, st.column_config
    columns: dict[str, Any] = {
        "Probability": column.ProgressColumn(
            format="%.1f %%", min_value=0, max_value=100,
            help="How likely PPO held this choice. The likeliest is taken.",
        ),
        "Taken by": column.TextColumn(width="medium", help="PPO and rules that would take it."),
        "To spare": number(
            format="%.1f h",
            help="Hours between the due date and the family's completion, if from here on nobody "
            "is in its way. Negative: late in any case.",
        ),
        "Hours": number(format="%.1f h", help="Working hours of this step on this machine."),
        "Work left": number(format="%.1f h", help="This step and all that follow in the family."),
        "Lateness if taken": number(
            format="%+.1f h",
            help="Change of all families' hours late together, if this had been taken. PPO "
            "decides all that comes after.",
        ),
        "Points if taken": number(
            format="%+.0f", help="Change of the score, likewise. Negative: PPO's choice is better."
        ),
    }  # fmt: skip
    times = ("Due", "Earliest start", "Earliest end")
    hours = [name for name in times if pd.api.types.is_float_dtype(frame[name])]
    return columns_of(frame) | columns | {name: number(format="%.1f h") for name in hours}


def _show_prices(
    decision: Decision, found: Mapping[int, Alternative], instead: int, rule: str
) -> None:
    """Say what the choice picked would change, and then the other rules' choices."""
    names = [escaped(name) for name in choice_names(decision)]

    def who(at: int) -> str:
        rules = decision.candidates[at].rules
        return label(rule if rule in rules else rules[0]) if rules else ""

    st.markdown(f"**{wording.price(found[instead].change, names[instead], who(instead))}**")
    others = [at for at in found if at != instead and decision.candidates[at].rules]
    if others:
        st.markdown(
            "\n".join(f"- {wording.price(found[at].change, names[at], who(at))}" for at in others)
        )


def _show_gantt(inspection: Inspection, decision: Decision, chosen: Alternative) -> None:
    window = st.segmented_control(
        "Show", [_AROUND, _WHOLE], default=_AROUND, required=True, key=_WINDOW,
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    made, name = inspection.episode.schedule, choice_names(decision)
    schedules = {
        f"As made: {name[decision.pick]} taken": made,
        f"As forced: {name[chosen.position]} taken": chosen.schedule,
    }
    span = _span(decision) if window == _AROUND else None
    rows = _rows(inspection, decision, chosen, span)
    figure = made_and_forced(
        inspection.problem, schedules, rows, decision.time, span, dark=_is_dark()
    )
    gantt.draw(figure, "decisions_gantt", f"Gantt charts: {' and '.join(schedules)}")
    st.caption(
        "Outlined tasks differ between the two. Shown are the machine that decides and those on "
        "which most differs."
    )


def _span(decision: Decision) -> tuple[int, int]:
    """Return a stretch of time around a decision, as long as its tasks make it."""
    longest = max(one.end for one in decision.candidates) - decision.time
    return decision.time - longest // 2, decision.time + 3 * longest


def _rows(
    inspection: Inspection, decision: Decision, chosen: Alternative, span: tuple[int, int] | None
) -> list[str]:
    """Return the deciding machine, those of both choices, and those on which most differs."""
    made = inspection.episode.schedule
    differing = chosen.schedule.moved_from(made)
    first = [
        decision.machine, decision.taken.machine, decision.candidates[chosen.position].machine
    ]  # fmt: skip
    counts: dict[str, int] = {}
    for task in [*made, *chosen.schedule]:
        inside = span is None or (task.start < span[1] and task.end > span[0])
        if inside and (task.family_id, task.sequence) in differing:
            counts[task.machine] = counts.get(task.machine, 0) + 1
    most = sorted(counts, key=lambda name: (-counts[name], name))
    return list(dict.fromkeys([*first, *most]))[:_MOST_ROWS]


def _is_dark() -> bool:
    return st.context.theme.type == "dark"
