"""What tests in the browser do again and again."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# What the chart shows, read from Plotly itself; "chosen" are the bars at full strength.
_CHART = """() => {
  const plot = document.querySelector('.js-plotly-plot');
  const bars = plot.data.filter(trace => trace.type === 'bar');
  return {
    titles: plot.layout.annotations.map(note => note.text).filter(text => text.startsWith('<b>')),
    range: plot._fullLayout.xaxis.range,
    second_range: plot._fullLayout.xaxis2.range,
    colours: bars.map(trace => trace.marker.color),
    panels: bars.map(trace => trace.xaxis),
    rows: plot._fullLayout.yaxis._categories,
    closed: plot.layout.shapes.filter(s => s.name === 'Closed').map(s => s.path.split('Z').length),
    down: bars.filter(t => t.name === 'Down').flatMap(t => t.y),
    shown: bars.flatMap(t => (t.customdata || []).length ? [t.name] : []),
    chosen: bars.flatMap(t => (t.selectedpoints || []).map(i => t.customdata[i][0])),
  };
}"""


def open_page(page: Page, address: str) -> dict[str, Any]:
    """Open an address, wait until its charts are drawn, and return what they show."""
    page.goto(address)
    return wait_for_chart(page)


def wait_for_chart(page: Page, condition: str = "true") -> dict[str, Any]:
    """Wait until the charts fulfil a condition in JavaScript on `chart`; return what they show."""
    page.wait_for_selector(".js-plotly-plot .barlayer .point path")
    page.wait_for_function(
        f"""() => {{
          const plot = document.querySelector('.js-plotly-plot');
          if (!plot || !plot._fullLayout || !plot._fullLayout.xaxis2) return false;
          const chart = ({_CHART})();
          return {condition};
        }}"""
    )
    return page.evaluate(_CHART)


def upload(page: Page, name: str, content: bytes) -> None:
    """Give a file to the uploader."""
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": content}
    )
