"""What somebody who trains does on page Training, done in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scheduler_core.training import train
from scheduler_core.training.launch import end_now, find_runs
from scheduler_core.training.standing import standing
from tests.e2e.steps import tick_row
from tests.test_runs import TINY

pytestmark = pytest.mark.browser

SLOW_MS = 180_000  # a process that trains imports PyTorch first, and stands back behind all others


@pytest.fixture(autouse=True)
def _no_run_outlives_its_test(home: Path) -> Iterator[None]:
    """Whatever becomes of the test: a run is a process of its own."""
    yield
    for run in find_runs(home / "runs"):
        if standing(run).is_live:
            end_now(run)


def open_training(page: Page, server: str) -> None:
    """Open the page by way of the first one."""
    page.goto(f"{server}/?methods=SPT&methods=EDD&sample=Sample,+10+families")
    page.get_by_role("link", name="Training").click()
    expect(page.get_by_role("heading", name="Training")).to_be_visible()


def start_fine_tuning(page: Page, name: str, decisions: int) -> None:
    """Fill in the form of a run that begins with the policy that ships, and start it."""
    page.get_by_role("tab", name="New run").click()
    page.get_by_role("textbox", name="Name of the run").fill(name)
    page.get_by_role("combobox", name="Start from").fill("dispatch")
    page.get_by_role("option", name="dispatch", exact=True).click()
    field = page.get_by_role("spinbutton", name="Decisions of PPO")
    field.fill(str(decisions))
    field.press("Enter")
    expect(page.get_by_text(f"timesteps: {decisions}")).to_be_visible()
    page.get_by_role("button", name="Start training").click()


def expect_state(page: Page, word: str) -> None:
    """Wait until the run on the page is in a state."""
    line = page.locator(".st-key-training_line")
    expect(line.get_by_text(word)).to_be_visible(timeout=SLOW_MS)


def decisions_done(page: Page) -> int:
    """Return the decisions of PPO that the page says are done."""
    text = page.locator(".st-key-training_line").get_by_text(re.compile("PPO: ")).inner_text()
    return int(re.sub(r"\D", "", text.partition(" of ")[0]))


def test_run_is_started_watched_paused_stopped_and_resumed(page: Page, server: str) -> None:
    """All by buttons; a refresh in between finds the same run, and it has gone on."""
    open_training(page, server)
    start_fine_tuning(page, "morning", 60_000_000)
    expect_state(page, "Running")
    line = page.locator(".st-key-training_line")
    moving = line.get_by_text(re.compile(r"PPO: [1-9][\d,]* of 60,000,000"))
    expect(moving).to_be_visible(timeout=SLOW_MS)
    before = decisions_done(page)
    assert re.search(r"run=[\d-]+-morning", page.url)
    page.reload()
    expect_state(page, "Running")
    assert decisions_done(page) >= before
    for _ in range(3):  # as soon as the state is seen, while the page still draws
        press(page, "Pause", "Paused")
        press(page, "Continue", "Running")
    press(page, "Stop", "Stopped")
    stopped_at = decisions_done(page)
    press(page, "Resume", "Running")
    page.wait_for_function(
        """done => Number(document.querySelector('.st-key-training_line').innerText
            .match(/PPO: ([\\d,]+)/)?.[1].replaceAll(',', '')) > done""",
        arg=stopped_at,
        timeout=SLOW_MS,
    )
    press(page, "Stop", "Stopped")


def test_run_that_ends_while_the_page_looks_on_is_finished(page: Page, server: str) -> None:
    """Without a click: the page stops looking, and offers the model."""
    open_training(page, server)
    start_fine_tuning(page, "short", 1)
    expect_state(page, "Finished")
    expect(page.get_by_text("ahead of EDD at once").first).to_be_visible()
    expect(page.get_by_role("link", name="A schedule by it")).to_be_visible()


def test_row_of_the_table_turns_to_its_run(page: Page, server: str, home: Path) -> None:
    """A click on its circle; the picker and the address follow."""
    for name in ("first", "second"):
        train(TINY, home / "runs" / name)
    open_training(page, server)
    picker = page.get_by_role("combobox", name="Run", exact=True)
    table = page.locator("[class*=st-key-training_table]").first
    for name in ("first", "second", "first"):
        rows = table.locator("canvas [role=row]")  # what a screen reader is told
        expect(rows.filter(has_text=name)).to_have_count(1)
        place = next(i for i, text in enumerate(rows.all_inner_texts()) if name in text)
        tick_row(table, place - 1)  # the first of them is the head of the table
        expect(picker).to_have_value(name)
        expect(page).to_have_url(re.compile(f"run={name}"))


def press(page: Page, button: str, word: str) -> None:
    """Press a button and wait for the state that it leads to."""
    # Not the Stop in the head of the page, which Streamlit shows while the page is drawn.
    page.locator(".st-key-training_actions").get_by_role("button", name=button, exact=True).click()
    expect_state(page, word)
