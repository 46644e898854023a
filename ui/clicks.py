"""Clicks on the bars of a chart in which the mouse marks stretches of time.

While a drag marks, Streamlit does not report clicks. Plotly does, so this listens to Plotly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

# The listener is put on a chart when it is first pressed, so a chart that is drawn anew, or
# replaced, needs no notice of it.
_JS = """
const known = new WeakSet();
let send = null;

function listen(event) {
  const plot = event.target.closest?.('.js-plotly-plot');
  if (!plot || known.has(plot)) return;
  known.add(plot);
  plot.on('plotly_click', (click) => send?.(plot, click.points[0]?.customdata));
}

export default function ({ data, setTriggerValue }) {
  const mine = (plot, customdata) => {
    if (customdata && plot.closest('.st-key-' + data)) setTriggerValue('bar', customdata);
  };
  send = mine;
  document.addEventListener('pointerdown', listen, true);
  return () => {
    if (send === mine) send = null;  // else another one has taken over
  };
}
"""
_listener = st.components.v2.component("bar_clicks", js=_JS)


def listen(container: str, key: str, take: Callable[[list[Any]], None]) -> None:
    """Have a function called with the custom data of each bar that is clicked.

    Parameters
    ----------
    container
        Key of the container that the chart is in.
    key
        Key of the listener itself.
    take
        Runs as a callback, before the page is drawn again.
    """

    def on_bar_change() -> None:
        if (bar := st.session_state[key].bar) is not None:
            take(list(bar))

    _listener(key=key, data=container, height=1, on_bar_change=on_bar_change)
