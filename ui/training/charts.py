"""The curves of a run, beside those of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from scheduler_core.charts import Panel, training_curves
from scheduler_core.training import RunFolder
from scheduler_core.training.curves import Line, sets_of
from scheduler_core.training.panels import (
    X_TITLES,
    Axis,
    Look,
    loss_panels,
    phase_bands,
    progress_panels,
    speed_panels,
)
from scheduler_core.training.standing import Standing
from ui.training import memory
from ui.training.runs import differing

MAX_BESIDE = 5
_ALL = "All that decide"
_AXES: dict[str, Axis] = {"Decisions": "decisions", "Minutes": "minutes"}
_WEIGHTS = {
    "default": "balanced weights",
    "late_only": "only lateness counts",
    "on_time_only": "only being on time counts",
    "makespan": "makespan",
    "any": "any shop, any weights",
}
_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "toImage"]}

Compared = Sequence[tuple[str, Sequence[Line]]]


def show_controls(
    name: str, runs: Mapping[str, tuple[RunFolder, Standing]], lines: Sequence[Line], *, live: bool
) -> tuple[Compared, Look]:
    """Draw how the curves are to be looked at; return them, this run's first, and the answers."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="training_controls"):
        axis = st.segmented_control(
            "Axis", list(_AXES), default="Decisions", required=True, key=memory.AXIS,
            persist_state="session", help="Decisions of PPO, or minutes with all phases.",
        )  # fmt: skip
        smoothing = st.slider(
            "Smoothing", 0.0, 0.95, 0.6, 0.05, key=memory.SMOOTHING, persist_state="session",
            width=180, help="Thick lines are a moving average, as in TensorBoard; thin lines are "
            "as measured. 0 shows these alone.",
        )  # fmt: skip
        sets = sets_of(lines)
        of_set = st.selectbox(
            "Measured on", [_ALL, *sets], format_func=_set_name, key=memory.OF_SET, width=280,
            persist_state="session", help="Validation problems, which no training draws.",
        )  # fmt: skip
        others = st.multiselect(
            "Beside", [each for each in runs if each != name], key=memory.BESIDE, width=240,
            max_selections=MAX_BESIDE, persist_state="session", placeholder="no other run",
            help="Runs to draw over this one; the legend says in which settings they differ.",
        )  # fmt: skip
        if live:
            st.toggle(
                "Freeze", key=memory.FROZEN,
                help="The charts stand still, so that you can zoom; the run goes on.",
            )  # fmt: skip
    look = Look(_AXES[axis or "Decisions"], smoothing, of_set if of_set in sets else "")
    return _compared(name, runs, [each for each in others if each in runs]), look


def _compared(
    name: str, runs: Mapping[str, tuple[RunFolder, Standing]], others: Sequence[str]
) -> Compared:
    names = [name, *others]
    folders = [runs[each][0] for each in names]
    settings = differing(folders) if others else {}
    found = []
    for i, (each, run) in enumerate(zip(names, folders, strict=True)):
        history = memory.history(run)
        history.update()
        facts = [f"{key.rpartition('.')[2]} {of_runs[i]}" for key, of_runs in settings.items()]
        found.append((" · ".join([each, *facts[:3]]), history.lines))
    return found


def _set_name(name: str) -> str:
    """Return what a set of validation problems is, in words."""
    if name == _ALL:
        return name
    kind, _, size = name.partition("/")
    if kind == "data":
        return f"Own snapshots, {_WEIGHTS.get(size, size)}"
    families = f"{size.replace('-', ' to ')} families" if size.replace("-", "").isdigit() else size
    return f"{families}, {_WEIGHTS.get(kind, kind.replace('_', ' '))}"


def show_progress(compared: Compared, look: Look) -> None:
    """Draw what planners look at."""
    _draw(progress_panels(compared, look), compared, look, "Delay cost, families on time, reward")


def show_losses(compared: Compared, look: Look) -> None:
    """Draw the figures of the learning itself."""
    _draw(loss_panels(compared, look), compared, look, "Losses, entropy and others", columns=3)


def show_speed(compared: Compared, look: Look) -> None:
    """Draw how fast the runs train."""
    _draw(speed_panels(compared, look), compared, look, "Decisions a second", columns=1)


def _draw(
    panels: Sequence[Panel], compared: Compared, look: Look, alt: str, columns: int = 2
) -> None:
    if not any(panel.curves for panel in panels):
        st.info(
            "Nothing is measured yet. The curves begin with the first update of PPO; on the axis "
            "Minutes, with imitation."
        )
        return
    bands = phase_bands(compared[0][1], look) if len(compared) == 1 else ()
    figure = training_curves(
        panels,
        X_TITLES[look.axis],
        columns=columns,
        bands=bands,
        dark=st.context.theme.type == "dark",
    )
    st.plotly_chart(figure, key=f"training_chart_{columns}", config=_CONFIG, alt=f"Curves: {alt}")
