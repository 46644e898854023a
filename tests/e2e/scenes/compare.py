"""Pictures of page Compare."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_BARS = ".js-plotly-plot .barlayer .point path"


def _to_the_charts(page: Page) -> None:
    """Scroll to the stepper, and go on to the third decision."""
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
        page.wait_for_timeout(700)
    page.get_by_text("Where the plans part").scroll_into_view_if_needed()
    page.get_by_text("Where the plans part").evaluate("e => e.scrollIntoView()")


def _to_the_moves(page: Page) -> None:
    page.get_by_role("tab", name="Moved tasks").evaluate("e => e.scrollIntoView()")


SCENES = {
    "compare.png": Scene("compare", _BARS),
    "compare-steps.png": Scene("compare", _BARS, _to_the_charts),
}
