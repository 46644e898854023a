"""Parts of a page that keep their place, and run again without the rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st

P = ParamSpec("P")
R = TypeVar("R")


def in_place(show: Callable[P, R]) -> Callable[P, R]:
    """Make a function draw in a container of its own, however much or little that is.

    The browser knows what it shows by its place on the page. Where a message comes or goes, all
    that follows would move to another place, be built anew, and stand there twice for a moment: a
    click then meets what is about to go.
    """

    @wraps(show)
    def show_in_place(*args: P.args, **kwargs: P.kwargs) -> R:
        with st.container():
            return show(*args, **kwargs)

    return show_in_place


def part(show: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """Make a part of a page of a function that draws: a fragment in a place of its own.

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
    return in_place(st.fragment(show, run_every=run_every))  # noqa: TID251
