"""What a planner does on page Schedule, done in a real browser."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scheduler_core.schedule_file import read_schedule
from scheduler_core.snapshot import read_snapshot
from scheduler_core.validation import validate
from tests.e2e.steps import (
    click_bar,
    mark_first_half,
    open_page,
    still,
    tick_row,
    upload,
    wait_for_chart,
)

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "100_jobs.json"
RULES = "?methods=SPT&methods=EDD&sample=Sample,+40+families"

SHIFTS = "?methods=SPT&methods=EDD&sample=Sample,+60+families+in+shifts"

pytestmark = pytest.mark.browser


def test_first_screen_shows_two_gantt_charts(page: Page, server: str) -> None:
    """Without a click: two panels on one time axis, the second in sight at 900 pixels."""
    chart = open_page(page, server)
    assert len(chart["titles"]) == 2
    assert set(chart["panels"]) == {"x", "x2"}
    assert chart["range"] == chart["second_range"]
    row_of_second = still(page.locator(".js-plotly-plot .y2tick").first)
    assert row_of_second["y"] < 900
    expect(page.get_by_text("All constraints satisfied")).to_be_visible()


def test_change_of_method_draws_its_schedule(page: Page, server: str) -> None:
    """ATC, picked beside SPT and EDD, gets a chart of its own and stands in the address."""
    open_page(page, f"{server}/{RULES}")
    page.get_by_role("combobox", name="Methods").fill("ATC")
    page.get_by_role("option", name="ATC").click()
    chart = wait_for_chart(page, "chart.titles.length === 3")
    assert [title.split(" · ")[0] for title in chart["titles"]] == ["<b>SPT", "<b>EDD", "<b>ATC"]
    assert "ATC" in page.url


def test_upload_without_a_fault_is_scheduled(page: Page, server: str) -> None:
    """The smallest sample, uploaded under another name, is what the page then shows."""
    open_page(page, f"{server}/{RULES}")
    upload(page, "morning.json", (ROOT / "data" / "10_jobs.json").read_bytes())
    expect(page.get_by_text("10 families ·")).to_be_visible()
    expect(page.get_by_role("combobox", name="Snapshot")).to_have_value(
        re.compile(r"Upload, morning\.json \([0-9a-f]{8}\)")
    )
    wait_for_chart(page)


def test_sample_in_shifts_shows_closed_time_and_downtime(page: Page, server: str) -> None:
    """The veil and the hatch are drawn in both panels, over bars that go on, and rules are kept."""
    chart = open_page(page, f"{server}/{SHIFTS}")
    expect(page.get_by_text("40 machines, 28 in shifts, 6 with downtime")).to_be_visible()
    expect(page.get_by_text("All constraints satisfied")).to_be_visible()
    expect(page.get_by_text("Tasks pause while their machine is closed or down.")).to_be_visible()
    assert len(chart["closed"]) == 2
    assert len(chart["down"]) > 2
    veil = still(page.locator(".js-plotly-plot .shapelayer path").first)
    rows = still(page.locator(".js-plotly-plot .nsewdrag").first)
    assert veil["width"] > 0.9 * rows["width"]
    assert veil["height"] > 0.5 * rows["height"]
    page.locator(".js-plotly-plot .barlayer .trace.bars").nth(4).locator(".point").first.hover(
        force=True
    )
    expect(page.locator(".js-plotly-plot .hoverlayer")).to_contain_text("is down: ")


def test_zoom_into_the_sample_in_shifts_keeps_the_pauses(page: Page, server: str) -> None:
    """Marking a stretch of time works through the veil, and draws the hours inside of it."""
    before = open_page(page, f"{server}/{SHIFTS}")
    mark_first_half(page.locator(".js-plotly-plot .nsewdrag").first)
    zoomed = wait_for_chart(page, f"chart.range[1] < {json.dumps(before['range'][1])}")
    assert 0 < zoomed["closed"][0] < before["closed"][0]


def test_upload_with_calendars_is_scheduled_in_its_shifts(page: Page, server: str) -> None:
    """The smallest sample with a day shift for all machines and a repair on one of them."""
    open_page(page, f"{server}/{RULES}")
    document = json.loads((ROOT / "data" / "10_jobs.json").read_text())
    week = {day: [["06:00", "14:00"]] for day in ("monday", "wednesday", "friday")}
    document["calendars"] = {"days": {"shifts": week, "exceptions": {"2025-08-08": []}}}
    document["machine_calendars"] = {"*": "days"}
    document["downtime"] = [{"machine": document["machines"][0], "start": 2, "end": 5}]
    upload(page, "shifts.json", json.dumps(document).encode())
    expect(page.get_by_text("145 machines, 145 in shifts, 1 with downtime")).to_be_visible()
    wait_for_chart(page, "chart.closed.length === 2")
    expect(page.get_by_text("All constraints satisfied")).to_be_visible()


def test_upload_with_faults_lists_them_and_keeps_the_charts(page: Page, server: str) -> None:
    """Two faults are counted, and the charts are those from before."""
    before = open_page(page, f"{server}/{RULES}")
    document = json.loads((ROOT / "data" / "10_jobs.json").read_text())
    tasks = next(iter(document["families"].values()))["tasks"]
    tasks[0]["processing_time"] = -5
    tasks[1]["assigned_machine"] = "NOWHERE"
    upload(page, "bad.json", json.dumps(document).encode())
    expect(page.get_by_text("This file was not loaded: 2 faults found.")).to_be_visible()
    assert wait_for_chart(page) == before
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("This file was not loaded")).to_have_count(0)


def test_upload_of_what_is_not_json_is_refused_calmly(page: Page, server: str) -> None:
    """A spreadsheet that was renamed is one fault, not a crash."""
    open_page(page, f"{server}/{RULES}")
    upload(page, "sheet.json", b"PK\x03\x04 this is a spreadsheet")
    expect(page.get_by_text("This file was not loaded: 1 fault found.")).to_be_visible()


def test_downloads_are_the_schedule_on_the_screen(page: Page, server: str, tmp_path: Path) -> None:
    """The JSON file reads back as a schedule without a violation; the CSV has all its tasks."""
    open_page(page, f"{server}/?methods=SPT&methods=EDD")
    page.get_by_role("tab", name="Downloads").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON", exact=True).click()
    download.value.save_as(tmp_path / "schedule.json")
    problem = read_snapshot(SAMPLE).problem
    schedule = read_schedule(tmp_path / "schedule.json")
    assert schedule.method == "spt"
    certificate = json.loads((tmp_path / "schedule.json").read_text())["certificate"]
    assert certificate["replay"].startswith("scheduler schedule data/100_jobs.json --method spt ")
    assert validate(problem, schedule) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    download.value.save_as(tmp_path / "schedule.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "schedule.csv").read_text("utf-8-sig"))))
    assert len(rows) == 1 + problem.num_tasks


def pick_first_late_family(page: Page) -> None:
    """Tick the first row of the table of late families."""
    tick_row(page.locator("[data-testid=stDataFrame] canvas").first)


def test_late_family_picked_in_the_table_stands_out_in_the_charts(page: Page, server: str) -> None:
    """Its bars stay at full strength in both panels, all others are dimmed."""
    open_page(page, f"{server}/{RULES}")
    pick_first_late_family(page)
    chart = wait_for_chart(page, "chart.chosen.length > 0")
    (family,) = set(chart["chosen"])
    expect(page.get_by_role("combobox", name="Follow a family")).to_have_value(family)


def test_click_on_a_bar_tells_why_it_waited_and_leads_to_what_is_late(
    page: Page, server: str
) -> None:
    """A bar opens its task; another one takes its place; late only leaves late bars."""
    open_page(page, f"{server}/{RULES}")
    click_bar(page, 3)
    panel = page.locator(".st-key-why")
    expect(panel).to_contain_text("it was due")
    chart = wait_for_chart(page, "chart.chosen.length > 0")
    (family,) = set(chart["chosen"])
    expect(panel.get_by_role("heading")).to_have_text(family)
    assert f"family={family}" in page.url
    click_bar(page, 0)
    expect(panel.get_by_role("heading")).not_to_have_text(family)
    panel.get_by_role("button", name="close").first.click()
    expect(panel).to_have_count(0)
    page.get_by_role("button", name="Show the").click()
    wait_for_chart(page, "chart.shown.every(status => status === 'Late')")
    assert "show=Late" in page.url


def test_link_from_the_panel_leads_to_the_decision_about_the_task(page: Page, server: str) -> None:
    """The other page shows the decision that took it, of the same snapshot and weights."""
    bench = "sample=Sample,+10+families&weights=Deadlines+first"
    open_page(page, f"{server}/?methods=PPO&methods=EDD&{bench}&family=JOST25060022")
    panel = page.locator(".st-key-why")
    step = panel.get_by_text(re.compile("^Step [0-9]+ ")).first.inner_text().split()[1]
    panel.get_by_role("link", name="The decision").click()
    said = page.get_by_role("heading", level=3).first
    expect(said).to_contain_text(f"PPO takes JOST25060022 step {step}")
    for name, kept in (("Snapshot", "Sample, 10 families"), ("Reward weights", "Deadlines first")):
        expect(page.get_by_role("combobox", name=name, exact=True)).to_have_value(kept)


def test_zoom_marked_in_the_chart_is_kept_when_the_page_runs_again(page: Page, server: str) -> None:
    """A drag over the first half of the axis zooms in; another view shows the same hours."""
    before = open_page(page, f"{server}/{RULES}")
    mark_first_half(page.locator(".js-plotly-plot .nsewdrag").first)
    zoomed = wait_for_chart(page, f"chart.range[1] < {json.dumps(before['range'][1])}")
    page.get_by_text("By family", exact=True).click()
    after = wait_for_chart(page, "chart.rows[0].startsWith('JOST')")
    assert after["range"] == zoomed["range"] == after["second_range"]


def test_narrow_page_shows_every_figure_in_full(page: Page, server: str) -> None:
    """At 800 pixels the tiles wrap instead of being cut off."""
    page.set_viewport_size({"width": 800, "height": 900})
    open_page(page, f"{server}/{RULES}")
    cut = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMetricValue] *')]
          .filter(value => value.scrollWidth > value.clientWidth + 1).length"""
    )
    assert page.locator("[data-testid=stMetricValue]").count() == 8
    assert cut == 0


