"""Reward weights saved by name, deleted, and carried from one workbench to another as YAML."""

from __future__ import annotations

import streamlit as st

from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights
from scheduler_core.weights_file import MAX_NAME, format_weights, parse_weights
from ui import objective, state
from ui.escaping import escaped
from ui.part import in_place

_NAME = "rewards_name"
_CHOSEN = "rewards_saved"
_FILE = "rewards_file"
_TAKEN = "rewards_taken_name"
_SAID = "rewards_said"
MAX_FILE_MB = 1


@in_place
def show_saving(weights: RewardWeights) -> None:
    """Draw what saves, loads and deletes weights, folded away under one button."""
    _show_what_was_said()  # above the buttons: what they open would cover it
    with st.container(horizontal=True, gap="small"):
        with st.popover("Save and load", icon=":material/bookmark:"):
            _show_save(weights)
            _show_saved()
        with st.popover("YAML file", icon=":material/description:"):
            _show_files(weights)


def _show_save(weights: RewardWeights) -> None:
    st.text_input(
        "Name", key=_NAME, max_chars=MAX_NAME, placeholder="Summer rush",
        help="Letters, digits, spaces, - and _. The weights are then in the sidebar on every page.",
    )  # fmt: skip
    taken = st.session_state.get(_TAKEN)
    if taken is None:
        st.button("Save these weights", on_click=_save, args=(weights,))
        return
    st.caption("Other weights are saved by this name already.")
    with st.container(horizontal=True):
        st.button("Replace them", type="primary", on_click=_save, args=(weights, taken))
        st.button("Keep them", on_click=_forget_taken)


def _save(weights: RewardWeights, taken: str | None = None) -> None:
    """Save the weights by the name in the field, or in place of those of a name."""
    name = taken or (st.session_state.get(_NAME) or "").strip()
    _forget_taken()
    if not name:
        _say("The weights were not saved: give them a name first.")
        return
    try:
        kept = objective.save(name, weights, replace=taken is not None)
    except (ConfigError, OSError) as error:
        _say(f"The weights were not saved: {error}.")
        return
    if kept is None:
        st.session_state[_TAKEN] = name
        return
    st.session_state[_NAME] = ""
    objective.choose(kept)
    st.toast(f"Saved as {escaped(kept)}.", icon=":material/bookmark_added:")


def _forget_taken() -> None:
    st.session_state.pop(_TAKEN, None)


def _show_saved() -> None:
    names = list(objective.saved())
    if not names:
        st.caption("Nothing is saved yet. What you save is loaded or deleted here.")
        return
    st.selectbox("Saved weights", names, key=_CHOSEN)
    with st.container(horizontal=True):
        st.button("Load", on_click=_load)
        with st.popover("Delete", icon=":material/delete:", help="Asks first."):
            st.write("Deletes these weights for good. Where they are in force they stay so.")
            st.button("Delete for good", type="primary", key="rewards_delete", on_click=_delete)


def _load() -> None:
    if (name := st.session_state.get(_CHOSEN)) in objective.saved():
        objective.choose(name)


def _delete() -> None:
    """Delete the chosen weights; where they are in force they stay so, without the name."""
    name = st.session_state.get(_CHOSEN)
    if name is None:
        return
    in_force = objective.weights_of(st.session_state.get(state.WEIGHTS) or objective.BALANCED)
    try:
        objective.delete(name)
    except (ConfigError, OSError) as error:
        _say(f"The weights were not deleted: {error}.")
        return
    st.session_state.pop(_CHOSEN, None)
    if in_force is not None:
        objective.set_weights(in_force)


def _show_files(weights: RewardWeights) -> None:
    st.download_button(
        "Download these weights",
        format_weights(weights),
        file_name="weights.yaml",
        mime="application/yaml",
        icon=":material/download:",
        on_click="ignore",
        help="The command line takes the file too: `scheduler schedule --weights weights.yaml`.",
    )
    st.file_uploader(
        "Upload weights",
        type=["yaml", "yml", "json"],
        max_upload_size=MAX_FILE_MB,
        key=_FILE,
        on_change=_take_file,
        help="A line for each weight, such as `early_bonus_per_day: 0`. Weights left out keep "
        "their default.",
    )


def _take_file() -> None:
    file = st.session_state[_FILE]
    if file is None:
        return
    try:
        objective.set_weights(parse_weights(file.getvalue(), "the file"))
    except ConfigError as error:
        _say(f"The weights were not loaded: {error}.")


def _say(sentence: str) -> None:
    st.session_state[_SAID] = sentence


def _show_what_was_said() -> None:
    """Tell once what went wrong; as plain text, for names and values in it are a user's."""
    said = st.session_state.pop(_SAID, None)
    if said is not None:
        with st.container(border=True, key="rewards_fault"):
            st.text(said)
