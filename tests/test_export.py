"""Schedules for other programs: workbooks, calendars, pages."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import icalendar
import openpyxl
import pytest

from scheduler_core.errors import ScheduleFileError
from scheduler_core.export import (
    FIGURES,
    Record,
    calendar_ics,
    calendars_zip,
    figure_text,
    machines_in_use,
    schedule_xlsx,
)
from scheduler_core.methods import make_schedule
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import Problem
from scheduler_core.report import schedule_page
from scheduler_core.schedule import Schedule, ScheduledTask
from scheduler_core.snapshot import read_snapshot, snapshot_from_problem
from scheduler_core.validation import validate
from tests.builders import Call
from tests.test_schedule_file import PROBLEM, SCHEDULE
from ui import glossary

DATA = Path(__file__).resolve().parents[1] / "data"
HOUR = 3600


def record_of(problem: Problem = PROBLEM, schedule: Schedule = SCHEDULE) -> Record:
    """Return a schedule as a record."""
    snapshot, weights = snapshot_from_problem(problem, name="shop"), RewardWeights()
    metrics = measure(problem, schedule, weights)
    certificate = {"replay": "scheduler schedule shop.json", "checkpoint_sha256": "abc"}
    return Record(snapshot, schedule, weights, metrics, "EDD", certificate)


def in_shifts() -> Record:
    """Return EDD's schedule of the sample in shifts."""
    problem = read_snapshot(DATA / "60_shifts.json").problem
    return record_of(problem, make_schedule(problem, "edd"))


def sheet_of(record: Record, title: str) -> list[dict[str, object]]:
    """Return a sheet of the workbook, each row by the heads of its columns."""
    page = openpyxl.load_workbook(io.BytesIO(schedule_xlsx(record)))[title]
    head, *rows = page.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_workbook_holds_the_schedule_as_the_validator_accepts_it() -> None:
    """Tasks read from the sheet, by hours from time zero, break no rule."""
    record = in_shifts()
    tasks = tuple(
        ScheduledTask(
            str(row["family"]), int(str(row["sequence"])), str(row["process"]), str(row["machine"]),
            round(float(str(row["start, h"])) * HOUR), round(float(str(row["end, h"])) * HOUR),
        )
        for row in sheet_of(record, "Tasks")
    )  # fmt: skip
    assert tasks == record.schedule.tasks
    assert validate(record.problem, Schedule(tasks, "edd")) == []


def test_workbook_tells_work_from_pauses_in_real_dates_and_numbers() -> None:
    """Start plus work plus pauses is the end, on the wall clock."""
    rows = sheet_of(in_shifts(), "Tasks")
    assert any(row["hours paused"] for row in rows)
    for row in rows:
        start, end = row["start"], row["end"]
        assert isinstance(start, datetime)
        assert isinstance(end, datetime)
        hours = float(str(row["hours of work"])) + float(str(row["hours paused"]))
        assert end - start == pytest.approx(timedelta(hours=hours), abs=timedelta(seconds=1))


def test_workbook_lists_families_with_what_they_are_late() -> None:
    """F2 is due an hour before time zero and ends an hour and 7 seconds after; F1 ends 0.5 h on."""
    families = {row["family"]: row for row in sheet_of(record_of(), "Families")}
    assert families["F2"]["hours late"] == pytest.approx(2 + 7 / HOUR)
    assert families["F1"]["hours late"] == pytest.approx(0.5 + 7 / HOUR)
    assert families["F1"]["due"] == datetime(2025, 8, 6, 9)
    assert families["F1"]["status"] == "late"


def test_workbook_adds_up_the_work_of_each_machine() -> None:
    """The one machine never rests until the makespan."""
    (machine,) = sheet_of(record_of(), "Machines")
    assert (machine["tasks"], machine["share of makespan"]) == (3, 1)


