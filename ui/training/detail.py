"""One run as it goes: where it stands, what can be done with it, its curves, its log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import time

import streamlit as st

from scheduler_core.errors import SchedulerError
from scheduler_core.training import RunFolder
from scheduler_core.training.curves import Line, best_validation, figure_at, reward_warning
from scheduler_core.training.launch import delete, end_now, relaunch, stop
from scheduler_core.training.standing import OUTPUT, Standing, tail
from ui import home
from ui.links import link
from ui.training import memory
from ui.training.words import STATES, duration, progress

SECONDS_TO_STOP = 5.0
"""A run that was asked to stop that long ago, and has not, may be ended."""

_COLOURS = {
    "running": "green", "starting": "blue", "finished": "green", "failed": "red", "died": "red",
    "failed to start": "red", "paused": "orange", "pausing": "orange",
}  # fmt: skip


def show_state(now: Standing, lines: list[Line]) -> None:
    """Draw where a run stands, as a bar and in figures, and what is wrong if anything is."""
    word, icon = STATES[now.state]
    with st.container(horizontal=True, vertical_alignment="center", key="training_line"):
        st.badge(word, icon=icon, color=_COLOURS.get(now.state, "gray"))  # type: ignore[arg-type]
        st.text(progress(now), width="content")
        if now.is_live:
            st.caption("A process of its own trains: you may close this page.", width="content")
    if now.is_live:
        st.progress(now.share)
    _show_tiles(now, lines)
    if now.error:
        st.error(now.error.replace("$", r"\$"), icon=":material/error:")
    elif now.state == "died":
        st.warning(
            "The process of this run ended without a word: it was killed, or the machine went "
            "down. "
            + ("Resume goes on from the last checkpoint; nothing before it is lost."
               if now.can_resume else "It had not come to a checkpoint: start it anew."),
            icon=":material/heart_broken:",
        )  # fmt: skip
    warning = reward_warning(lines)
    if warning:
        st.warning(warning, icon=":material/trending_down:")


def _show_tiles(now: Standing, lines: list[Line]) -> None:
    best = best_validation(lines)

    def share(figure: str) -> str:
        value = figure_at(best, figure) if best else None
        return "-" if value is None else f"{value * 100:.1f} %"

    tiles = {
        "Delay cost / best rule": (share("to_best_rule"), "Of the best policy so far, on "
                                   "validation problems: 100 % is what the best of all rules "
                                   "costs on each. Lower is better."),
        "Delay cost / EDD": (share("to_edd"), "The same policy, EDD's cost being 100 %."),
        "Families on time": (share("on_time_rate"), "The same policy, mean over the validation "
                             "problems. Higher is better."),
        "Decisions per second": (f"{now.per_second:,.0f}" if now.per_second else "-",
                                 "Speed of the last update; of the teachers, problems."),
        "Time left": (duration(now.seconds_left) if now.state == "running" else "-",
                      "Of this phase, at the speed of the last update."),
        "Trained for": (duration(now.seconds), "Without pauses, and without the time between "
                        "stopping and going on."),
    }  # fmt: skip
    with st.container(horizontal=True, gap="xsmall", key="training_tiles"):
        for label, (value, meaning) in tiles.items():
            st.metric(label, value, help=meaning, border=True)


@dataclass(frozen=True, slots=True)
class Actions:
    """What can be done with a run."""

    names: tuple[str, ...]
    """Of the buttons."""
    has_model: bool


def actions(run: RunFolder, now: Standing) -> Actions:
    """Return what can be done with a run as it stands."""
    asked = run.asked_to_stop_at
    overdue = asked is not None and time() - asked > SECONDS_TO_STOP
    offered = {
        "Continue": now.state in ("pausing", "paused"),
        "Pause": now.state == "running",
        "Stop": now.is_live and now.state != "stopping",
        "End it now": now.state == "stopping" and overdue,
        "Resume": now.can_resume,
    }
    names = tuple(name for name, is_offered in offered.items() if is_offered)
    return Actions(names, run.checkpoint("best").exists())


def show_actions(name: str, run: RunFolder, now: Standing) -> None:
    """Draw the buttons that make sense in this state, and the ways to other pages."""
    offered = actions(run, now)
    deeds: dict[str, Callable[[], object]] = {
        "Continue": run.go_on,
        "Pause": run.ask_to_pause,
        "Stop": lambda: stop(run),
        "End it now": lambda: end_now(run),
        "Resume": lambda: relaunch(home.runs(), run),
    }
    with st.container(horizontal=True, vertical_alignment="center", key="training_actions"):
        with st.container(horizontal=True, width="content"):  # what follows keeps its place
            places = _PLACES if now.is_live or now.can_resume else {}
            for place, labels in places.items():
                label = next((each for each in labels if each in offered.names), labels[-1])
                _button(place, label, deeds[label], disabled=label not in offered.names)
        if offered.has_model:
            model = f"runs/{name}"
            link("models", "This model on page Models", {"picked": model})
            link("schedule", "A schedule by it", {"model": model})
        if not now.is_live:
            _show_delete(run)


def _button(place: str, label: str, action: Callable[[], object], *, disabled: bool) -> None:
    st.button(
        label,
        icon=_ICONS[label],
        type="primary" if label in ("Continue", "Resume") else "secondary",
        # Of the place: under another label the browser keeps the button. A new one would push its
        # neighbours aside until the old one is gone, away from a mouse about to click.
        key=f"training_{place}",
        help=_HELP[label],
        width=_BUTTON_PIXELS,
        disabled=disabled,
        on_click=_do,
        args=(action,),
    )


_PLACES = {"go": ("Continue", "Resume", "Pause"), "end": ("End it now", "Stop")}
"""Buttons that take each other's place; the last is shown, disabled, where none makes sense."""

