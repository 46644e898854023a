"""Which decision is on the page: by number, by task, or along a tour."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from scheduler_core.charts.decisions import choice_names, percent_text
from scheduler_core.inspection import Decision, Episode
from scheduler_core.rules import ALL_RULES
from ui.decisions.episodes import Inspection
from ui.links import TASK_FAMILY, TASK_STEP
from ui.part import in_place
from ui.plans import label

DECISION = "decision"  # bound to the address, counted from 1
RULE = "rule"  # bound to the address
_TOUR = "decisions_tour"
_TASK = "decisions_task"
_START = "decisions_start"  # set when the page is to go to the first stop of the tour

_IN_ORDER, _DISAGREE, _CLOSE, _COSTLY = (
    "All, in order",
    "Where the rule disagrees",
    "Closest calls",
    "Most expensive for the rule",
)
_NOUNS = {
    _IN_ORDER: "decisions, in the order PPO made them",
    _DISAGREE: "decisions where {rule} would choose otherwise, in the order PPO made them",
    _CLOSE: "decisions, the most uncertain first",
    _COSTLY: "decisions where {rule} would choose otherwise, the one where that costs most first",
}


@in_place
def choose_decision(inspection: Inspection) -> tuple[Decision, str]:
    """Draw the ways to a decision; return it, and the rule that it is compared with."""
    episode = inspection.episode
    _arrive(episode)
    with st.container(horizontal=True, vertical_alignment="bottom", key="decisions_tours"):
        tour = st.segmented_control(
            "Walk through", list(_NOUNS), default=_IN_ORDER, required=True, key=_TOUR,
            persist_state="session", on_change=_ask_for_start,
            help="What Previous and Next step through. Closest calls begins with the decision "
            "in which PPO was least certain. Most expensive tries the rule's choice at each "
            "decision in turn and begins with the one that it would spoil most.",
        )  # fmt: skip
        rule = st.selectbox(
            "Rule to compare with", ALL_RULES, index=ALL_RULES.index("edd"), format_func=label,
            key=RULE, bind="query-params", width=220,
            help="What this rule would take at each decision is shown beside PPO's choice.",
        )  # fmt: skip
    rule = rule or "edd"
    stops = _stops(inspection, tour or _IN_ORDER, rule)
    if st.session_state.pop(_START, False) and stops:
        st.session_state[DECISION] = stops[0] + 1
    return episode.decision(_step_along(episode, tour or _IN_ORDER, stops, rule)), rule


def _arrive(episode: Episode) -> None:
    """Go to the decision that the address asks for by its task, and keep the number in range."""
    family, step = st.query_params.get(TASK_FAMILY), st.query_params.get(TASK_STEP)
    if family is not None:
        for name in (TASK_FAMILY, TASK_STEP):
            st.query_params.pop(name, None)
        _go_to_task(episode, family, step)
    number = st.session_state.get(DECISION)
    if number is None:  # the slider, which is bound to the address, has not been drawn yet
        asked = st.query_params.get(DECISION, "")
        number = int(asked) if asked.isdecimal() and len(asked) < 10 else 1
    st.session_state[DECISION] = min(max(1, number), len(episode))


def _go_to_task(episode: Episode, family: str, step: str | None) -> None:
    """Go to the decision about a task, or without a step to the first about the family."""
    steps = [each for each in episode.steps_of(family) if step is None or str(each) == step]
    found = [index for each in steps if (index := episode.find(family, each)) is not None]
    name = f"{family} step {step}" if step else family
    if found:
        st.session_state[DECISION] = found[0] + 1
        with suppress(StreamlitAPIException):  # the slider writes it, once it has been drawn
            st.query_params[DECISION] = str(found[0] + 1)
        taken = episode.decision(found[0]).taken
        if (taken.family_id, str(taken.sequence)) != (family, step or str(taken.sequence)):
            st.info(
                "The task asked for was taken where nothing else could be next, so there was "
                "nothing to decide. Below is the last decision that it lost to another task.",
                icon=":material/info:",
            )
            st.text(name)
    elif steps:
        st.info(
            "Nothing was decided about the task asked for: whenever it was ready, it was the only "
            "one that could be next, or it is locked. Below is another decision.",
            icon=":material/info:",
        )
        st.text(name)
    else:
        st.warning("This snapshot has no such task; pick one under Task taken below.")
        st.text(name)


def _stops(inspection: Inspection, tour: str, rule: str) -> list[int]:
    """Return the decisions of a tour in its order."""
    episode = inspection.episode
    if tour == _DISAGREE:
        return episode.disagreements(rule).tolist()
    if tour == _CLOSE:
        return episode.closest().tolist()
    if tour == _COSTLY:
        with st.spinner(f"Trying each choice of {label(rule)} in turn …"):
            costs = inspection.costs(rule)
        return sorted(costs, key=lambda index: costs[index].points)
    return list(range(len(episode)))


def _step_along(episode: Episode, tour: str, stops: Sequence[int], rule: str) -> int:
    """Draw the steps to other decisions and return the index of the present one."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="decisions_steps"):
        here = st.session_state[DECISION] - 1
        before, after = _neighbours(tour, stops, here)
        _step_button("Previous", ":material/chevron_left:", before)
        _step_button("Next", ":material/chevron_right:", after)
        if len(episode) > 1:
            with st.container(width="stretch"):
                here = st.slider(
                    f"Decision, of {len(episode):,}", 1, len(episode), key=DECISION,
                    bind="query-params",
                    help="All real choices of the schedule in the order PPO made them. It may plan "
                    "one machine ahead before it decides on another, so times can go back. Where "
                    "only one task could be next nothing was decided.",
                ) - 1  # fmt: skip
        _task_picker(episode, here)
    left_out = len(episode.disagreements(rule)) - len(stops) if tour == _COSTLY else 0
    tried = f" Not tried: {left_out:,} more where PPO held it for likelier." if left_out else ""
    st.caption(_where(tour, stops, here, rule) + tried)
    return here


