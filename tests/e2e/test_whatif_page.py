"""Page What if in a real browser: scenarios are made, kept, compared and undone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

ADDRESS = "whatif?sample=Sample,+10+families&methods=SPT&methods=EDD"
pytestmark = pytest.mark.browser


def press(page: Page, name: str) -> None:
    """Press a button."""
    page.get_by_role("button", name=name, exact=True).click()


def test_scenario_keep_and_undo_survive_a_refresh(page: Page, server: str) -> None:
    """A machine down and a rush order are kept and compared; one is undone, one stays."""
    page.goto(f"{server}/{ADDRESS}")
    press(page, "Apply")
    expect(page.get_by_text("All constraints satisfied")).to_be_visible()
    expect(page.get_by_role("tab", name="Moved tasks")).to_be_visible()
    page.wait_for_selector(".js-plotly-plot .barlayer .point path")
    press(page, "Keep")
    right = page.get_by_role("combobox", name="On the right")
    expect(right).to_have_value(re.compile("PP.* down"))
    page.get_by_text("Rush order", exact=True).click()
    expect(page.get_by_text("Name of the order")).to_be_visible()
    press(page, "Apply")
    expect(page.get_by_text("All constraints satisfied")).to_be_visible()
    press(page, "Keep")
    expect(page.get_by_text("All constraints satisfied")).to_have_count(0)
    expect(right).to_have_count(1)
    expect(right).to_have_value("Rush order RUSH-1")
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    press(page, "Undo")
    expect(page.get_by_text("All constraints satisfied")).to_be_visible()
    page.reload()
    expect(right).to_have_value(re.compile("PP.* down"))
    expect(page.get_by_text("No event yet.")).to_be_visible()
    press(page, "Delete")
    expect(page.get_by_text("None is kept for this snapshot yet.")).to_be_visible()


def test_moment_of_replanning_is_moved_and_marked(page: Page, server: str) -> None:
    """The shop works by the old plan for a day more; the chart marks where the new one begins."""
    page.goto(f"{server}/{ADDRESS}")
    press(page, "Apply")
    expect(page.get_by_text("All constraints satisfied")).to_be_visible()
    press(page, "Discard")
    expect(page.get_by_text("No event yet.")).to_be_visible()
    day = page.get_by_test_id("stDateTimeInput").nth(1).get_by_role("spinbutton").first
    day.click()
    day.press_sequentially("07")
    day.press("Enter")
    expect(page.locator(".st-key-whatif_undo_button")).to_be_visible()
    press(page, "Apply")
    expect(page.get_by_text("from Thu 07 Aug")).to_have_count(2)
    charts = page.locator(".st-key-whatif_gantt .js-plotly-plot")
    expect(charts).to_have_count(1)  # those of the scenario before go a moment later
    expect(charts).to_contain_text("Re-planned from here")
