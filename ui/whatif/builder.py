"""The forms in which events are put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from scheduler_core.errors import ConfigError, ProblemError
from scheduler_core.moments import duration_text, moment_text
from scheduler_core.problem import SECONDS_PER_DAY, SECONDS_PER_HOUR, Problem
from scheduler_core.replanning import (
    Event,
    MachineDown,
    Overrun,
    Overtime,
    RushOrder,
    next_closing,
)
from scheduler_core.schedule import Schedule, ScheduledTask
from ui.bench import Bench
from ui.part import part
from ui.plans import Plan
from ui.whatif import memory, outcomes
from ui.whatif.words import choose_moment

_FAR_HOURS = 1e9
_TEN_YEARS = 3660 * SECONDS_PER_DAY


_Make = Callable[[], Event]
"""Makes the event that a form describes."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What forms offer choices from."""

    problem: Problem
    base: Schedule
    draft: memory.Draft


@part
def show_builder(bench: Bench, base: Plan, draft: memory.Draft) -> None:
    """Draw the form of one kind of event; what is applied joins the scenario.

    A fragment: the fields depend on each other, and the charts need not wait for them.
    """
    kind = st.segmented_control(
        "What happens", list(_FORMS), default="Machine down", required=True,
        key="whatif_kind", persist_state="session",
        help="Several events can be combined: apply one after the other.",
    )  # fmt: skip
    form = _FORMS[kind or "Machine down"](_Scene(bench.problem, base.schedule, draft))
    if st.button(
        "Apply", type="primary", icon=":material/bolt:", key="whatif_apply", disabled=form is None,
        help="Add this event to the scenario, and plan the rest anew at once.",
    ) and form is not None:  # fmt: skip
        complaint = _apply(bench, base, draft, form)
        if complaint is None:
            st.rerun()
        with st.container(border=True, key="whatif_refused"):
            st.markdown(":material/report: **This event does not fit the shop**")
            st.text(complaint)


def _apply(bench: Bench, base: Plan, draft: memory.Draft, make: Callable[[], Event]) -> str | None:
    """Add an event to the scenario; return why not where it does not fit."""
    try:
        event = make()
        changed = memory.with_event(draft, event)
        outcomes.outcome_of(bench, base, changed.events, changed.now)
    except (ConfigError, ProblemError) as error:
        return str(error)
    memory.change(bench.snapshot.sha256, "apply an event", changed)
    return None


def _machine_down(scene: _Scene) -> _Make | None:
    machine = _choose_machine(scene, [each.name for each in scene.problem.machines])
    left, right = st.columns([3, 2])
    with left:
        start = _start(scene, "Down from", scene.draft.now, "whatif_down_start")
    with right:
        hours = _hours("For hours", 8.0, "whatif_down_hours", "How long it stands still.")
    reason = st.text_input(
        "Reason", max_chars=200, key="whatif_down_reason", placeholder="None",
        help="For the chart and the list of events, such as: tool broken.",
    )  # fmt: skip
    return lambda: MachineDown(machine, start, start + hours, reason.strip())


def _rush_order(scene: _Scene) -> _Make | None:
    now, families = scene.draft.now, {family.id: family for family in scene.problem.families}
    left, right = st.columns([3, 2])
    with left:
        like = st.selectbox(
            "Same steps as", list(families), key="whatif_rush_like",
            help="The order gets the steps, machines and times of this family, as far as they "
            "are in the snapshot: steps that were done before it are not known.",
        )  # fmt: skip
        due = choose_moment(
            "Due", scene.problem, now + 3 * SECONDS_PER_DAY, "whatif_rush_due",
            earliest=now, latest=now + _TEN_YEARS,
            help="When the customer wants it. Nothing of it can start before the re-planning.",
        )  # fmt: skip
    with right:
        free = _free_name(scene)
        name = st.text_input(
            "Name of the order", free, max_chars=200, key=f"whatif_rush_name_{free}",
            help="A name that no family of the snapshot has.",
        )  # fmt: skip
        weight = st.number_input(
            "Counts as families", value=3.0, step=1.0, format="%g", key="whatif_rush_weight",
            help="Its importance: an order of 3 is worth as much as three ordinary families.",
        )  # fmt: skip
    urgent = st.checkbox(
        "Urgent", value=True, key="whatif_rush_urgent",
        help="The urgent multiplier of the reward weights applies to it too.",
    )  # fmt: skip
    family = families[like]
    return lambda: RushOrder.copy_of(
        family, name.strip(), due, weight=weight or 0.0, is_urgent=urgent
    )


