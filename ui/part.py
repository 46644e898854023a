"""Parts of a page that run again without the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

P = ParamSpec("P")


def part(show: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """Make a part of a page of a function that draws: a fragment in a container of its own.

    Where a fragment is to run while the page around it runs, Streamlit (1.67) may drop what the
    page has just drawn of the fragment and yet tell the browser that the page is complete. The
    browser then removes the fragment's block, so that whatever follows it in the same container
    moves up, and is overwritten; or the browser gives up with "Bad delta path index", and the page
    stays white. Alone in its container, a fragment can do nothing but come back.

    Parameters
    ----------
    show
        Draws the part. What is clicked in it runs it alone.
    run_every
        Seconds after which it runs again by itself, None for never.
    """
    fragment = st.fragment(show, run_every=run_every)  # noqa: TID251

    @wraps(show)
    def show_alone(*args: P.args, **kwargs: P.kwargs) -> None:
        with st.container():
            fragment(*args, **kwargs)

    return show_alone
