"""A widget for every setting of a run, made from what the settings say of themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from scheduler_core.training.catalog import RUN, catalog
from ui import home

PRESETS = home.ROOT / "configs"
BUILT_IN = "built in"

ELSEWHERE = {
    "timesteps", "seed", "device.name", "freeze_encoder", "validation_data",
    "task.data", "task.min_families", "task.max_families", "task.shops",
    "task.varied_share", "task.constrained_share",
}  # fmt: skip
"""Settings with a widget of their own on the form."""

_GROUPS = {
    RUN: "Run", "task": "Problems", "imitation": "Imitation", "ppo": "PPO", "network": "Network",
    "device": "Device", "cluster": "Cluster",
}  # fmt: skip


def preset_names() -> list[str]:
    """Return the names of the settings that ship, the quickest first, then the built-in ones."""
    names = sorted(path.stem for path in PRESETS.glob("*.yaml"))
    return [*sorted(names, key=lambda name: name != "fast"), BUILT_IN]


def preset_path(name: str) -> Path | None:
    """Return the file of a preset, None for the built-in settings."""
    return None if name == BUILT_IN else PRESETS / f"{name}.yaml"


@st.cache_data(max_entries=16)
def preset_summary(name: str) -> str:
    """Return what the file of a preset says of itself, in its first lines."""
    path = preset_path(name)
    if path is None:
        return "The settings that hold where nothing else is said."
    words = []
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            break
        words += line.lstrip("# ").split()
    return " ".join(words).split(": scheduler")[0] + "."


def setting_widget(name: str, preset: str, value: Any, label: str = "") -> Any:
    """Draw the widget of a setting and return what it says.

    Parameters
    ----------
    name
        Dotted name of the setting.
    preset
        Name of the preset; each keeps its own changes.
    value
        The preset's value.
    label
        What it is called; by default as in the settings.
    """
    setting = catalog()[name]
    shown: dict[str, Any] = {
        "label": label or setting.label,
        "key": f"training_{preset}_{name}",
        "help": f"{_as_markdown(setting.meaning)} Preset: {_as_text(value)}. Setting `{name}`.",
        "persist_state": "session",
    }
    match setting.kind:
        case "whole":
            found: Any = _whole(
                st.number_input(value=float(value), step=1.0, format="%.0f", **shown)
            )
        case "number":
            found = st.number_input(
                value=float(value), step=_step(float(value)), format="%g", **shown
            )
        case "switch":
            return st.toggle(value=value, **shown)
        case "choice":
            found = st.selectbox(
                options=setting.choices, index=setting.choices.index(value), **shown
            )
        case "choices":
            return tuple(st.multiselect(options=setting.choices, default=list(value), **shown))
        case "wholes":
            return _wholes(st.text_input(value=", ".join(map(str, value)), **shown))
        case _:
            found = st.text_input(value=str(value), **shown)
    return value if found is None else found


def show_all(preset: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a tab for each group with all settings that have no widget elsewhere on the form."""
    names = [name for name in catalog() if name not in ELSEWHERE]
    found = {}
    for tab, group in zip(st.tabs(list(_GROUPS.values())), _GROUPS, strict=True):
        with tab:
            found |= _show_group([n for n in names if catalog()[n].group == group], preset, values)
    return found


def _show_group(names: Iterable[str], preset: str, values: Mapping[str, Any]) -> dict[str, Any]:
    with st.grid(4, vertical_alignment="bottom"):
        return {name: setting_widget(name, preset, values[name]) for name in names}


def _whole(number: float | None) -> int | None:
    """Return a number as its field shows it, without a fraction.

    The field is one of fractions: one of whole numbers keeps what is beyond 2**53 in the browser,
    where nobody is told that the run would take the value before.
    """
    if number is None:
        return None
    below = math.floor(number)
    return below + int(number - below >= 0.5)


def _step(value: float) -> float:
    """Return a tenth of the order of magnitude of a value."""
    return 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 0.01


def _wholes(text: str | None) -> tuple[int, ...] | str:
    """Return the numbers of a text, or the text where it is none; `first_fault` says so."""
    try:
        return tuple(int(word) for word in (text or "").replace(",", " ").split())
    except ValueError:
        return text or ""


def first_fault(found: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the first text that should have been numbers, if any is."""
    for name, value in found.items():
        if catalog()[name].kind == "wholes" and isinstance(value, str):
            return f"{name}: must be whole numbers with commas between them, got {value!r}"
    return None


def _as_markdown(meaning: str) -> str:
    """Return the meaning of a setting, which a docstring has, as Markdown shows it."""
    return meaning.replace("``", "`").replace("$", r"\$")


def _as_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