_ICONS = {
    "Continue": ":material/play_arrow:",
    "Pause": ":material/pause:",
    "Stop": ":material/stop:",
    "End it now": ":material/dangerous:",
    "Resume": ":material/play_arrow:",
}
_BUTTON_PIXELS = 130
_HELP = {
    "Pause": "Stands still, and leaves the processor to others, until Continue; it stays in "
    "memory. What it has learned is written first.",
    "Continue": "Goes on where it paused.",
    "Stop": "Ends the process within seconds; what has been learned is kept, and Resume goes on.",
    "End it now": "The run has not reacted. This ends its process; it can go on from its last "
    "checkpoint.",
    "Resume": "Goes on from the last checkpoint, to the same result as if it had never stopped.",
}


def _do(action: Callable[[], object]) -> None:
    try:
        action()
    except (SchedulerError, OSError) as error:
        memory.note(error)


def _show_delete(run: RunFolder) -> None:
    def remove() -> None:
        delete(home.runs(), run)
        memory.forget(run)

    with st.popover("Delete", icon=":material/delete:", help="Asks before anything is deleted."):
        st.write("Deletes the folder of this run with its checkpoints. There is no way back.")
        st.button(
            "Delete for good", type="primary", key="training_delete", on_click=_do, args=(remove,)
        )


def show_record(run: RunFolder) -> None:
    """Draw the log, the settings, and how to see the same elsewhere."""
    st.markdown("**Log**, its last lines")
    log = tail(run.path / "log.txt")
    st.code("\n".join(log) or "nothing yet", language=None, height=260, wrap_lines=True)
    said = tail(run.path / OUTPUT)
    if said:
        with st.expander("What the process said", icon=":material/terminal:"):
            st.code("\n".join(said), language=None, wrap_lines=True)
    config = run.config if run.config.exists() else run.path / "requested.yaml"
    if config.exists():
        with st.expander("Settings", icon=":material/tune:"):
            st.code(config.read_text("utf-8"), language="yaml")
    with st.expander("The same elsewhere", icon=":material/open_in_new:"):
        st.caption("The curves in TensorBoard, with those of all other runs:")
        st.code(f"tensorboard --logdir {home.runs()}", language="bash")
        st.caption("Stopping and going on, on the command line:")
        st.code(f"scheduler stop {run.path}\nscheduler train --resume {run.path}", language="bash")
