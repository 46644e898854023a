"""Both plans as Gantt charts on one axis, and a walk through the decisions in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go
import streamlit as st

from scheduler_core.charts import gantt, row_names
from scheduler_core.charts.comparison import mark_difference, mark_moved
from scheduler_core.comparison import Difference
from scheduler_core.problem import SECONDS_PER_HOUR
from scheduler_core.schedule import Schedule
from ui import state
from ui.compare import following, words
from ui.compare.following import STEP
from ui.compare.pair import Pair
from ui.gantt import draw
from ui.links import TASK_FAMILY, TASK_STEP, link
from ui.part import part
from ui.plans import Plan

CHART = "compare_gantt"
_PAIR = "compare_pair"
_ZOOM = "compare_zoom"
_TIME = "compare_time"
_BARS = "compare_bars"
_ROWS = "compare_rows"

_AROUND, _ALL, _ZOOMED = "Around the decision", "All", "Zoomed"
_DECISION, _MOVED, _EVERY = "This decision", "Moved tasks", "All tasks"
_LIMITS = {"10": 10, "25": 25, "All": None}
_LEAST_SIDE = 6 * SECONDS_PER_HOUR  # before and behind a decision


@part
def show_steps(pair: Pair) -> None:
    """Draw the stepper, what it says of a decision, and the charts with that decision marked."""
    _start_anew_for(pair)
    family = _choose_family(pair)
    steps = [each for each in pair.differences if family is None or family in each.families]
    step = _choose_step(steps)
    if step is None:
        _tell_none(pair, family)
    else:
        _tell(pair, step)
    _show_charts(pair, step, family)


def _start_anew_for(pair: Pair) -> None:
    """Go back to the first step once other plans are compared; not at the page's first run."""
    before = st.session_state.get(_PAIR, pair.name)
    if before != pair.name:
        st.session_state[STEP] = 1
        _follow_step()
    st.session_state[_PAIR] = pair.name


def _choose_family(pair: Pair) -> str | None:
    families = sorted(pair.problem.families, key=lambda family: (family.due, family.id))
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_toolbar"):
        family = st.selectbox(
            "Follow a family", [family.id for family in families], index=None,
            placeholder="All families", key=state.FAMILY, bind="query-params", width=200,
            on_change=_follow_family,
            help="Step through the decisions about one family only: where it is taken, and where "
            "it is passed over.",
        )  # fmt: skip
        st.segmented_control(
            "Time", [_AROUND, _ALL, *([_ZOOMED] if _zoom() else [])], default=_AROUND,
            required=True, key=_TIME, persist_state="session", on_change=_forget_zoom,
            help="The stretch of time in both charts. Drag over one of them to zoom into both.",
        )  # fmt: skip
        st.segmented_control(
            "Full strength", [_DECISION, _MOVED, _EVERY], default=_DECISION, required=True,
            key=_BARS, persist_state="session",
            help="Which bars to show at full strength: those of the families that the decision is "
            "about, all tasks that are elsewhere in the other plan, or all there are.",
        )  # fmt: skip
        st.segmented_control(
            "Machines", list(_LIMITS), default="10", required=True, key=_ROWS,
            persist_state="session",
            help="How many rows to show: first the machine of the decision and those that its "
            "families need, then the busiest.",
        )  # fmt: skip
    return family


def _choose_step(steps: Sequence[Difference]) -> Difference | None:
    """Draw the buttons and the slider; return the step chosen, None where there is none."""
    if not steps:
        return None
    count = len(steps)
    number = min(max(1, st.session_state.get(STEP) or 1), count)
    if STEP in st.session_state:
        st.session_state[STEP] = number
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_stepper"):
        for label, icon, to in (
            ("First", "first_page", 1),
            ("Back", "chevron_left", number - 1),
            ("Next", "chevron_right", number + 1),
            ("Last", "last_page", count),
        ):
            st.button(
                label, icon=f":material/{icon}:", key=f"compare_{label.lower()}",
                on_click=_go, args=(to,), disabled=to == number or not 1 <= to <= count,
            )  # fmt: skip
        if count > 1:
            number = st.slider(
                f"Difference, of {count:,} in order of time", 1, count, key=STEP,
                bind="query-params", on_change=_follow_step,
                help="Each is a moment at which a machine takes another task next.",
            )  # fmt: skip
    return steps[number - 1]


def _go(number: int) -> None:
    st.session_state[STEP] = number
    _follow_step()


def _follow_step() -> None:
    """Leave a zoom: it would show another time than that of the step."""
    if _zoom():
        _set_zoom(None)


def _follow_family() -> None:
    st.session_state[STEP] = 1
    following.clear_row()
    _follow_step()


