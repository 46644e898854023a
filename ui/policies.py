"""The model that the learned dispatcher runs on: what there is to choose from."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from scheduler_core.library import Library
from scheduler_core.methods import shipped_model
from scheduler_core.objective import RewardWeights
from ui import home, links, state
from ui.escaping import escaped

DEFAULT = "Default"

_MISSED = "missed_model"


def library() -> Library:
    """Return the checkpoints of this workbench."""
    return Library(home.ROOT / "checkpoints", home.models(), home.runs())


def choose_model(weights: RewardWeights) -> Path:
    """Draw the picker of models and return the file of the one chosen."""
    state.bring_along(state.MODEL)
    names = [DEFAULT, *(model.name for model in library().models())]
    # Any checkpoint of a run is an option once it is chosen, here or by the address.
    for name in (st.session_state.get(state.MODEL), st.query_params.get(state.MODEL)):
        if name and name not in names and library().find(name) is not None:
            names.append(name)
    asked = st.query_params.get(state.MODEL)
    st.session_state[_MISSED] = asked if asked not in names else None
    links.tell_unknown(state.MODEL, "a model that is not here", names)
    name = st.selectbox(
        "Model of PPO",
        names,
        key=state.MODEL,
        bind="query-params",
        help="Which checkpoint the learned dispatcher runs on. The default is the one promoted on "
        "page Models, else the one that ships for the reward weights.",
    )
    state.take_along(state.MODEL)
    found = library().find(name) if name and name != DEFAULT else None
    if found is not None:
        return found.path
    default = default_model(weights)
    # Not in the option itself: a browser keeps the text of an option that it has chosen.
    st.caption(f"The default is {escaped(model_name(default))}.")
    return default


def missed() -> str | None:
    """Return the model that the picker was asked for by the address, and said is not here."""
    return st.session_state.get(_MISSED)


def use(name: str) -> None:
    """Choose a model for all pages; call it from a callback, before the picker is drawn."""
    st.session_state[state.MODEL] = name


def default_model(weights: RewardWeights) -> Path:
    """Return the checkpoint that serves where none is picked."""
    promoted = library().default()
    return promoted.path if promoted is not None else shipped_model(weights)


def model_name(path: Path) -> str:
    """Return what a checkpoint is called on the screen."""
    found = next((model.name for model in library().everything() if model.path == path), None)
    return found or path.stem
