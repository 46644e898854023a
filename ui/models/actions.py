"""What can be done with a model: promote, use, export, delete; and how others come in."""

from __future__ import annotations

import hashlib
from typing import Literal

import streamlit as st

from scheduler_core.errors import CheckpointError, ConfigError
from scheduler_core.library import MAX_BYTES, Library, card
from scheduler_core.training.run import RunFolder
from ui import policies, state
from ui.escaping import escaped
from ui.models.entries import PICKED, Entry, pick
from ui.part import in_place

_NOTICE = "models_notice"
_ROUND = "models_upload_round"
_MAX_NOTICE = 400


@in_place
def show_notice() -> None:
    """Say what the last action came to, until it is dismissed or another one follows."""
    notice = st.session_state.get(_NOTICE)
    if notice is None:
        return
    kind, text, promoted = notice
    if promoted is not None and not _is_default(promoted):
        _forget_notice()  # of what is not so any more
        return
    with st.container(horizontal=True, vertical_alignment="center", key="models_notice_box"):
        (st.success if kind == "done" else st.error)(escaped(text))
        st.button("Dismiss", key="models_dismiss", on_click=_forget_notice)


def show_import(library: Library) -> None:
    """Draw the way in for checkpoints that were trained elsewhere."""
    number = st.session_state.get(_ROUND, 0)
    # A new one after each file: it is closed, and does not cover what is said of the file.
    with st.popover("Import a model", icon=":material/upload:", key=f"models_import_{number}"):
        key = f"models_upload_{number}"
        st.file_uploader(
            "Checkpoint, a .safetensors file",
            type=["safetensors"],
            max_upload_size=MAX_BYTES // 2**20,
            key=key,
            on_change=lambda: _take_upload(library, key),
            help="Such as best.safetensors of a training run, or an export of this page. It is "
            "checked before it is kept. Files that could run a program (.pt, .zip) are refused.",
        )


def show_actions(library: Library, entry: Entry) -> None:
    """Draw the buttons of the model that is looked at."""
    name, unusable = entry.model.name, entry.fault is not None
    promoted = library.default()
    with st.container(horizontal=True, key="models_actions"):
        st.button(
            "Promote to default",
            icon=":material/star:",
            on_click=_promote,
            args=(library, name),
            disabled=unusable or promoted == entry.model,
            help="Every page uses the default, unless another model is chosen on the left.",
        )
        st.button(
            "Use on the bench now",
            icon=":material/play_arrow:",
            on_click=policies.use,
            args=(name,),
            disabled=unusable or st.session_state.get(state.MODEL) == name,
            help="Chooses it on the left, for you alone; the default stays.",
        )
        _show_exports(entry)
        if st.button(
            "Delete …",
            icon=":material/delete:",
            key="models_delete",
            disabled=entry.model.origin == "ships",
            help="Models that ship with the program stay."
            if entry.model.origin == "ships"
            else "Asks before it deletes the file.",
        ):
            _confirm_deletion(library, entry)


def _show_exports(entry: Entry) -> None:
    stem = entry.model.name.replace("/", "-")
    st.download_button(
        "Export",
        # Not deferred: a click that meets a redraw would find nothing, or the model before.
        entry.model.path.read_bytes() if entry.model.path.exists() else b"",
        file_name=f"{stem}.safetensors",
        mime="application/octet-stream",
        key=f"models_export_{entry.model.name}",  # its own: never the file of the model before
        icon=":material/download:",
        on_click="ignore",
        help="The checkpoint as it is: weights and record. Import it in another workbench.",
    )
    if entry.record:
        st.download_button(
            "Card",
            card(entry.model, entry.record),
            file_name=f"{stem}.md",
            mime="text/markdown",
            icon=":material/description:",
            on_click="ignore",
            help="The facts below as a text file.",
        )


@st.dialog("Delete this model?", icon=":material/delete:")
def _confirm_deletion(library: Library, entry: Entry) -> None:
    """Ask, with the name and what follows from it."""
    name = entry.model.name
    st.markdown(f"The file of **{entry.title}** is deleted for good. Export it first to keep it.")
    for text in _consequences(library, entry):
        st.warning(text)
    live = _is_training(entry)
    if live:
        st.error("Its run is training now, and writes here. Stop the run on page Training first.")
    with st.container(horizontal=True):
        if st.button(
            f"Delete {entry.title}",
            type="primary",
            key="models_really_delete",
            on_click=_delete,
            args=(library, name),
            disabled=live,
        ):
            st.rerun()
        if st.button("Keep it", key="models_keep"):
            st.rerun()


def _consequences(library: Library, entry: Entry) -> list[str]:
    found = []
    if library.default() == entry.model:
        found.append(
            "It is the **default of all pages**. Once it is gone, the models that ship with the "
            "program serve again."
        )
    if entry.model.path.stem == "last" and entry.model.origin == "run":
        found.append("Its run cannot be resumed without this checkpoint.")
    return found


def _is_training(entry: Entry) -> bool:
    """Return whether a process is writing to the run that a model belongs to."""
    return entry.model.origin == "run" and RunFolder(entry.model.path.parents[1]).is_locked


def _promote(library: Library, name: str) -> None:
    try:
        library.promote(name)
    except ConfigError as error:
        _tell("refused", str(error))
        return
    text = f"{name} is the default of all pages now."
    chosen = st.session_state.get(state.MODEL)
    if chosen not in (None, policies.DEFAULT, name):
        text += f" On the left {chosen} is still chosen, for you alone."
    _tell("done", text, promoted=name)


def _delete(library: Library, name: str) -> None:
    try:
        library.delete(name)
    except (ConfigError, OSError) as error:
        _tell("refused", str(error))
        return
    if st.session_state.get(state.MODEL) == name:
        policies.use(policies.DEFAULT)
    st.session_state.pop(PICKED, None)
    if models := library.models():
        pick(models[0].name)
    _tell("done", f"{name} is deleted.")


def _take_upload(library: Library, key: str) -> None:
    """Check and keep what was uploaded, or say what is wrong with it."""
    file = st.session_state[key]
    if file is None:  # removed by the user: what was made of it stays
        return
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1  # an empty uploader
    data = file.getvalue()
    there = library.with_content(hashlib.sha256(data).hexdigest())
    if there:  # picked here: a checkpoint within a run is not in the table until it is
        pick(there.name)
        _tell("done", f"{file.name} is here already, as {there.name}, which is picked below.")
        return
    try:
        model = library.add(data, file.name)
    except (CheckpointError, ConfigError) as error:
        _tell("refused", f"Nothing was imported. {str(error)[:1].upper()}{str(error)[1:]}.")
        return
    pick(model.name)
    _tell("done", f"{model.name} is imported. Look at it below, or promote it.")


def _is_default(name: str) -> bool:
    model = policies.library().default()
    return model is not None and model.name == name


def _tell(kind: Literal["done", "refused"], text: str, *, promoted: str | None = None) -> None:
    """Leave a notice; one of a promotion goes with the default that it tells of."""
    cut = text if len(text) <= _MAX_NOTICE else f"{text[:_MAX_NOTICE]} …"
    st.session_state[_NOTICE] = (kind, cut, promoted)


def _forget_notice() -> None:
    st.session_state.pop(_NOTICE, None)
