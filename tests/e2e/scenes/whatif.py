"""Pictures of page What if."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_READY = "[data-testid=stButton] >> text=Apply"
_BARS = ".js-plotly-plot .barlayer .point path"


def _machine_down(page: Page) -> None:
    """Put the busiest machine down."""
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("All constraints satisfied").wait_for()
    page.wait_for_selector(_BARS)
    page.mouse.move(5, 5)  # away from the button, whose help would cover the form


def _two_kept(page: Page) -> None:
    """Keep a machine down and a rush order, and look at both."""
    _machine_down(page)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_text("Rush order", exact=True).click()
    page.get_by_text("Name of the order").wait_for()
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("All constraints satisfied").wait_for()
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_text("All constraints satisfied").wait_for(state="detached")
    page.get_by_text("On the right", exact=True).first.wait_for()


SCENES = {
    "whatif.png": Scene("whatif", _READY, _machine_down, height=1560),
    "whatif-scenarios.png": Scene("whatif", _READY, _two_kept, height=1640),
}
