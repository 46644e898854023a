"""Snapshots as tables: what is written reads back as the same problem."""

from __future__ import annotations

import dataclasses
import io
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings

from scheduler_core.errors import ProblemError
from scheduler_core.problem import Problem
from scheduler_core.snapshot import Snapshot, parse_snapshot, read_snapshot, snapshot_from_problem
from scheduler_core.tabular import read_table, table_csv, table_faults, table_xlsx
from tests.properties.strategies import problems
from tests.snapshots.documents import TASK, changed, dumped

DATA = Path(__file__).resolve().parents[1] / "data"
CREATED_AT = datetime(2025, 8, 6, 8)  # a Wednesday
MONDAY = -(2 * 86_400 + 8 * 3600)


@settings(max_examples=50)
@given(problems(week_start=MONDAY))
def test_any_problem_written_as_a_workbook_reads_back_the_same(problem: Problem) -> None:
    """Shifts, downtime, locks, machines of any kind: to the second, machines in their order."""
    dated = dataclasses.replace(problem, created_at=CREATED_AT)
    assert read_table(table_xlsx(snapshot_from_problem(dated)), "t.xlsx").problem == dated


@settings(max_examples=50)
@given(problems(calendars=False, downtime=False))
def test_plain_problem_written_as_csv_reads_back_the_same(problem: Problem) -> None:
    """One table holds families, tasks, locks and the list of machines."""
    dated = dataclasses.replace(problem, created_at=CREATED_AT)
    assert read_table(table_csv(snapshot_from_problem(dated)).encode(), "t.csv").problem == dated


@pytest.mark.parametrize(
    "created_at",
    [
        None,
        datetime(2025, 8, 6, 8, 0, 0, 700_000),
        datetime(2025, 8, 6, 8, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
@given(problem=problems(releases=False, calendars=False))
@settings(max_examples=10)
def test_time_zero_of_any_kind_keeps_every_second(
    problem: Problem, created_at: datetime | None
) -> None:
    """Without a date, with a fraction of a second, in a zone."""
    dated = dataclasses.replace(problem, created_at=created_at)
    assert read_table(table_xlsx(snapshot_from_problem(dated)), "t.xlsx").problem == dated


def test_sample_in_shifts_survives_a_round_trip_through_excel() -> None:
    """The largest mixture that ships."""
    snapshot = read_snapshot(DATA / "60_shifts.json")
    assert read_table(table_xlsx(snapshot), "t.xlsx").problem == snapshot.problem


def test_due_date_in_a_table_is_what_counts_when_it_is_changed() -> None:
    """Days remaining are written as a date, so that nobody edits the one that does not count."""
    book = openpyxl.load_workbook(io.BytesIO(table_xlsx(parse_snapshot(dumped()))))
    page = book["Tasks"]
    head = [cell.value for cell in page[1]]
    assert "days remaining" not in head
    cell = page.cell(2, head.index("due date") + 1)
    assert cell.is_date
    for row in (2, 3):  # both tasks of the first family
        page.cell(row, head.index("due date") + 1).value = datetime(2025, 8, 20, 8)
    target = io.BytesIO()
    book.save(target)
    assert read_table(target.getvalue(), "t.xlsx").problem.families[0].due == 14 * 86_400


def test_fields_of_tasks_that_nothing_here_knows_are_kept() -> None:
    """They are columns of their own, and done tasks stay what they are."""
    done = changed(((*TASK, "status"), "done"), ((*TASK, "operator"), "Ann"))
    read = read_table(table_xlsx(snapshot_of(done)), "t.xlsx")
    families: Any = read.document["families"]
    assert families["JOST1"]["tasks"][0]["operator"] == "Ann"
    assert families["JOST1"]["tasks"][0]["original_quantity"] == 1000
    assert read.num_done == 1


def snapshot_of(document: dict[str, Any]) -> Snapshot:
    """Return the snapshot of a document."""
    return parse_snapshot(json.dumps(document).encode())


@pytest.mark.parametrize("name", ["=1+1", "+49", "-5", "@cmd", "'=x", "''+"])
def test_names_that_look_like_formulas_are_texts_and_read_back(name: str) -> None:
    """No spreadsheet runs them, from either format."""
    document = changed(((*TASK, "process_name"), name))
    snapshot = snapshot_of(document)
    for data, kind in ((table_xlsx(snapshot), "t.xlsx"), (table_csv(snapshot).encode(), "t.csv")):
        assert read_table(data, kind).problem == snapshot.problem
    page = openpyxl.load_workbook(io.BytesIO(table_xlsx(snapshot)))["Tasks"]
    cells = [cell for row in page.iter_rows() for cell in row if cell.value == name]
    assert [cell.data_type for cell in cells] == ["s"]
    assert not any(
        cell.startswith(("=", "+", "-", "@"))
        for line in table_csv(snapshot).splitlines()
        for cell in line.split(",")
    )


@pytest.mark.parametrize("name", [" P", "P\t", "a\nb", "a\x07b"])
def test_names_that_a_table_would_change_are_refused(name: str) -> None:
    """Blanks around a name are lost on the way: better to say so."""
    snapshot = snapshot_of(changed(((*TASK, "process_name"), name)))
    (fault,) = table_faults(snapshot)
    assert fault.place == "families.JOST1.tasks[0].process_name"
    assert "take JSON instead" in fault.message
    with pytest.raises(ProblemError, match="a table cannot hold it"):
        table_xlsx(snapshot)


def test_csv_of_a_shop_in_shifts_is_refused_with_the_way_out() -> None:
    """One table has no place for shifts."""
    with pytest.raises(ProblemError, match="take Excel instead"):
        table_csv(read_snapshot(DATA / "60_shifts.json"))
