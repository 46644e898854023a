"""The table of models, the one that is looked at, and which one serves as the default."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import streamlit as st

from scheduler_core.library import Library, StoredModel
from ui import links, policies
from ui.bench import Bench
from ui.escaping import escaped
from ui.models import actions
from ui.models.entries import PICKED, Entry, entry_of, pick

_ORIGINS = {"ships": "Ships", "imported": "Imported", "run": "Run"}
_ROW_LIMIT = 8
_TABLE_PIXELS = 320


def show_default(library: Library, bench: Bench) -> None:
    """Say which model serves where none is chosen, and how to go back to those that ship."""
    promoted = library.default()
    serving = policies.model_name(policies.default_model(bench.weights))
    with st.container(horizontal=True, vertical_alignment="center", key="models_default"):
        why = "promoted here" if promoted else "which ships for these reward weights"
        st.markdown(
            f":material/star: The default of all pages is **{escaped(serving)}**, {why}.",
            width="content",
        )
        actions.show_import(library)
        if promoted:
            st.button(
                "Back to those that ship",
                on_click=library.promote,
                args=(None,),
                help="From then on the model that ships for the reward weights is the default.",
            )


def choose(library: Library, bench: Bench) -> Entry | None:
    """Draw the table and the picker; return the model picked, None where there is none."""
    entries = [entry_of(model) for model in _listed(library)]
    if not entries:
        st.info("There is no model here. Import one, or start a training on page Training.")
        return None
    names = [entry.model.name for entry in entries]
    if st.query_params.get(PICKED) != policies.missed():  # else the sidebar has just said so
        links.tell_unknown(PICKED, "a model that is not here", names)
    picked = st.session_state.get(PICKED) or st.query_params.get(PICKED)
    place = names.index(picked) if picked in names else 0
    _table(entries, place, policies.default_model(bench.weights), bench.model)
    with st.container(horizontal=True, vertical_alignment="bottom", key="models_bar"):
        chosen = st.selectbox(
            "Model to look at",
            names,
            key=PICKED,
            bind="query-params",
            width=280,
            help="Pick it here or in the table above. The address of this page then leads to it.",
        )
        entry = entries[names.index(chosen)] if chosen in names else entries[0]
        actions.show_actions(library, entry)
    return entry


def _listed(library: Library) -> list[StoredModel]:
    """Return the models of the table: of a run its best, and any other one that is in use."""
    models = library.models()
    wanted = [st.session_state.get(PICKED), st.query_params.get(PICKED)]
    others = [library.default(), *(library.find(name) for name in wanted if name)]
    for other in others:
        if other is not None and other not in models:
            models.append(other)
    return models


def _table(entries: list[Entry], place: int, default: Path, used: Path) -> None:
    frame = pd.DataFrame([_row(entry, default, used) for entry in entries])
    names = [entry.model.name for entry in entries]
    # A new table for each pick, and where its row moves down: the selection is set at birth.
    key = f"models_table_{place}_{names[place]}"
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= _ROW_LIMIT else _TABLE_PIXELS,
        column_config={
            "Made": st.column_config.DatetimeColumn(format="DD MMM YYYY HH:mm"),
            "Decisions learned from": st.column_config.NumberColumn(
                format="localized",
                help="Decisions of trial and error (PPO). 0: it learned by imitation alone, or is "
                "as good as what its run began with.",
            ),
            "Cost / best rule's": st.column_config.NumberColumn(
                format="%.3f",
                help="Delay cost as a ratio to that of the best rule, on the validation problems "
                "of its training. Below 1 is better than the best rule; runs with other problems "
                "do not compare. Evaluate measures models on the same snapshots.",
            ),
        },
        key=key,
        on_select=lambda: _take_row(key, names),
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [place], "columns": [], "cells": []}},
        placeholder="",
        alt="Models: name, origin, date, training, quality on validation, use",
    )


def _row(entry: Entry, default: Path, used: Path) -> dict[str, object]:
    record, path = entry.record, entry.model.path
    made = record.date.replace(tzinfo=None) if record and record.date else None
    return {
        "Model": entry.model.name,
        "In use": " · ".join(_uses(path, default, used)),
        "From": _ORIGINS[entry.model.origin],
        "Made": made,
        "Decisions learned from": record.decisions if record else None,
        "Cost / best rule's": record.ratio if record else None,
        "Usable here": "yes" if entry.fault is None else f"no: {entry.fault}",
    }


def _uses(path: Path, default: Path, used: Path) -> Iterable[str]:
    if path == default:
        yield "default"
    if path == used:
        yield "on the bench"


def _take_row(key: str, names: list[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        pick(names[rows[0]])
