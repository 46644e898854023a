"""Pictures of page Training: the form, and a run that it has started."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_READY = ".js-plotly-plot .barlayer .point path"
_LONG_MS = 240_000


def _fill_in(page: Page) -> None:
    """Ask for a run of a minute that is measured often."""
    page.get_by_role("link", name="Training").click()
    page.get_by_role("tab", name="New run").click()
    page.get_by_role("textbox", name="Name of the run").fill("first-try")
    page.get_by_text("Every setting").click()
    _fill(page, "Validate every", "2")
    page.get_by_role("tab", name="Imitation").click()
    _fill(page, "Problems", "120")
    _fill(page, "Decisions of PPO", "600000")
    page.get_by_text("The same on the command line").click()
    page.wait_for_timeout(500)


def _fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(text)
    field.press("Enter")
    page.wait_for_timeout(700)


def _train(page: Page) -> None:
    """Start it, and look on until most of it is done."""
    _fill_in(page)
    page.get_by_role("button", name="Start training").click()
    page.get_by_text(re.compile(r"PPO: [45]\d\d,")).wait_for(timeout=_LONG_MS)
    page.mouse.move(1, 1)  # off the chart, whose buttons would show
    page.wait_for_timeout(2500)


SCENES = {
    "training-new.png": Scene("?methods=EDD", _READY, _fill_in, height=1150),
    "training.png": Scene("?methods=EDD", _READY, _train, height=1250),
}
