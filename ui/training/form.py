"""The form of a new run: what to train on, from which policy, by which settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from scheduler_core.errors import ConfigError, SchedulerError
from scheduler_core.policy.device import presence
from scheduler_core.training import TrainingConfig, load_config
from scheduler_core.training.catalog import command_line
from scheduler_core.training.config import changes, flatten_config
from scheduler_core.training.launch import launch
from ui import home, policies, snapshots, state
from ui.training import memory, settings
from ui.training.settings import setting_widget

_GENERATED, _SNAPSHOTS = "Generated shops", "Snapshots"
_FRESH = "Fresh: random weights"
_DATA, _OFFERED = "training_data", "training_data_offered"
_NO_SNAPSHOT = (
    "No snapshot is picked to train on: pick one or more under Train on, or choose Generated shops."
)


@dataclass(frozen=True, slots=True)
class _Order:
    """A run as the form describes it."""

    name: str
    config: TrainingConfig
    init: Path | None
    snapshots: tuple[str, ...]
    """Paths of which the run keeps copies."""


def show_form() -> None:
    """Draw the form, what the run will be, and the button that starts it."""
    name, preset = _show_head()
    base = load_config(settings.preset_path(preset))
    values = flatten_config(base)
    st.subheader("What to train on", anchor=False)
    found = _show_data(preset, values)
    st.subheader("How to train", anchor=False)
    init, more = _show_start(preset, values)
    found |= more
    with st.expander("Every setting", icon=":material/tune:"):
        found |= settings.show_all(preset, values)
    error = settings.first_fault(found)
    differing = {each: value for each, value in found.items() if value != values[each]}
    try:
        config = load_config(settings.preset_path(preset), differing)
    except ConfigError as wrong:
        config, error = base, error or str(wrong)
    _show_differences(preset, changes(base, config), init)
    order = _Order(name, config, init, _to_copy(config))
    is_missing = found.get("task.data") == ()
    if error:
        st.error(error, icon=":material/error:")
    elif is_missing:
        st.info(_NO_SNAPSHOT)
    st.button(
        "Start training",
        icon=":material/play_arrow:",
        type="primary",
        disabled=error is not None or is_missing,
        on_click=_start,
        args=(order,),
        help="Trains in a process of its own: closing the browser, or the app, does not end it.",
    )


def _show_head() -> tuple[str, str]:
    left, right = st.columns(2)
    name = left.text_input(
        "Name of the run",
        key="training_name",
        placeholder="none: the time alone",
        max_chars=60,
        persist_state="session",
        help="Stands behind the time in the name of the folder.",
    )
    preset = right.selectbox(
        "Preset",
        settings.preset_names(),
        key="training_preset",
        persist_state="session",
        help="Settings that ship. All that follows on this form begins with theirs.",
    )
    right.caption(settings.preset_summary(preset))
    return name or "", preset


def _show_data(preset: str, values: Mapping[str, Any]) -> dict[str, Any]:
    source = st.segmented_control(
        "Problems",
        [_GENERATED, _SNAPSHOTS],
        default=_GENERATED,
        required=True,
        key="training_source",
        persist_state="session",
        label_visibility="collapsed",
    )
    if source == _SNAPSHOTS:
        return _show_snapshots()
    labels = {
        "task.min_families": "Fewest families",
        "task.max_families": "Most families",
        "task.varied_share": "Share of unusual shops",
        "task.constrained_share": "Share with shifts and locks",
    }
    with st.grid(4, vertical_alignment="bottom"):
        found = {
            name: setting_widget(name, preset, values[name], label)
            for name, label in labels.items()
        }
    shops = setting_widget("task.shops", preset, values["task.shops"], "Types of shop")
    return found | {"task.shops": shops}


def _show_snapshots() -> dict[str, Any]:
    left, right = st.columns(2)
    options = _snapshot_names()
    _offer_upload(options)
    common: dict[str, Any] = {
        "options": list(options), "format_func": lambda path: options.get(path, path),
        "persist_state": "session",
    }  # fmt: skip
    data = left.multiselect(
        "Train on",
        key=_DATA,
        placeholder="Pick one or more",
        help="Samples, and what was uploaded. A single snapshot teaches little about others: take "
        "several mornings of the shop.",
        **common,
    )
    judged = right.multiselect(
        "Judge by",
        key="training_judged",
        placeholder="The same snapshots",
        help="Which policy is kept as the best is decided on these. Take others than those trained "
        "on, where there are any.",
        **common,
    )
    return {"task.data": tuple(data), "validation_data": tuple(judged)}


def _snapshot_names() -> dict[str, str]:
    """Return what there is to train on: how the settings name it, and how the page does."""
    found = {
        f"{snapshots.SAMPLES.name}/{name}.json": f"Sample {name}"
        for name in snapshots.sample_names()
    }
    titles = dict.fromkeys([st.session_state[state.SAMPLE], *state.kept()])
    kept = filter(None, map(snapshots.shelf().find, titles))
    return found | {str(each.path): each.title for each in kept}


def _offer_upload(options: Mapping[str, str]) -> None:
    """Pick the upload on the bench where nothing is picked, once: it may be taken out again."""
    on_bench = st.session_state[state.SAMPLE]
    if st.session_state.get(_OFFERED) == on_bench:
        return
    st.session_state[_OFFERED] = on_bench
    if not st.session_state.get(_DATA):
        st.session_state[_DATA] = [path for path, title in options.items() if title == on_bench]


def _to_copy(config: TrainingConfig) -> tuple[str, ...]:
    """Return the snapshots that may be gone when the run is resumed: all but the samples."""
    named = dict.fromkeys((*config.task.data, *config.validation_data))
    return tuple(
        each for each in named if not (home.ROOT / each).is_file() or Path(each).is_absolute()
    )


def _show_start(preset: str, values: Mapping[str, Any]) -> tuple[Path | None, dict[str, Any]]:
    """Draw what the run begins with, how long it takes, and where it runs."""
    models = {model.name: model.path for model in policies.library().models()}
    with st.grid(4, vertical_alignment="bottom"):
        start = st.selectbox(
            "Start from",
            [_FRESH, *models],
            key="training_init",
            persist_state="session",
            help="Fresh ones imitate teachers first. A model to fine-tune skips teachers and "
            "imitation, keeps its network, and is measured first.",
        )
        found = {
            name: setting_widget(name, preset, values[name], label)
            for name, label in {"timesteps": "Decisions of PPO", "seed": "Seed"}.items()
        }
        found["device.name"] = _choose_device(preset, values["device.name"])
    init = models.get(start)
    if init is not None:
        found["freeze_encoder"] = setting_widget(
            "freeze_encoder", preset, values["freeze_encoder"], "Only the heads learn"
        )
    return init, found


def _choose_device(preset: str, value: str) -> str:
    present = presence()
    here = ", ".join(name for name, is_here in present.items() if is_here)
    device = st.selectbox(
        "Device",
        ["auto", *present],
        index=["auto", *present].index(value),
        format_func=lambda name: name if present.get(name, True) else f"{name}, not here",
        key=f"training_{preset}_device",
        persist_state="session",
        help=f"Where the network learns. On this machine: {here}. `auto` measures and takes the "
        "fastest; the simulator always runs on the CPU.",
    )
    return device or value


def _show_differences(preset: str, differing: Mapping[str, Any], init: Path | None) -> None:
    """Say what differs from the preset, and how to do the same on the command line."""
    if differing:
        listed = ", ".join(f"`{name}: {_plain(value)}`" for name, value in differing.items())
        st.markdown(f"Other than the preset **{preset}**: {listed}")
    else:
        st.caption(f"All settings are those of the preset {preset}.")
    known = "" if preset == settings.BUILT_IN else preset
    with st.expander("The same on the command line", icon=":material/terminal:"):
        st.code(command_line(differing, preset=known, init=init), language="bash", wrap_lines=True)


def _plain(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text.replace("`", "'")


def _start(order: _Order) -> None:
    """Start the run and turn to it; what goes wrong is told beside the form, which stays."""
    try:
        run = launch(
            home.runs(),
            order.config,
            name=order.name,
            init=order.init,
            snapshots={each: Path(each).read_bytes() for each in order.snapshots},
        )
    except (SchedulerError, OSError) as error:
        memory.note(error)
        return
    memory.show_run(memory.run_id(run))
