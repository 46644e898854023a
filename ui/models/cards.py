"""The card of a model: what it is, where it comes from, and what it was trained with."""

from __future__ import annotations

import re

import pandas as pd
import streamlit as st

from scheduler_core.library import (
    Library,
    ModelRecord,
    StoredModel,
    facts,
    settings_text,
    trace,
    validation_rows,
)
from ui.escaping import escaped
from ui.models.entries import Entry, pick

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def show_card(library: Library, entry: Entry) -> None:
    """Draw facts, lineage, validation figures and settings of a model."""
    record = entry.record
    if record is None:
        st.error(escaped(entry.fault or ""))
        st.caption("Nothing can be told of this file. Delete it, or import it anew.")
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.table(
            [(name, escaped(value)) for name, value in facts(entry.model, record)],
            border="horizontal",
            hide_index=True,
            hide_header=True,
            alt="Facts about the model that is looked at",
        )
    with right:
        _show_lineage(library, entry, record)
        _show_validation(record)
    _show_own_card(entry.model)
    if record.config:
        with st.expander("Settings of its training"):
            st.code(settings_text(record.config), language="yaml", height=420)


def _show_lineage(library: Library, entry: Entry, record: ModelRecord) -> None:
    lineage = trace(library, record)
    st.markdown("**Where it comes from**")
    with st.container(gap=None, key="models_lineage"):
        if lineage.complete:
            st.caption("Random weights")
        for ancestor in reversed(lineage.ancestors):
            if ancestor.model is not None:
                _link_to(ancestor.model, "models_parent")
            else:
                st.caption(f"A model that is not here, SHA-256 {escaped(ancestor.sha256[:16])}…")
        st.markdown(f":material/subdirectory_arrow_right: **{entry.title}** (this one)")
        for child in lineage.children:
            _link_to(child, "models_child")
        if not lineage.children:
            st.caption("No model here was trained on from it.")


def _link_to(model: StoredModel, kind: str) -> None:
    st.button(
        f"{escaped(model.name)}",
        type="tertiary",
        icon=":material/subdirectory_arrow_right:",
        key=f"{kind}_{model.name}",
        on_click=pick,
        args=(model.name,),
        help="Look at this model.",
    )


def _show_validation(record: ModelRecord) -> None:
    rows = validation_rows(record.metrics)
    if not rows:
        return
    st.markdown(
        "**On the validation problems of its training**",
        help="Delay cost as a ratio, mean over problems that it did not train on, by reward "
        "weights and number of families. Below 1 is better.",
    )
    st.dataframe(
        pd.DataFrame(rows, columns=["Problems", "/ best rule's", "/ EDD's"]),
        hide_index=True,
        height="content" if len(rows) < 12 else 400,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("/ best rule's", "/ EDD's")
        },
        placeholder="",
        alt="Delay cost on validation problems as a ratio to the best rule's and to EDD's",
    )


def _show_own_card(model: StoredModel) -> None:
    """Draw the card that ships beside a model; its links lead to files that are not served."""
    path = model.path.with_suffix(".md")
    if model.origin != "ships" or not path.exists():
        return
    with st.expander("Its card: how it was made, how good it is, known weaknesses"):
        text = path.read_text("utf-8").partition("\n")[2]
        st.markdown(_LINK.sub(r"\1", text))
