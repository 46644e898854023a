"""Pictures of page Rewards."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.scenes import Scene

_START = "rewards?sample=Sample,+100+families"
_BARS = ".js-plotly-plot .barlayer .point path"
_POINTS = ".js-plotly-plot .scatterlayer .point"


def try_settings(page: Page) -> None:
    """Try all presets and a setting of one's own, so that there is something to compare."""
    picker = page.get_by_role("combobox", name="Reward weights")
    for name in ("Early as possible", "Urgent first", "Deadlines first"):
        page.get_by_role("radiogroup", name="Presets").get_by_text(name).click()
        expect(picker).to_have_value(name)
    slider = page.get_by_role("slider", name="Late penalty")
    expect(slider).to_have_value("-10")
    page.mouse.move(5, 5)  # a button under the mouse looks as if it were pressed
    slider.focus()
    for _ in range(10):
        slider.press("ArrowLeft")
    expect(picker).to_have_value("Custom: 100, 5, -20, 1, 0, -100, 15")


def show_terms(page: Page) -> None:
    """Go on to the points by weight."""
    try_settings(page)
    page.get_by_text("Points by weight", exact=True).click()
    page.wait_for_selector(_BARS)


SCENES = {
    "rewards.png": Scene(_START, _POINTS, try_settings),
    "rewards-points.png": Scene(_START, _POINTS, show_terms),
}
