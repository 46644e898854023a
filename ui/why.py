"""The panel beside the charts: a family, a step of it, what it waited for, and why it is late."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from scheduler_core.charts import Trail
from scheduler_core.explanation import Floor, Story, TaskWaits, moment, reasons, why_late
from scheduler_core.explanation import wait_lines as lines
from scheduler_core.problem import SECONDS_PER_HOUR, Problem, TaskStatus
from ui import state
from ui.escaping import escaped
from ui.links import TASK_FAMILY, TASK_STEP, link
from ui.plans import Plan


def story_of(problem: Problem, plan: Plan, family: str, floor: Floor) -> Story | None:
    """Return the story of a family under a plan, None where the snapshot has no such family."""
    known = family in floor.families
    return why_late(problem, plan.schedule, family, floor) if known else None


def step_of(story: Story, sequence: int | None) -> TaskWaits | None:
    """Return the step of a sequence; else the one that waited longest, else the last."""
    for step in story.steps:
        if step.task.sequence == sequence:
            return step
    return story.worst or (story.steps[-1] if story.steps else None)


def trail_of(story: Story, step: TaskWaits | None) -> Trail:
    """Return what to outline: the step, what it waited for, and the chain of its family."""
    held = [wait.task for wait in step.queue if wait.task is not None] if step else []
    others = [*dict.fromkeys([*held, *story.in_the_way()])]
    return Trail(step.task if step else None, tuple(others))


def show_panel(
    problem: Problem, plan: Plan, story: Story, step: TaskWaits | None, floor: Floor
) -> None:
    """Draw the panel; its tables lead on to the other steps, and to what stood in the way."""
    name = story.family.id
    with st.container(horizontal=True, vertical_alignment="center", key="why_head"):
        st.subheader(escaped(name), anchor=False, width="stretch")
        st.button(
            "", icon=":material/close:", type="tertiary", key="why_close", help="Close this panel",
            on_click=state.close_pick,
        )  # fmt: skip
    with st.container(horizontal=True, gap="xsmall", key="why_badges"):
        _badges(plan, story)
    outcome, *causes = reasons(problem, story)
    st.markdown(escaped(outcome))
    st.markdown("\n".join(f"- {escaped(cause)}" for cause in causes))
    if step is not None:
        _show_step(problem, plan, story, step, floor)
    with st.container(horizontal=True, key="why_links"):
        query = {TASK_FAMILY: name} | ({TASK_STEP: str(step.task.sequence)} if step else {})
        link("decisions", "The decision", query)
        link("whatif", "What if")


def _badges(plan: Plan, story: Story) -> None:
    if story.completion is None:
        st.badge("Not completed", icon=":material/warning:", color="red")
    elif story.late > 0:
        st.badge(f"{_hours(story.late)} late", icon=":material/schedule:", color="red")
    else:
        st.badge(f"{_hours(-story.late)} to spare", icon=":material/check:", color="green")
    if story.family.is_urgent:
        st.badge("Urgent", icon=":material/priority_high:", color="orange")
    st.badge(plan.label, color="gray")


def _show_step(problem: Problem, plan: Plan, story: Story, step: TaskWaits, floor: Floor) -> None:
    task = step.task
    st.markdown(f"**Step {task.sequence}** · {escaped(task.process_name)}")
    st.markdown("  \n".join(_facts(problem, story, step, floor)))
    _show_waits(problem, plan, step)
    st.caption("All steps. Pick one to look at it.")
    _show_steps(plan, story, step)


def _facts(problem: Problem, story: Story, step: TaskWaits, floor: Floor) -> list[str]:
    """Return the step's place, times, work and state, a line each."""
    task = step.task
    machine = {each.name: each for each in problem.machines}.get(task.machine)
    elapsed = task.end - task.start
    work = machine.working_time.work_between(task.start, task.end) if machine else elapsed
    paused = f", paused {_hours(elapsed - work)}" if elapsed > work else ""
    start, end, due = (moment(problem, at) for at in (task.start, task.end, story.family.due))
    return [
        f"on {escaped(task.machine)}, {_state(step, floor)}",
        f"{escaped(start)} to {escaped(end)}",
        f"{escaped(_hours(work))} of work{escaped(paused)}",
        f"family due {escaped(due)}",
    ]


def _state(step: TaskWaits, floor: Floor) -> str:
    if floor.is_running(step.task):
        return TaskStatus.IN_PROGRESS.value.replace("_", " ")
    return "fixed by the planner" if floor.is_locked(step.task) else "planned"


def _show_waits(problem: Problem, plan: Plan, step: TaskWaits) -> None:
    """Draw what a step waited for; a row with a task leads to it."""
    if not step.queue:
        ready = escaped(moment(problem, step.ready))
        st.markdown(f"It did not wait: it was ready {ready}.")
        return
    st.caption(
        f"Ready {escaped(moment(problem, step.ready))}, then waited {_hours(step.waited)} for:"
    )
    key = _key(state.WAIT_TABLE, plan, step)
    tasks = [wait.task for wait in step.queue]

    def take() -> None:
        rows = st.session_state[key].selection.rows
        if rows and (task := tasks[rows[0]]) is not None:
            state.pick(task.family_id, plan.method, task.sequence)

    found = lines(problem, step)
    _table(
        pd.DataFrame(
            {"It waited for": [text for text, _ in found], "Hours": [s / 3600 for _, s in found]}
        ),
        key, take, "What the step waited for, in order of time, with the hours",
    )  # fmt: skip


def _show_steps(plan: Plan, story: Story, step: TaskWaits) -> None:
    key = _key(state.STEP_TABLE, plan, step)
    sequences = [each.task.sequence for each in story.steps]

    def take() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            state.pick(story.family.id, plan.method, sequences[rows[0]])

    frame = pd.DataFrame(
        {
            "Step": sequences,
            "Machine": [each.task.machine for each in story.steps],
            "Waited": [each.waited / SECONDS_PER_HOUR for each in story.steps],
            "Took": [(each.task.end - each.task.start) / SECONDS_PER_HOUR for each in story.steps],
        }
    )
    alt = "Steps of the family with machine, hours waited and hours taken"
    _table(frame, key, take, alt, story.steps.index(step))


def _key(name: str, plan: Plan, step: TaskWaits) -> str:
    """Return a key of its own for each task, so that no table keeps the row picked in another."""
    return f"{name}_{plan.method}_{step.task.family_id}_{step.task.sequence}"


def _table(
    frame: pd.DataFrame, key: str, take: Callable[[], None], alt: str, row: int | None = None
) -> None:
    numbers = [name for name in frame.columns if pd.api.types.is_float_dtype(frame[name])]
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) < 7 else 212,
        column_config={name: st.column_config.NumberColumn(format="%.1f") for name in numbers},
        key=key,
        on_select=take,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if row is None else [row]}},
        placeholder="never",
        alt=alt,
    )


def _hours(seconds: int) -> str:
    return f"{seconds / SECONDS_PER_HOUR:,.1f} h"
