"""Pictures of page Rewards."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_POINTS = ".js-plotly-plot .scatterlayer .point"


def try_settings(page: Page) -> None:
    """Try all presets and one setting of one's own, so that there is something to compare."""
    for name in ("Early as possible", "Urgent first", "Deadlines first"):
        page.get_by_role("radiogroup", name="Presets").get_by_text(name).click()
        page.get_by_text("tasks moved").wait_for()
        page.wait_for_timeout(700)
    slider = page.get_by_role("slider", name="Late penalty")
    slider.focus()
    for _ in range(6):
        slider.press("ArrowLeft")
    page.wait_for_timeout(1500)


def show_table(page: Page) -> None:
    """Go on to the table of what is stored."""
    try_settings(page)
    page.get_by_text("Stored schedules", exact=True).click()


def show_terms(page: Page) -> None:
    """Go on to the points by weight."""
    try_settings(page)
    page.get_by_text("Points by weight", exact=True).click()


SCENES = {
    "rewards.png": Scene("rewards?sample=Sample,+200+families", _POINTS, try_settings),
    "rewards-table.png": Scene("rewards?sample=Sample,+200+families", _POINTS, show_table),
    "rewards-terms.png": Scene("rewards?sample=Sample,+200+families", _POINTS, show_terms),
    "rewards-dark.png": Scene(
        "rewards?sample=Sample,+200+families", _POINTS, try_settings, scheme="dark"
    ),
}