def _free_name(scene: _Scene) -> str:
    """Return a name that no order has."""
    names = {family.id for family in scene.problem.families}
    names |= {event.id for event in scene.draft.events if isinstance(event, RushOrder)}
    return next(name for n in range(1, len(names) + 2) if (name := f"RUSH-{n}") not in names)


def _overtime(scene: _Scene) -> _Make | None:
    closing = {each.name: next_closing(each, scene.draft.now) for each in scene.problem.machines}
    in_shifts = {name: span for name, span in closing.items() if span is not None}
    if not in_shifts:
        st.info(
            "Every machine of this snapshot works round the clock, so there is no overtime to "
            "add. Pick a snapshot with shifts on the left, such as the sample of 60 families in "
            "shifts.",
            icon=":material/schedule:",
        )
        return None
    machine = _choose_machine(scene, list(in_shifts))
    start, end = in_shifts[machine]
    left, right = st.columns([3, 2])
    with left:
        begin = _start(scene, "From", start, f"whatif_overtime_start_{machine}")
    with right:
        most = min(4.0, (end - start) / SECONDS_PER_HOUR)
        hours = _hours("For hours", most, "whatif_overtime_hours", "How long it works more.")
    clock = scene.problem.created_at
    st.caption(
        f"It is closed next from {moment_text(clock, start)} to {moment_text(clock, end)}: "
        f"{duration_text(end - start)}."
    )
    return lambda: Overtime(machine, begin, begin + hours)


def _overrun(scene: _Scene) -> _Make | None:
    open_tasks = [task for task in scene.base if task.end > scene.draft.now]
    if not open_tasks:
        st.info("Every task is done by then. Re-plan from an earlier moment.")
        return None
    by_family: dict[str, list[ScheduledTask]] = {}
    for task in open_tasks:  # in order of start, so that what runs comes first
        by_family.setdefault(task.family_id, []).append(task)
    left, right = st.columns([3, 2])
    with left:
        family = st.selectbox(
            "Family", list(by_family), key="whatif_overrun_family",
            help="Families with a task that runs or waits, in the order in which these start.",
        )  # fmt: skip
    with right:
        hours = _hours("Hours longer", 4.0, "whatif_overrun_hours", "On top of the planned time.")
    tasks = {task.sequence: task for task in by_family[family]}
    sequence = st.selectbox(
        "Step", list(tasks), key=f"whatif_overrun_step_{family}",
        format_func=lambda number: _task_text(scene, tasks[number]),
        help="Only steps that are not done at the moment of re-planning.",
    )  # fmt: skip
    return lambda: Overrun(family, sequence, hours)


def _task_text(scene: _Scene, task: ScheduledTask) -> str:
    starts = moment_text(scene.problem.created_at, task.start)
    has_started = task.start < max(0, scene.draft.now)
    when = f"runs since {starts}" if has_started else f"starts {starts}"
    return f"{task.sequence} · {task.process_name} on {task.machine}, {when}"


_FORMS: dict[str, Callable[[_Scene], _Make | None]] = {
    "Machine down": _machine_down,
    "Rush order": _rush_order,
    "Overtime": _overtime,
    "Task overrun": _overrun,
}


def _choose_machine(scene: _Scene, names: list[str]) -> str:
    """Draw the picker of a machine, the one with most work to come first."""
    ahead = dict.fromkeys(names, 0)
    for task in scene.base:
        if task.machine in ahead:
            ahead[task.machine] += max(0, task.end - max(task.start, scene.draft.now))
    order = sorted(names, key=lambda name: (-ahead[name], name))
    return st.selectbox(
        "Machine", order, key="whatif_machine",
        format_func=lambda name: f"{name} · {ahead[name] / SECONDS_PER_HOUR:,.0f} h to come",
        help="The busiest first: hours that the plan holds it from the re-planning on.",
    )  # fmt: skip


def _start(scene: _Scene, label: str, second: int, key: str) -> int:
    now = scene.draft.now
    return choose_moment(
        label, scene.problem, second, key, earliest=now, latest=now + _TEN_YEARS,
        help="At or after the moment of re-planning.",
    )  # fmt: skip


def _hours(label: str, value: float, key: str, help: str) -> int:
    """Draw a field for a number of hours and return it in seconds."""
    # Without limits: the browser would keep what lies beyond them to itself, and Apply would take
    # the number before. The event says what is wrong with it.
    hours = st.number_input(label, value=value, step=1.0, format="%g", key=key, help=help) or 0.0
    return round(min(max(-_FAR_HOURS, hours), _FAR_HOURS) * SECONDS_PER_HOUR)
