"""Pictures of page Compare."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_BARS = ".js-plotly-plot .barlayer .point path"


def _to_the_charts(page: Page) -> None:
    """Go on to the third decision, and scroll to what is said of it."""
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
        page.wait_for_timeout(700)
    page.get_by_text("Where the plans part").evaluate("heading => heading.scrollIntoView()")


def _to_the_hours_late(page: Page) -> None:
    """Show who is late under which plan."""
    page.get_by_role("tab", name="Hours late by family").click()
    page.get_by_role("tab", name="Hours late by family").evaluate("tab => tab.scrollIntoView()")


SCENES = {
    "compare.png": Scene("compare", _BARS),
    "compare-steps.png": Scene("compare", _BARS, _to_the_charts),
    "compare-late.png": Scene("compare", _BARS, _to_the_hours_late),
}
