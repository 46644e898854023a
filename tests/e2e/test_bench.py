"""What is on the bench follows the planner from page to page, done in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from ui.links import PAGES

pytestmark = pytest.mark.browser

ADDRESS = (
    "?sample=Sample,+10+families&weights=Deadlines+first&model=makespan&methods=SPT&methods=EDD"
)


def expect_bench(page: Page, sample: str, weights: str, model: str) -> None:
    """Hold that the pickers in the sidebar show these."""
    pickers = {"Snapshot": sample, "Reward weights": weights, "Model of PPO": model}
    for name, value in pickers.items():
        expect(page.get_by_role("combobox", name=name)).to_have_value(value)


def test_bench_of_an_address_follows_through_all_pages(page: Page, server: str) -> None:
    """Not touched since the page was opened, and there again after a page that has no bench."""
    page.goto(f"{server}/{ADDRESS}")
    for title, _ in [*PAGES.values(), PAGES["schedule"]]:
        page.get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", level=2, name=title)).to_be_visible()
        if title != PAGES["figures"][0]:
            expect_bench(page, "Sample, 10 families", "Deadlines first", "makespan")
    expect(page.get_by_text("The tiles show SPT, and the difference to EDD.")).to_be_visible()
    assert "weights=Deadlines" in page.url
    page.reload()
    expect_bench(page, "Sample, 10 families", "Deadlines first", "makespan")