def test_workbook_has_every_figure_and_what_made_the_schedule() -> None:
    """Values are the metrics; the origin names hash, model, command and weights."""
    record = record_of()
    values = {row["figure"]: row["value"] for row in sheet_of(record, "KPIs")}
    assert values["Late families"] == record.metrics.late_families
    about = {row["what"]: row["value"] for row in sheet_of(record, "About")}
    assert about["Snapshot SHA-256"] == record.snapshot.sha256
    assert about["Model SHA-256"] == "abc"
    assert about["Made again by"] == "scheduler schedule shop.json"
    assert about["Weight on_time_reward"] == 100


def test_workbook_shows_names_like_formulas_as_text() -> None:
    """The process -1+2 of the second family is neither run nor changed."""
    page = openpyxl.load_workbook(io.BytesIO(schedule_xlsx(record_of())))["Tasks"]
    cell = next(cell for cell in page["C"] if cell.value == "-1+2")
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_workbook_without_a_date_counts_in_hours() -> None:
    """Where time zero has no date, the columns of dates hold hours."""
    undated = record_of(dataclasses.replace(PROBLEM, created_at=None))
    assert [row["start"] for row in sheet_of(undated, "Tasks")][:2] == [0, 1]


def events_of(data: bytes) -> list[icalendar.Event]:
    """Return the events of a calendar, as the library reads them."""
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_calendar_of_a_machine_has_an_event_for_each_task() -> None:
    """Times float: eight o'clock is eight o'clock wherever the file is opened."""
    events = events_of(calendar_ics(record_of(), "M"))
    assert [event["summary"] for event in events] == ["F1 · P1", "F2 · -1+2", "F1 · P2"]
    assert events[0]["dtstart"].dt == datetime(2025, 8, 6, 8)
    assert events[0]["dtend"].dt == datetime(2025, 8, 6, 9)


def test_calendar_of_a_snapshot_with_a_zone_is_in_utc() -> None:
    """Eight o'clock at two hours east of Greenwich is six in UTC."""
    zoned = datetime(2025, 8, 6, 8, tzinfo=timezone(timedelta(hours=2)))
    record = record_of(dataclasses.replace(PROBLEM, created_at=zoned))
    assert events_of(calendar_ics(record, "M"))[0]["dtstart"].dt == datetime(
        2025, 8, 6, 6, tzinfo=UTC
    )


def test_calendars_know_tasks_by_ids_that_the_next_plan_keeps() -> None:
    """Ids are distinct, and the same when the plan is another; equal plans give equal bytes."""
    record = in_shifts()
    other = record_of(record.problem, make_schedule(record.problem, "spt"))
    ids = {str(event["uid"]) for event in events_of(calendar_ics(record))}
    assert len(ids) == record.problem.num_tasks
    assert ids == {str(event["uid"]) for event in events_of(calendar_ics(other))}
    assert calendars_zip(record) == calendars_zip(record)


def test_zip_of_calendars_holds_every_task_once_under_safe_names() -> None:
    """Names of machines are no paths, and names that would collide do not."""
    names = ["../../etc/passwd", "a/b", "a\\b", "A_B", "ünïcode", "=cmd"]
    tasks = [ScheduledTask("F1", i, "P", name, i, i + 1) for i, name in enumerate(names)]
    record = record_of(schedule=Schedule(tuple(tasks), "edd"))
    archive = zipfile.ZipFile(io.BytesIO(calendars_zip(record)))
    files = archive.namelist()
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.ics", name) for name in files)
    assert len({name.casefold() for name in files}) == len(names)
    events = [event for name in files for event in events_of(archive.read(name))]
    assert sorted(str(event["location"]) for event in events) == sorted(names)
    assert machines_in_use(record) == sorted(names)


