"""Ways from one page to another."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

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
