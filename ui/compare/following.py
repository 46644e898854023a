"""What several parts of the page change together: the family followed, the step, the row."""

from __future__ import annotations

import streamlit as st

from ui import state

STEP = "step"
_ROUND = "compare_table_round"


def follow(family: str | None) -> None:
    """Follow a family, or none, from its first decision on; call it from a callback."""
    state.choose_family(family)
    st.session_state[STEP] = 1


def table_key() -> str:
    """Return the key of the table of moved tasks, a new one after `clear_row`."""
    return f"compare_moved_{st.session_state.get(_ROUND, 0)}"


def clear_row() -> None:
    """Drop the row selected: a table's selection cannot be set, only begun anew."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
