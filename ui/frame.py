"""The frame around a page: there even where the page is the first that a server is asked for."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def ensure() -> None:
    """Begin again inside the frame of ``app.py`` where a page was run without it.

    Streamlit takes a folder named ``pages`` for the pages of an app without navigation, until
    somebody has opened the entry page: a server that was just started would show a link to any
    other page bare.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
