"""What a planner does on page Decisions, done in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from scheduler_core.inspection import walk
from scheduler_core.methods import load_policy, shipped_model
from scheduler_core.objective import RewardWeights
from scheduler_core.snapshot import read_snapshot
from tests.e2e.serving import ROOT

pytestmark = pytest.mark.browser

SAMPLE = "sample=Sample,+10+families"


def test_link_to_a_task_leads_on_to_a_disagreement_and_its_price(page: Page, server: str) -> None:
    """From the address to the task's decision, to EDD's next other choice, to both plans."""
    weights = RewardWeights()
    problem = read_snapshot(ROOT / "data" / "10_jobs.json").problem
    episode = walk(load_policy(shipped_model(weights)), problem, weights)
    task = episode.decision(3).taken
    page.goto(f"{server}/decisions?{SAMPLE}&task_family={task.family_id}&task_step={task.sequence}")
    said = page.get_by_role("heading", level=3).first
    expect(said).to_contain_text(f"PPO takes {task.family_id} step {task.sequence}")
    expect(page).to_have_url(re.compile("decision=4"))

    page.get_by_text("Where the rule disagrees").click()
    stop = episode.disagreements("edd")[0]
    expect(page).to_have_url(re.compile(f"decision={stop + 1}|^((?!decision=).)*$"))
    expect(said).to_contain_text("EDD would take")
    expect(page.get_by_text(re.compile("^EDD's choice here, .* would"))).to_be_visible()

    page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile(f"decision={episode.disagreements('edd')[1] + 1}"))
    page.get_by_text("Whole plan").click()
    page.wait_for_selector(".st-key-decisions_gantt .barlayer .point path")


def test_another_choice_is_tried_and_stays_comparable(page: Page, server: str) -> None:
    """Picked in the list, it gets its price, its reasons and a plan of its own."""
    page.goto(f"{server}/decisions?{SAMPLE}&decision=2")
    picker = page.get_by_role("combobox", name="Compare with taking instead")
    picker.click()
    option = page.get_by_role("option").last
    name = option.inner_text().split(":")[0]
    option.click()
    expect(
        page.get_by_text(re.compile(f"(Taking|choice here,) {name},? (here )?would"))
    ).to_be_visible()
    gantt = page.locator(".st-key-decisions_gantt_viewport")
    expect(gantt.get_by_text(f"As forced: {name} taken")).to_be_visible()
