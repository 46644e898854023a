"""What tests in the browser do again and again."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import FloatRect, Locator, Page

from tests.e2e.serving import WAIT_MS

_LOOK_MS = 100
_ROW_PIXELS = 36

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
    # Looked at while they fulfil it: a moment later they may be drawn anew.
    return page.wait_for_function(
        f"""() => {{
          const plot = document.querySelector('.js-plotly-plot');
          if (!plot || !plot._fullLayout || !plot._fullLayout.xaxis2) return null;
          const chart = ({_CHART})();
          return ({condition}) && chart;
        }}"""
    ).json_value()


def still(part: Locator) -> FloatRect:
    """Return where a part of the page is, once the page is drawn and the part no longer moves.

    For whatever the mouse does at a place of its own choosing: Playwright waits before a click on
    an element, but it cannot know what lies in a chart or a table that is a drawing.
    """
    page = part.page
    part.scroll_into_view_if_needed()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    before = None
    for _ in range(WAIT_MS // _LOOK_MS):
        box = part.bounding_box()
        if box is not None and box == before:
            return box
        before = box
        page.wait_for_timeout(_LOOK_MS)
    raise AssertionError(f"{part} does not stand still")


def click_bar(page: Page, number: int) -> None:
    """Click the middle of a late bar of the first panel."""
    wait_for_chart(page)
    bars = page.locator(".js-plotly-plot .barlayer .trace.bars").first.locator(".point")
    box = still(bars.nth(number))
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def mark_first_half(area: Locator) -> None:
    """Drag the mouse over the first half of the time axis of a chart."""
    box, mouse = still(area), area.page.mouse
    middle = box["y"] + box["height"] / 2
    mouse.move(box["x"] + 2, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, middle, steps=8)
    mouse.up()


def tick_row(table: Locator, row: int = 0) -> None:
    """Click the circle in front of a row of a table, which is drawn on a canvas."""
    box = still(table)
    table.page.mouse.click(box["x"] + 15, box["y"] + _ROW_PIXELS * (row + 1.5))


def upload(page: Page, name: str, content: bytes) -> None:
    """Give a file to the uploader."""
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": content}
    )