def test_all_rows_scroll_inside_the_page(page: Page, server: str) -> None:
    """With every machine shown the charts are tall, and the table below is still near."""
    open_page(page, f"{server}/{RULES}")
    few = still(page.locator(".js-plotly-plot"))
    page.get_by_text("By family", exact=True).click()
    page.get_by_role("radiogroup", name="How many").get_by_text("All").click()
    wait_for_chart(page, "chart.rows.length === 40")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)  # the old one goes a moment later
    many = still(page.locator(".js-plotly-plot"))
    viewport = still(page.locator(".st-key-gantt_viewport"))
    assert many["height"] > 2 * few["height"]
    assert viewport["height"] < 700


@pytest.mark.parametrize("scheme", ["dark"])
def test_dark_scheme_gives_a_dark_page_with_bars_made_for_it(page: Page, server: str) -> None:
    """The page follows the system, and late bars have the colour meant for a dark ground."""
    chart = open_page(page, f"{server}/{RULES}")
    background = page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == "rgb(18, 24, 29)"
    assert chart["colours"][0] == "#e0664c"


def test_other_page_and_back_keeps_the_choices(page: Page, server: str) -> None:
    """About the figures explains the delay cost; back on Schedule the methods are as before."""
    open_page(page, f"{server}/{RULES}")
    page.get_by_role("link", name="About the figures").click()
    expect(page.get_by_role("heading", name="How methods are compared")).to_be_visible()
    page.get_by_role("link", name="Schedule", exact=True).click()
    chart = wait_for_chart(page)
    assert [title.split(" · ")[0] for title in chart["titles"]] == ["<b>SPT", "<b>EDD"]
