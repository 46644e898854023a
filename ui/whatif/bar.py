"""The scenario in the making: its moment, its events, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from scheduler_core.errors import ConfigError, ProblemError
from scheduler_core.replanning import (
    MachineDown,
    Overrun,
    Overtime,
    RushOrder,
    Scenario,
    describe,
    successor,
)
from ui import snapshots
from ui.bench import Bench
from ui.escaping import escaped
from ui.part import in_place
from ui.plans import Plan
from ui.whatif import memory
from ui.whatif.outcomes import Outcome
from ui.whatif.words import choose_moment

_ICONS = {
    MachineDown: ":material/build:",
    RushOrder: ":material/priority_high:",
    Overtime: ":material/more_time:",
    Overrun: ":material/hourglass_bottom:",
}


@in_place
def show_draft(bench: Bench, base: Plan, draft: memory.Draft) -> None:
    """Draw the moment of re-planning and the events so far, each with a button to remove it."""
    _show_moment(bench, base, draft)
    sha256 = bench.snapshot.sha256
    if not draft.events:
        st.caption("No event yet. Say on the left what happens, and press Apply.")
    for place, event in enumerate(draft.events):
        left, right = st.columns([2, 1], vertical_alignment="center", gap="small")
        text = escaped(describe(event, bench.problem.created_at))
        left.markdown(f"{_ICONS[type(event)]} {text}")
        with right:
            st.button(
                "Remove", key=f"whatif_remove_{place}", type="tertiary", icon=":material/close:",
                on_click=memory.change,
                args=(sha256, "remove an event", memory.without_event(draft, place)),
            )  # fmt: skip


def _show_moment(bench: Bench, base: Plan, draft: memory.Draft) -> None:
    sha256 = bench.snapshot.sha256
    now = choose_moment(
        "Re-plan from", bench.problem, draft.now, "whatif_now",
        earliest=0, latest=max(0, base.schedule.makespan),
        help="The shop works by the old plan until this moment. What has started by then stays "
        "where it is; the rest is planned anew. The moment of the snapshot unless changed.",
    )  # fmt: skip
    st.caption(
        f"{base.label} makes the old plan and the new one; for another method put it first on the "
        "left."
    )
    if now != draft.now:
        memory.change(sha256, "move the moment", replace(draft, now=now))
        st.rerun()


@in_place
def show_actions(bench: Bench, draft: memory.Draft, outcome: Outcome | None) -> None:
    """Draw the buttons that keep or discard the scenario, and the one that undoes."""
    sha256 = bench.snapshot.sha256
    name_key = f"whatif_name_{hash(draft)}"
    if draft.events:
        st.text_input(
            "Name of the scenario", draft.name or suggestion(draft), max_chars=80, key=name_key,
            help="A kept scenario of the same name gives way.",
        )  # fmt: skip
    with st.container(horizontal=True, key="whatif_actions"):
        if draft.events:
            st.button(
                "Keep", icon=":material/bookmark_add:", key="whatif_keep",
                disabled=outcome is None, on_click=_keep, args=(sha256, name_key, draft),
                help="Puts it on the list below, where scenarios stand side by side, and begins "
                "a new one. It is still there after a refresh.",
            )  # fmt: skip
            st.button(
                "Discard", icon=":material/delete:", key="whatif_discard",
                on_click=memory.change, args=(sha256, "discard", memory.Draft()),
                help="Begins a new scenario without keeping this one.",
            )  # fmt: skip
            if outcome is not None:
                st.button(
                    "Work on with this shop", icon=":material/move_item:", key="whatif_adopt",
                    on_click=_work_on, args=(bench, name_key, outcome),
                    help="Makes a snapshot of the shop at the moment of re-planning, events "
                    "included, and puts it on the bench for all pages.",
                )  # fmt: skip
        last = memory.last_step(sha256)
        st.button(
            "Undo", icon=":material/undo:", key="whatif_undo_button", disabled=last is None,
            on_click=memory.undo, args=(sha256,),
            help=f"Takes back: {last}." if last else "Nothing to take back.",
        )  # fmt: skip
    if complaint := memory.complaint():
        with st.container(border=True, key="whatif_complaint"):
            st.markdown(":material/report: **That did not work**")
            st.text(complaint)
            st.button("Dismiss", on_click=memory.complain, args=(None,), key="whatif_dismiss")


def suggestion(draft: memory.Draft) -> str:
    """Return a name for a scenario, after its first event."""
    match draft.events[0]:
        case MachineDown(machine=machine):
            name = f"{machine} down"
        case Overtime(machine=machine):
            name = f"Overtime on {machine}"
        case RushOrder(id=order):
            name = f"Rush order {order}"
        case Overrun(family=family, sequence=sequence):
            name = f"{family} step {sequence} takes longer"
    more = len(draft.events) - 1
    return f"{name} and {more} more"[:80] if more else name[:80]


def _keep(sha256: str, name_key: str, draft: memory.Draft) -> None:
    try:
        name = st.session_state[name_key]  # what was typed just before the click counts
        memory.keep(sha256, Scenario(name.strip(), draft.events, draft.now))
    except ConfigError as error:
        memory.complain(str(error))
    except OSError as error:
        memory.complain(f"The scenario cannot be written ({error}); check the disk.")
    else:
        memory.complain(None)


def _work_on(bench: Bench, name_key: str, outcome: Outcome) -> None:
    try:
        name = st.session_state[name_key]
        made = successor(bench.snapshot, outcome.plan, name.strip() or "Scenario")
        snapshots.select(snapshots.keep(made, "Scenario"))
    except ProblemError as error:
        memory.complain(str(error))
    except OSError as error:
        memory.complain(f"The snapshot cannot be written ({error}); check the disk.")
    else:
        memory.complain(None)