def _zoom() -> tuple[int, int] | None:
    return st.session_state.get(_ZOOM)


def _set_zoom(window: tuple[int, int] | None) -> None:
    st.session_state[_ZOOM] = window
    st.session_state[_TIME] = _ZOOMED if window else _AROUND


def _forget_zoom() -> None:
    st.session_state[_ZOOM] = None


def _tell_none(pair: Pair, family: str | None) -> None:
    if family is None:
        st.success("The two plans are the same: no machine takes another task at any time.")
    elif any(move.family_id == family for move in pair.moves):
        st.info(
            "No decision about this family differs. Its tasks move because others before them do: "
            "clear Follow a family to step through those."
        )
    else:
        st.info("No task of this family moves. Clear Follow a family to step through all.")


def _tell(pair: Pair, step: Difference) -> None:
    """Say what each plan does at a decision, and how it ended for both families."""
    changes = {change.family.id: change for change in pair.change.families}
    outcomes = [words.outcome(pair, changes[name]) for name in step.families]
    with st.container(border=True, key="compare_decision"):
        st.markdown(words.difference(pair, step))
        st.markdown("In the end: " + " ".join(outcomes))
        link(
            "decisions",
            "Look into this decision",
            {TASK_FAMILY: step.new.family_id, TASK_STEP: str(step.new.sequence)},
        )


def _show_charts(pair: Pair, step: Difference | None, family: str | None) -> None:
    schedules = {_title(plan): plan.schedule for plan in (pair.new, pair.old)}
    bars = st.session_state.get(_BARS) or _DECISION
    followed = step.families if step else (family,) if family else ()
    rows, left_out = _rows(pair, schedules.values(), step, followed)
    figure = gantt(
        pair.problem,
        schedules,
        rows=rows,
        highlight=frozenset(followed if bars == _DECISION else ()),
        window=_window(step),
        dark=st.context.theme.type == "dark",
    )
    if bars == _MOVED:
        mark_moved(figure, pair.moves)
    if step is not None:
        mark_difference(figure, pair.problem, rows, step)
    _draw(figure, pair, f"Gantt charts by machine: {', '.join(schedules)}")
    shown = f"{len(rows)} of {len(rows) + left_out} machines in use. " if left_out else ""
    framed = "The dotted line is the moment of the decision, the frames are what each plan takes. "
    st.caption(
        f"{shown}{framed if step else ''}Drag over a stretch of time to zoom both charts; "
        "Time above zooms out."
    )


def _draw(figure: go.Figure, pair: Pair, alt: str) -> None:
    figure.update_layout(dragmode="select", selectdirection="h")
    draw(
        figure,
        CHART,
        alt,
        on_select=lambda: _take_selection(pair.problem.created_at),
        selection_mode="box",
    )


def _title(plan: Plan) -> str:
    late = plan.metrics.late_families
    return f"{plan.label} · {late:,} late famil{'y' if late == 1 else 'ies'}"


def _rows(
    pair: Pair, schedules: Sequence[Schedule], step: Difference | None, followed: Sequence[str]
) -> tuple[list[str], int]:
    """Return the machines shown and how many are not: first those that the decision is about."""
    names = row_names(pair.problem, schedules, "machine")
    used = {task.machine for plan in schedules for task in plan if task.family_id in followed}
    first = [step.machine] if step else []
    order = list(dict.fromkeys([*first, *(name for name in names if name in used), *names]))
    limit = _LIMITS[st.session_state.get(_ROWS) or "10"]
    count = len(order) if limit is None else max(limit, len(used | set(first)))
    return order[:count], max(0, len(order) - count)


def _window(step: Difference | None) -> tuple[int, int] | None:
    """Return the first and last second of the time axis, None for everything."""
    if _zoom() is not None:
        return _zoom()
    if step is None or st.session_state.get(_TIME) == _ALL:
        return None
    ends = [step.new.end, *([step.old.end] if step.old else [])]
    side = max(_LEAST_SIDE, (max(ends) - step.moment) // 4)
    first = max(step.moment - side, min(step.moment, 0) - side // 8)  # nothing is before today
    return first, max(ends) + side


def _take_selection(zero: datetime | None) -> None:
    """Zoom both charts to the stretch of time that was marked in one of them."""
    boxes = st.session_state[CHART].selection.box
    if boxes:
        first, last = sorted(_seconds(value, zero) for value in boxes[0]["x"])
        _set_zoom((first, last))


def _seconds(value: str | float, zero: datetime | None) -> int:
    """Return a position on the time axis as seconds from time zero."""
    if zero is None:
        return round(float(value) * SECONDS_PER_HOUR)
    return round((datetime.fromisoformat(str(value)) - zero.replace(tzinfo=None)).total_seconds())
