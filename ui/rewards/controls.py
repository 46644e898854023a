"""A slider and an exact figure for every weight, the presets, and what cannot matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from scheduler_core.objective import MAX_WEIGHT, MIN_MULTIPLIER, TRAINING_RANGES, RewardWeights
from scheduler_core.outcomes import TERMS
from scheduler_core.weight_effects import outside_training, weights_without_effect
from ui import objective
from ui.bench import Bench
from ui.part import in_place

_PRESET = "rewards_preset"
_ROUNDS = "rewards_rounds"
_URGENCIES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
"""Steps of the urgent multiplier: each about a quarter more than the one before."""
_FIELD_PIXELS = 78


@dataclass(frozen=True, slots=True)
class Control:
    """How a weight is set: what it is called, its unit, the range and the step of its slider."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    help: str

    @property
    def slider(self) -> str:
        """Beginning of the key of the slider."""
        return f"rewards_{self.name}"

    @property
    def exact(self) -> str:
        """Beginning of the key of the field for an exact figure."""
        return f"rewards_{self.name}_exact"

    @property
    def legal(self) -> tuple[float, float]:
        """Smallest and largest figure of any use."""
        if self.name == "urgent_multiplier":
            return MIN_MULTIPLIER, MAX_WEIGHT
        return (-MAX_WEIGHT, 0.0) if self.low < 0 else (0.0, MAX_WEIGHT)


CONTROLS = (
    Control(
        "on_time_reward", "On-time reward", "points", *TRAINING_RANGES["on_time_reward"], 5.0,
        "Points for a family that ends by its due time. More of it: more families on time, and "
        "those that cannot make it wait longer.",
    ),
    Control(
        "early_bonus_per_day", "Early bonus", "points/day",
        *TRAINING_RANGES["early_bonus_per_day"], 1.0,
        "Points for each day that a family ends before its due time. More of it: shorter times in "
        "the shop.",
    ),
    Control(
        "late_penalty_per_day", "Late penalty", "points/day",
        TRAINING_RANGES["late_penalty_per_day"][0], 0.0, 1.0,
        "Points lost for each day that a family ends after its due time, so below 0. Further from "
        "0: fewer days late, and fewer families that are very late.",
    ),
    Control(
        "urgent_multiplier", "Urgent families", "times",
        *TRAINING_RANGES["urgent_multiplier"], 0.25,
        "All points of an urgent family are multiplied by this. 1: it counts like any other.",
    ),
    Control(
        "makespan_penalty_per_day", "Makespan penalty", "points/day",
        *TRAINING_RANGES["makespan_penalty_per_day"], 20.0,
        "Points lost once for each day until the last task of all ends, so 0 or below. A family's "
        "points count each; this counts once for the shop, so it takes large figures.",
    ),
)  # fmt: skip
"""The weights that make schedules better or worse, in the order of the page."""

AGENT_CONTROLS = (
    Control(
        "sequence_violation", "Sequence violation", "points", -200.0, 0.0, 5.0,
        "Points lost by a learner that tries a task whose turn has not come.",
    ),
    Control(
        "action_taken_bonus", "Action taken", "points", 0.0, 50.0, 1.0,
        "Points for each task that a learner places.",
    ),
)  # fmt: skip
"""The weights that speak to a learner in training only."""


def show_presets(weights: RewardWeights) -> None:
    """Draw the presets; the one in force, if one is, is marked."""
    presets = objective.presets()
    names = [name for name, preset in presets.items() if preset == weights]
    st.session_state[_PRESET] = names[0] if names else None
    st.pills(
        "Presets",
        list(presets),
        key=_PRESET,
        on_change=_take_preset,
        wrap=True,
        help="**Balanced**: on time, and early where possible. **Deadlines first**: as many "
        "families on time as the shop allows. **Early as possible**: short times in the shop. "
        "**Urgent first**: as Balanced, with urgent families counted five times.",
    )


def _take_preset() -> None:
    name = st.session_state[_PRESET]
    if name is not None:  # a second click on the preset in force takes nothing away
        objective.set_weights(objective.presets()[name])


@in_place
def show_sliders(bench: Bench) -> None:
    """Draw a slider and a field for every weight, and what a planner must know of each."""
    idle = weights_without_effect(bench.problem, bench.weights)
    beyond = outside_training(bench.weights)
    for control in CONTROLS:
        _show(control, bench.weights)
        if control.name in idle:
            st.caption(f":material/block: **Cannot matter here.** {idle[control.name]}")
        if control.name in beyond:
            st.caption(f":material/warning: **Outside training.** {beyond[control.name]}")
    if beyond:
        st.caption(
            "Outside of what it was trained on, the dispatcher still makes valid schedules, but "
            "hold them against the rules among the stored schedules."
        )
    if not any(getattr(bench.weights, name) for name in TERMS):
        st.caption(
            ":material/info: All weights are 0, so every schedule is as good as any other: move a "
            "slider, or pick a preset."
        )
    with st.expander("Training only"):
        st.caption(
            "These two speak to a learner in training. They are not in the score, and cannot "
            "change which of two schedules is better:"
        )
        for control in AGENT_CONTROLS:
            _show(control, bench.weights)
            st.caption(f":material/block: {idle[control.name]}")


def _show(control: Control, weights: RewardWeights) -> None:
    """Draw a slider and a field beside it, both at the weight's value."""
    value = float(getattr(weights, control.name))
    label = f"{control.label} ({control.unit})"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _show_slider(control, label, value)
        key = _key(control.exact, value)
        st.number_input(
            f"{label}, exactly", *control.legal, value=value, step=control.step, format="%g",
            key=key, label_visibility="collapsed", width=_FIELD_PIXELS,
            on_change=_take(control, control.exact, key),
        )  # fmt: skip


def _show_slider(control: Control, label: str, value: float) -> None:
    if control.name == "urgent_multiplier":
        step = min(_URGENCIES, key=lambda step: abs(step - value))
        key = _key(control.slider, step)
        st.select_slider(
            label, _URGENCIES, value=step, format_func="{:g}".format, key=key, help=control.help,
            on_change=_take(control, control.slider, key),
        )  # fmt: skip
    else:
        # What was typed or loaded may lie beyond the ends of the slider.
        inside = min(max(value, control.low), control.high)
        key = _key(control.slider, inside)
        st.slider(
            label, control.low, control.high, value=inside, step=control.step, format="%g",
            help=control.help, key=key, on_change=_take(control, control.slider, key),
        )  # fmt: skip


def _key(name: str, value: float) -> str:
    """Return the key of a slider or field that is to show a value: another one for another value.

    Where the user has moved it, it shows the value already and keeps its key. It is never set from
    here: a browser that has not heard of that yet would send the old value back, as if the user had
    moved it again.
    """
    rounds = st.session_state.setdefault(_ROUNDS, {})
    rounds.setdefault(name, 0)
    if st.session_state.get(_present_key(name), value) != value:
        rounds[name] += 1
    return _present_key(name)


def _present_key(name: str) -> str:
    return f"{name}_{st.session_state[_ROUNDS][name]}"


def _take(control: Control, name: str, key: str) -> Callable[[], None]:
    """Return what to do when a slider or a field of a weight was moved."""

    def take() -> None:
        value = st.session_state[key]
        # A browser sends the values of fields that have just been replaced, too.
        if value is not None and key == _present_key(name):
            objective.set_weights(replace(objective.current(), **{control.name: value}))

    return take
