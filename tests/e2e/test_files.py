"""Files in and out, in a real browser: a table with bad rows, corrected, scheduled, exported."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.snapshot import read_snapshot
from scheduler_core.tabular import read_table
from scheduler_core.validation import validate
from tests.e2e.serving import ROOT
from tests.e2e.steps import open_page, upload, wait_for_chart

RULES = "?methods=SPT&methods=EDD&sample=Sample,+10+families"
TABLE = (ROOT / "data" / "10_jobs.csv").read_text("utf-8")

pytestmark = pytest.mark.browser


def take(page: Page, button: str, folder: Path) -> Path:
    """Press a button that gives a file, and return the file."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def schedule_in(book: Path) -> Schedule:
    """Return the schedule in a workbook, by its hours from time zero."""
    head, *rows = openpyxl.load_workbook(book)["Tasks"].iter_rows(values_only=True)
    columns = [head.index(name) for name in ("family", "sequence", "process", "machine")]
    start, end = head.index("start, h"), head.index("end, h")
    tasks = (
        ScheduledTask(*(row[i] for i in columns), round(row[start] * 3600), round(row[end] * 3600))
        for row in rows
    )
    return Schedule(tuple(tasks), "spt")


def test_table_with_bad_rows_is_corrected_scheduled_and_exported(
    page: Page, server: str, tmp_path: Path
) -> None:
    """The messages name the rows; the corrected table gives a valid schedule as Excel and HTML."""
    open_page(page, f"{server}/{RULES}")
    chart = page.locator(".js-plotly-plot")
    chart.evaluate("element => element.dataset.mark = 'as it was'")
    bad = TABLE.replace(",13.18,", ",-13.18,").replace(",24.81,", ",,")
    upload(page, "orders.csv", bad.encode())
    expect(page.get_by_text("This file was not loaded: 2 faults found.")).to_be_visible()
    # The table is drawn on a canvas; this is what a screen reader is told of it.
    table = page.locator(".st-key-rejection canvas [role=grid]").first
    expect(table).to_contain_text("row 2, column hours")
    expect(table).to_contain_text("row 3, column hours")
    # The message has pushed nothing into another place, where it would have been built anew.
    expect(chart).to_have_attribute("data-mark", "as it was")
    upload(page, "orders.csv", TABLE.encode())
    picker = page.get_by_role("combobox", name="Snapshot")
    expect(picker).to_have_value(re.compile(r"Upload, orders\.csv \([0-9a-f]{8}\)"))
    wait_for_chart(page)
    page.get_by_role("tab", name="Downloads").click()
    problem = read_snapshot(ROOT / "data" / "10_jobs.json").problem
    assert validate(problem, schedule_in(take(page, "Excel", tmp_path))) == []
    report = take(page, "Report of all plans", tmp_path)
    page.context.set_offline(True)
    own = page.context.new_page()
    own.goto(report.as_uri())
    expect(own.locator(".js-plotly-plot .barlayer .point path").first).to_be_visible()
    expect(own.get_by_role("heading", name="How SPT was made")).to_be_visible()
    own.close()
    page.context.set_offline(False)


def test_upload_outlives_a_refresh_and_its_session(page: Page, server: str) -> None:
    """The address alone brings it back: after a refresh, and in another browser."""
    open_page(page, f"{server}/{RULES}")
    upload(page, "evening.csv", TABLE.encode())
    picker = page.get_by_role("combobox", name="Snapshot")
    expect(picker).to_have_value(re.compile("Upload, evening"))
    wait_for_chart(page)
    page.reload()
    wait_for_chart(page)
    expect(picker).to_have_value(re.compile("Upload, evening"))


def test_templates_and_calendars_are_files_that_open(
    page: Page, server: str, tmp_path: Path
) -> None:
    """The template loads; the zip holds a calendar for each machine in use."""
    open_page(page, f"{server}/{RULES}")
    page.get_by_role("tab", name="Downloads").click()
    archive = zipfile.ZipFile(io.BytesIO(take(page, "iCalendar", tmp_path).read_bytes()))
    assert all(name.endswith(".ics") for name in archive.namelist())
    assert sum(archive.read(name).count(b"BEGIN:VEVENT") for name in archive.namelist()) == 33
    page.get_by_role("button", name="Templates").click()
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name="Excel").first.click()
    template = Path(download.value.path()).read_bytes()
    assert len(read_table(template, "template.xlsx").problem.families) == 3
