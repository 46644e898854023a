"""Ways from one page to another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from ui.escaping import escaped

PAGES = {
    "schedule": ("Schedule", ":material/view_timeline:"),
    "compare": ("Compare", ":material/compare_arrows:"),
    "rewards": ("Rewards", ":material/tune:"),
    "whatif": ("What if", ":material/alt_route:"),
    "decisions": ("Decisions", ":material/account_tree:"),
    "training": ("Training", ":material/model_training:"),
    "models": ("Models", ":material/deployed_code:"),
    "figures": ("About the figures", ":material/help:"),
}
"""Title and icon of each page, by the name of its file."""

TASK_FAMILY, TASK_STEP = "task_family", "task_step"
"""Where the address of page Decisions names a task.

Of a link's query, Streamlit drops what a widget of the page left is bound to, such as ``family``.
"""


def link(page: str, label: str | None = None, query: Mapping[str, str] | None = None) -> None:
    """Draw a link to another page; nothing where a page runs alone, as in its tests."""
    title, icon = PAGES[page]
    with suppress(StreamlitPageNotFoundError):
        st.page_link(f"pages/{page}.py", label=label or title, icon=icon, query_params=query)


def tell_unknown(key: str, what: str, options: Collection[str]) -> None:
    """Say so where the address asks for an option that is not here, such as a model since deleted.

    Call it before the picker is drawn, which takes its default and puts that into the address.
    """
    asked = st.query_params.get(key)
    # Where something else was just chosen, the address is merely behind.
    is_behind = st.session_state.get(key) not in (None, asked)
    if asked and asked not in options and not is_behind:
        st.toast(
            f"The address asks for {what}: {escaped(asked)}. What is usual is chosen instead.",
            icon=":material/link_off:",
            duration="infinite",
        )