def _step_button(text: str, icon: str, target: int | None) -> None:
    st.button(
        text, icon=icon, disabled=target is None, on_click=_go, args=(target,),
        key=f"decisions_{text.lower()}", help="The stop before or after on the walk chosen above.",
    )  # fmt: skip


def _go(index: int) -> None:
    st.session_state[DECISION] = index + 1


def _ask_for_start() -> None:
    st.session_state[_START] = st.session_state[_TOUR] != _IN_ORDER


def _neighbours(tour: str, stops: Sequence[int], here: int) -> tuple[int | None, int | None]:
    """Return the stops before and after a decision, which need not be one itself."""
    if tour in (_IN_ORDER, _DISAGREE):
        before = [stop for stop in stops if stop < here]
        after = [stop for stop in stops if stop > here]
        return (before[-1] if before else None), (after[0] if after else None)
    place = stops.index(here) if here in stops else -1
    return (
        stops[place - 1] if place > 0 else None,
        stops[place + 1] if place + 1 < len(stops) else None,
    )


def _where(tour: str, stops: Sequence[int], here: int, rule: str) -> str:
    noun = _NOUNS[tour].format(rule=label(rule))
    if not stops:
        return f"PPO and {label(rule)} agree at every decision."
    at = f"Stop {stops.index(here) + 1:,} of {len(stops):,}" if here in stops else f"{len(stops):,}"
    return f"{at} {noun}." if at.startswith("Stop") else f"This walk has {at} {noun}."


def _task_picker(episode: Episode, here: int) -> None:
    """Draw the picker of tasks; it shows the one that the present decision took."""
    taken = episode.decision(here).taken
    st.session_state[_TASK] = (taken.family_id, taken.sequence)
    st.selectbox(
        "Task taken", episode.tasks_decided(), format_func=lambda task: f"{task[0]} step {task[1]}",
        key=_TASK, width=260, on_change=_take_task, args=(episode,),
        help="Pick a task to go to the decision that took it, or to the last one that it lost.",
    )  # fmt: skip


def _take_task(episode: Episode) -> None:
    index = episode.find(*st.session_state[_TASK])
    if index is not None:
        _go(index)


def choose_instead(decision: Decision, rule: str) -> int:
    """Draw the picker of another choice and return its position: at first the rule's, if it is."""
    others = [at for at in range(len(decision.candidates)) if at != decision.pick]
    others.sort(key=lambda at: -decision.candidates[at].probability)
    first = decision.pick_of(rule)
    if first == decision.pick:
        first = decision.runner_up
    names = choice_names(decision)
    chosen = st.selectbox(
        "Compare with taking instead",
        others,
        index=others.index(first),
        format_func=lambda at: _option(decision, names, at),
        key=f"decisions_instead_{decision.index}_{rule}",
        width=560,
        help="The choice that PPO's is compared with below. At first the rule's, or where that is "
        "PPO's too, the one that PPO held second likeliest.",
    )
    return first if chosen is None else chosen


def _option(decision: Decision, names: Sequence[str], at: int) -> str:
    one = decision.candidates[at]
    rules = ", ".join(map(label, one.rules))
    return f"{names[at]}: {percent_text(one.probability)}" + (f" · {rules}" if rules else "")
