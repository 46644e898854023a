"""What a planner does on page Rewards, done in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import wait_for_chart

SAMPLE = "?methods=PPO&methods=EDD&sample=Sample,+40+families"
CUSTOM = "Custom: 100, 50, -33, 1, 0, -100, 15"

pytestmark = pytest.mark.browser


def open_rewards(page: Page, server: str) -> None:
    """Go to page Rewards the way a planner does: from page Schedule, by the bar on top."""
    page.goto(f"{server}/{SAMPLE}")
    wait_for_chart(page)
    page.get_by_role("link", name="Rewards").click()
    expect(page.get_by_role("slider")).to_have_count(5)
    expect(tile(page, "Flow time")).to_be_visible()


def tile(page: Page, name: str) -> Locator:
    """Return the value of a tile."""
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


def picker(page: Page) -> Locator:
    """Return the picker of weights in the sidebar."""
    return page.get_by_role("combobox", name="Reward weights")


def test_slider_moved_by_keyboard_changes_the_schedule_on_every_page(
    page: Page, server: str
) -> None:
    """Figures, sidebar and address follow; page Schedule has the weights, also after a refresh."""
    open_rewards(page, server)
    before = tile(page, "Delay cost").inner_text()
    slider = page.get_by_role("slider", name="Late penalty")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    expect(picker(page)).to_have_value(CUSTOM)
    expect(page.get_by_text(re.compile("ince ")).first).to_be_visible()
    expect(tile(page, "Delay cost")).not_to_have_text(before)
    page.get_by_role("link", name="Schedule", exact=True).click()
    wait_for_chart(page)
    expect(picker(page)).to_have_value(CUSTOM)
    assert "weights=Custom" in page.url
    page.reload()
    wait_for_chart(page)
    expect(picker(page)).to_have_value(CUSTOM)


def test_preset_moves_sliders_and_figures(page: Page, server: str) -> None:
    """Early as possible pays nothing for being on time, and times in the shop are shorter."""
    open_rewards(page, server)
    before = float(tile(page, "Flow time").inner_text().split()[0])
    page.get_by_role("radiogroup", name="Presets").get_by_text("Early as possible").click()
    expect(page.get_by_role("slider", name="On-time reward")).to_have_value("0")
    expect(picker(page)).to_have_value("Early as possible")
    expect(page.get_by_text(re.compile("Since .*tasks moved"))).to_be_visible()
    assert float(tile(page, "Flow time").inner_text().split()[0]) < before


def test_weights_saved_by_name_are_in_the_sidebar(page: Page, server: str) -> None:
    """A name, a click, and the weights can be picked on every page."""
    open_rewards(page, server)
    page.get_by_role("radiogroup", name="Presets").get_by_text("Urgent first").click()
    expect(picker(page)).to_have_value("Urgent first")
    page.get_by_role("button", name="Save and load").click()
    name = page.get_by_role("textbox", name="Name")
    name.fill("Summer rush")
    name.press("Enter")
    page.get_by_role("button", name="Save these weights").click()
    expect(picker(page)).to_have_value("Summer rush")
