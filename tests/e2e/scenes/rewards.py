"""Pictures of page Rewards."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.scenes import Scene

_START = "?sample=Sample,+100+families"
_BARS = ".js-plotly-plot .barlayer .point path"
_POINTS = ".js-plotly-plot .scatterlayer .point"


def try_settings(page: Page) -> None:
    """Go to the page, try all presets and a setting of one's own: something to compare."""
    page.get_by_role("link", name="Rewards").click()
    page.wait_for_selector(_POINTS)
    picker = page.get_by_role("combobox", name="Reward weights")
    for name in ("Early as possible", "Urgent first", "Deadlines first"):
        page.get_by_role("radiogroup", name="Presets").get_by_text(name).click()
        page.wait_for_function(
            "([picker, name]) => picker.value === name", arg=[picker.element_handle(), name]
        )
    slider = page.get_by_role("slider", name="Late penalty")
    slider.focus()
    for _ in range(10):
        slider.press("ArrowLeft")
    page.wait_for_function(
        "picker => picker.value.startsWith('Custom: 100, 5, -20')", arg=picker.element_handle()
    )


def show_table(page: Page) -> None:
    """Go on to the table of what is stored."""
    try_settings(page)
    page.get_by_text("Stored schedules", exact=True).click()
    page.wait_for_selector("[data-testid=stDataFrame]")


def show_terms(page: Page) -> None:
    """Go on to the points by weight."""
    try_settings(page)
    page.get_by_text("Points by weight", exact=True).click()
    page.wait_for_selector(_BARS)


SCENES = {
    "rewards.png": Scene(_START, _BARS, try_settings),
    "rewards-dark.png": Scene(_START, _BARS, try_settings, scheme="dark"),
    "rewards-points.png": Scene(_START, _BARS, show_terms),
    "rewards-table.png": Scene(_START, _BARS, show_table),
}
