"""Pictures of page Schedule."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene
from tests.e2e.steps import click_bar

_BARS = ".js-plotly-plot .barlayer .point path"


def _click_a_late_bar(page: Page) -> None:
    """Click a bar in the middle of the first row, and move the mouse away."""
    click_bar(page, 5)
    page.wait_for_selector(".st-key-why")
    page.mouse.move(700, 20)


def _open_all_tasks(page: Page) -> None:
    """Open the table twin of the charts."""
    page.get_by_role("tab", name="All tasks").click()
    table = page.get_by_text("Pick a row to see above what")
    table.wait_for()
    table.scroll_into_view_if_needed()


SCENES = {
    "schedule.png": Scene("", _BARS),
    "schedule-dark.png": Scene("", _BARS, scheme="dark"),
    "why-late.png": Scene("?methods=PPO&methods=EDD", _BARS, _click_a_late_bar),
    "late-only.png": Scene("?show=Late", _BARS, _open_all_tasks, height=1360),
    "shifts.png": Scene("?sample=Sample,+60+families+in+shifts", _BARS),
}