def test_calendar_lines_cannot_be_broken_by_names() -> None:
    """A line break in a name does not begin a property of its own."""
    task = ScheduledTask("F1\r\nATTENDEE:x", 1, "a;b,c\\d\x00", "M", 0, 1)
    data = calendar_ics(record_of(schedule=Schedule((task,), "edd")), "M")
    assert b"\r\nATTENDEE" not in data
    assert events_of(data)[0]["summary"] == "F1  ATTENDEE:x · a;b,c\\d "


def test_calendar_without_a_date_or_beyond_all_dates_is_refused() -> None:
    """One sentence with the way out."""
    with pytest.raises(ScheduleFileError, match="needs the date of time zero"):
        calendar_ics(record_of(dataclasses.replace(PROBLEM, created_at=None)))
    far = Schedule((ScheduledTask("F1", 1, "P", "M", 0, 10**12),), "edd")
    with pytest.raises(ScheduleFileError, match="must end before the year 10000"):
        calendar_ics(record_of(schedule=far))


def test_page_holds_charts_figures_and_origin_and_asks_nothing_of_a_network() -> None:
    """It is one file: no script, style or picture from elsewhere, no way to a cloud."""
    record = record_of()
    html = schedule_page([record, dataclasses.replace(record, label="PPO")])
    body = html[html.rindex("</script>\n</head>") :]
    assert record.snapshot.sha256 in body
    assert "scheduler schedule shop.json" in body
    assert body.count("How ") == 2
    assert '"showSendToCloud": false' in body
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", body)
    for figure in FIGURES:
        assert figure_text(figure, record.metrics) in body


def test_page_shows_hostile_names_as_text() -> None:
    """A family, machine or file that is called like a script does not become one."""
    evil = "</script><script>alert(1)</script>"
    task = dataclasses.replace(PROBLEM.families[0].tasks[0], process_name=evil)
    family = dataclasses.replace(PROBLEM.families[0], id=evil, tasks=(task,))
    problem = dataclasses.replace(PROBLEM, families=(family,))
    record = record_of(problem, make_schedule(problem, "edd"))
    named = dataclasses.replace(record.snapshot, name=evil)
    html = schedule_page([dataclasses.replace(record, snapshot=named, label=evil)])
    assert "<script>alert" not in html


def test_figures_of_files_are_those_of_the_screen() -> None:
    """Same names, same units, same direction."""
    shown = {each.name: each for each in (*glossary.FIGURES, *glossary.MORE_FIGURES)}
    assert {figure.name for figure in FIGURES} == set(shown) == {
        field.name for field in dataclasses.fields(Metrics)
    }  # fmt: skip
    for figure in FIGURES:
        screen = shown[figure.name]
        assert (figure.label, figure.unit) == (screen.label, screen.unit)
        assert figure.better.startswith(screen.better)


@pytest.mark.parametrize("suffix", [".json", ".csv", ".xlsx", ".ics", ".zip", ".html"])
def test_schedule_command_takes_a_table_and_writes_the_format_of_the_suffix(
    call: Call, tmp_path: Path, suffix: str
) -> None:
    """The sample table in, each format out."""
    code, _, err = call(
        "schedule", DATA / "10_jobs.csv", "--method", "edd", "--out", f"plan{suffix}"
    )
    assert (code, err) == (0, "")
    start = {".json": b"{", ".csv": b"family_id,", ".xlsx": b"PK", ".zip": b"PK",
             ".ics": b"BEGIN:VCALENDAR", ".html": b"<!doctype html>"}[suffix]  # fmt: skip
    assert (tmp_path / f"plan{suffix}").read_bytes().startswith(start)


def test_validate_command_names_the_rows_of_a_bad_table(call: Call, tmp_path: Path) -> None:
    """With the file in front, as for every other fault."""
    (tmp_path / "t.csv").write_text("family,due,seq,process,hours,machine\nA,2025-08-08,1,p,0,M\n")
    code, _, err = call("validate", "t.csv")
    assert code == 1
    assert "t.csv: row 2, column hours: must be > 0 hours, got 0" in err
    assert "t.csv: column snapshot: is missing" in err
