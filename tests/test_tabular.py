"""Tables of tasks: what is read from them, and how a bad row is named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.errors import ProblemError
from scheduler_core.problem import Lock, Problem, TaskStatus
from scheduler_core.snapshot import Snapshot, read_snapshot
from scheduler_core.tabular import (
    read_table,
    template_csv,
    template_xlsx,
    time_was_assumed,
    with_moment,
)
from scheduler_core.tabular import sheets as limits
from scheduler_core.tabular.machines import read_machines, write_machines

HOUR, DAY = 3600, 86_400
HEAD = "family,due date,sequence,process,hours,machine,snapshot"
ROW = "A,2025-08-08,1,turn,2,M1,2025-08-06 08:00"
TEMPLATE = template_xlsx()
DATA = Path(__file__).resolve().parents[1] / "data"


def csv_of(*rows: str, head: str = HEAD) -> bytes:
    """Return a CSV file."""
    return "\n".join([head, *rows]).encode()


def problem_of(*rows: str, head: str = HEAD) -> Problem:
    """Return the problem of a CSV file."""
    return read_table(csv_of(*rows, head=head), "t.csv").problem


def faults_of(data: bytes, name: str = "t.csv") -> list[str]:
    """Return the faults of a table."""
    with pytest.raises(ProblemError) as caught:
        read_table(data, name)
    return [str(fault) for fault in caught.value.faults]


def book_of(**sheets: list[list[Any]]) -> bytes:
    """Return a workbook of sheets of rows."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_csv_row_becomes_a_task_with_its_family() -> None:
    """The due date lasts until the end of its day: 64 hours from the snapshot at 8."""
    (family,) = problem_of(ROW).families
    assert (family.id, family.due) == ("A", 64 * HOUR)
    (task,) = family.tasks
    assert (task.sequence, task.process_name) == (1, "turn")
    assert (task.machines, task.durations) == (("M1",), (2 * HOUR,))


@pytest.mark.parametrize(
    "head",
    [
        "FAMILY_ID, LCD-Date ,Sequence No,process_name,Processing Time (h),assigned_machine,as of",
        "Job;Due;Step;Operation;Duration [h];Resource;created_at",
        "order\tdeadline\tseq\ttask\trun time\tmachines\tsnapshot time",
    ],
)
def test_columns_are_found_by_name_whatever_the_spelling(head: str) -> None:
    """Case, spaces, signs, units, synonyms and the delimiter do not matter."""
    delimiter = next(sign for sign in ";\t," if sign in head)
    row = ROW.replace(",", delimiter)
    assert problem_of(row, head=head).families == problem_of(ROW).families


def test_columns_in_another_order_give_the_same_problem() -> None:
    """Columns go by name, and one that means nothing here is kept in the document."""
    head = "machine,operator,hours,process,sequence,snapshot,due date,family"
    data = csv_of("M1,Ann,2,turn,1,2025-08-06 08:00,2025-08-08,A", head=head)
    snapshot = read_table(data, "t.csv")
    assert snapshot.problem == problem_of(ROW)
    families: Any = snapshot.document["families"]
    assert families["A"]["tasks"][0]["operator"] == "Ann"


def test_rows_with_faults_are_all_named_at_once_by_row_and_column() -> None:
    """The header of the file is the name of the column; rows count as a spreadsheet does."""
    head = HEAD.replace("due date", "Due")
    rows = [ROW, "A,2025-08-09,1,mill,-5,M1,", ",2025-08-08,3,mill,1,M1,", "B,soon,x,p,1,M1,"]
    assert faults_of(csv_of(*rows, head=head)) == [
        'row 3, column Due: must be the same in all rows of a family, got "2025-08-09" after '
        '"2025-08-08" in row 2',
        "row 3, column hours: must be > 0 hours, got -5",
        "row 3, column sequence: must be distinct in the family, got 1 again after row 2",
        "row 4, column family: is empty; name the family in every row",
        'row 5, column Due: must be a date such as 2025-08-15, got "soon"',
        'row 5, column sequence: must be a whole number, got "x"',
    ]  # fmt: skip


def test_value_of_a_later_row_that_is_none_at_all_is_named_as_that() -> None:
    """That it differs is beside the point, whichever of the two stands first."""
    head, date_rule = f"{HEAD},urgent", "must be a date such as 2025-08-15, got"
    rows = [f"{ROW},yes", "A,soon,2,p,1,M1,today,maybe", "B,soon,1,p,1,M1,,",
            "B,2025-08-08,2,p,1,M1,,", "B,2025-08-09,3,p,1,M1,,"]  # fmt: skip
    assert faults_of(csv_of(*rows, head=head)) == [
        f'row 3, column snapshot: {date_rule} "today"',
        f'row 3, column due date: {date_rule} "soon"',
        'row 3, column urgent: must be yes or no, got "maybe"',
        f'row 4, column due date: {date_rule} "soon"',
        'row 6, column due date: must be the same in all rows of a family, got "2025-08-09" '
        'after "2025-08-08" in row 5',
    ]


def test_table_without_a_row_says_so() -> None:
    """The columns alone are no shop; a missing machine is not what is wrong with it."""
    assert faults_of(csv_of()) == [
        "file: has no row below the columns in row 1; add one for each task"
    ]


def test_fault_between_two_rows_names_both_rows() -> None:
    """Locked tasks that overlap are the rule of the format; their places become rows."""
    head = f"{HEAD},locked start"
    faults = faults_of(csv_of(f"{ROW},0", "B,2025-08-08,1,turn,2,M1,,1", head=head))
    assert faults == [
        'row 3, column locked machine: overlaps row 2 on machine "M1": it starts at 1 hours, that '
        "one ends at 2; lock one of them elsewhere"
    ]


def test_missing_columns_are_named_with_what_was_found_and_the_way_out() -> None:
    """One sentence for each column."""
    faults = faults_of(b"family,operation\nA,turn\n")
    assert faults[0].startswith("columns: lack one named sequence (or seq, ")
    assert "found family, operation; add it, or begin with the template" in faults[0]
    lacking = [fault.split(" named ")[1].split(" (")[0] for fault in faults]
    assert lacking == ["sequence", "hours", "machine", "due date"]


@pytest.mark.parametrize("note", ['"3/4 bolt', '"3/4 bolt\n' + ROW + ',"3/4 nut'])
def test_quotation_mark_that_would_swallow_rows_is_refused(note: str) -> None:
    """In a column that only is kept, all tasks after it would go into one cell unseen."""
    (fault,) = faults_of(csv_of(f"{ROW},{note}", f"{ROW},fine", head=f"{HEAD},note"))
    assert fault.startswith("file: cannot be read as CSV from line 2 on (")
    assert fault.endswith('; close or remove the quotation mark (") there')


@pytest.mark.parametrize("note", ['"for Smith,\nby noon"', '"3/4" bolt', 'bolt 3/4"'])
def test_quotation_mark_that_swallows_no_row_is_read(note: str) -> None:
    """A cell of two lines as spreadsheets write it, and inches."""
    rows = f"{ROW},{note}", f"{ROW.replace(',1,', ',2,')},fine"
    assert problem_of(*rows, head=f"{HEAD},note").num_tasks == 2


def test_two_columns_of_one_meaning_are_refused() -> None:
    """Which of them counts is not for a program to guess."""
    faults = faults_of(csv_of(f"{ROW},M2", head=f"{HEAD},Resource"))
    assert faults == ["columns: are 2 that mean machine: machine, Resource; keep one"]


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2025-08-08", 64), ("08.08.2025", 64), ("8.8.2025", 64), ("2025-08-08 00:00", 64),
        ("2025-08-08T10:30", 50.5), ("08.08.2025 10:30", 50.5), ("8.8.2025 9:00:00", 49),
    ],
)  # fmt: skip
def test_date_in_a_clear_spelling_is_read(text: str, due: float) -> None:
    """ISO's spelling, or days first with dots; with a time of day it is that moment."""
    (family,) = problem_of(ROW.replace("2025-08-08", text)).families
    assert family.due == due * HOUR


@pytest.mark.parametrize("text", ["08/07/2025", "2025-13-01", "31.02.2025", "45884", "8 Aug 2025"])
def test_date_that_is_unclear_is_refused(text: str) -> None:
    """Days and months change places from country to country; a bare number is no date."""
    (fault,) = faults_of(csv_of(ROW.replace("2025-08-08", text)))
    assert fault.startswith("row 2, column due date: must be a date such as 2025-08-15, got ")


def test_decimal_commas_are_read_where_the_delimiter_is_no_comma() -> None:
    """2,5 is two and a half there; 1.250 beside it could be a thousand, and is refused."""
    head, row = HEAD.replace(",", ";"), ROW.replace(",", ";")
    half = row.replace(";2;", ";2,5;")
    assert problem_of(half, head=head).families[0].tasks[0].durations == (9000,)
    faults = faults_of(csv_of(half, half.replace("2,5", "1.250").replace("A;", "B;"), head=head))
    assert faults == [
        'row 3, column hours: must be a number of hours, got "1.250"; write it with a decimal '
        "comma, as other rows do"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_names_are_read_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    """An umlaut is one in all of them."""
    data = csv_of(ROW.replace("turn", "drehen für Ü")).decode().encode(encoding)
    assert read_table(data, "t.csv").problem.families[0].tasks[0].process_name == "drehen für Ü"


def test_cell_of_machines_says_who_can_do_a_task_and_how_fast() -> None:
    """Several, with hours of their own or the row's; empty is any of all machines."""
    problem = problem_of(
        ROW,
        'B,2025-08-08,1,p,4,"M2, M3",',
        "C,2025-08-08,1,p,4,M1=2.5; M3,",
        "D,2025-08-08,1,p,1,,",
    )
    tasks = [family.tasks[0] for family in problem.families]
    assert tasks[1].machines == ("M2", "M3")
    assert dict(zip(tasks[2].machines, tasks[2].durations, strict=True)) == {
        "M1": 9000, "M3": 4 * HOUR,
    }  # fmt: skip
    assert tasks[3].machines == ("M1", "M2", "M3")


@given(st.lists(st.text(min_size=1).filter(lambda t: t == t.strip()), min_size=1, unique=True))
def test_machines_written_in_a_cell_are_read_back(names: list[str]) -> None:
    """Whatever the names hold: separators, quotes, the word for any machine."""
    named = read_machines(write_machines(names))
    assert named is not None
    assert (list(named.hours), named.fault) == (names, None)
    timed = read_machines(write_machines({name: 2.5 for name in names}))
    assert timed is not None
    assert set(timed.hours.values()) == {2.5}


def test_started_and_locked_tasks_take_a_date_or_hours() -> None:
    """What runs since 6:30 has run for an hour and a half; the machine is the row's."""
    head = f"{HEAD},status,locked machine,locked start"
    problem = problem_of(
        f"{ROW},In progress,,2025-08-06 06:30",
        "B,2025-08-08,1,turn,2,M1; M2,,,M2,3",
        head=head,
    )
    first, second = (family.tasks[0] for family in problem.families)
    assert (first.status, first.lock) == (TaskStatus.IN_PROGRESS, Lock("M1", -5400))
    assert second.lock == Lock("M2", 3 * HOUR)


def test_table_with_dates_and_no_moment_is_refused_unless_one_is_assumed() -> None:
    """The fault says what to add; what was assumed can be told and set right."""
    data = csv_of(ROW.replace("2025-08-06 08:00", ""))
    (fault,) = faults_of(data)
    assert fault.startswith("column snapshot: is missing, but dates must be counted from")
    assumed = read_table(data, "t.csv", datetime(2025, 8, 7))
    assert time_was_assumed(assumed)
    assert assumed.problem.families[0].due == 2 * DAY
    right = with_moment(assumed, datetime(2025, 8, 6, 8))
    assert not time_was_assumed(right)
    assert right.problem == problem_of(ROW)


def test_table_of_days_remaining_needs_no_moment() -> None:
    """Times are hours then."""
    head = HEAD.replace("due date", "days remaining")
    problem = problem_of("A,-1.5,1,turn,2,M1,", head=head)
    assert (problem.families[0].due, problem.created_at) == (-1.5 * DAY, None)


def test_moments_that_differ_are_refused() -> None:
    """A table was taken once."""
    (fault,) = faults_of(csv_of(ROW, ROW.replace("A,", "B,").replace("08:00", "09:00")))
    assert fault.startswith("row 3, column snapshot: must be the same everywhere")


def test_workbook_with_real_dates_below_a_title_is_read() -> None:
    """Excel's dates and numbers are taken as they are; rows above the header do not matter."""
    rows: list[list[Any]] = [
        ["Orders of the week"], [], [*HEAD.split(",")[:6]],
        ["A", date(2025, 8, 8), 1, "turn", 2.0, "M1"], [None] * 6,
        [7.0, datetime(2025, 8, 8, 12), 1.0, 9, "3", "M1"],
    ]  # fmt: skip
    snapshot = [["created_at", datetime(2025, 8, 6, 8)], ["shift lead", "Ann"]]
    read = read_table(book_of(Orders=rows, Snapshot=snapshot), "t.xlsx")
    assert [(family.id, family.due) for family in read.problem.families] == [
        ("A", 64 * HOUR), ("7", 52 * HOUR),
    ]  # fmt: skip
    assert read.document["metadata"] == {
        "created_at": "2025-08-06T08:00:00", "shift lead": "Ann",
    }  # fmt: skip


def test_faults_of_other_sheets_are_named_by_sheet_and_row() -> None:
    """Shifts and downtime are checked by the rules of the format as well."""
    tasks = [HEAD.split(","), ["A", "2025-08-08", 1, "turn", 2, "M1", "2025-08-06 08:00"]]
    data = book_of(
        Tasks=tasks,
        Machines=[["machine", "calendar"], ["M1", "days"], ["M1", None]],
        Shifts=[["calendar", "day", "start", "end"], ["days", "monday", "25:00", "26:00"],
                ["days", "someday", "08:00", "16:00"]],
        Downtime=[["machine", "start", "end"], ["M9", 1, 2]],
    )  # fmt: skip
    faults = faults_of(data, "t.xlsx")
    assert (
        faults[0] == "sheet Downtime, row 2, column machine: must be a name in machines, "
        'got "M9"; add it there'
    )
    assert faults[1] == 'sheet Machines, row 3, column machine: names "M1" a second time; remove it'
    assert faults[2].startswith("sheet Shifts, row 2: must be a time of day")
    assert faults[-1].startswith("sheet Shifts, row 3, column day: must be monday to sunday")


def test_failed_formula_is_named() -> None:
    """What a spreadsheet shows for a broken reference is no name and no number."""
    tasks = [HEAD.split(","), ["#REF!", "2025-08-08", 1, "turn", "#N/A", "M1", "2025-08-06 08:00"]]
    assert faults_of(book_of(Tasks=tasks), "t.xlsx") == [
        "row 2, column family: must be a name, got #REF!; repair the formula",
        'row 2, column hours: must be a number of hours, got "#N/A"',
    ]


def test_formula_is_never_run() -> None:
    """A formula without a value that was saved with it is an empty cell."""
    tasks = [HEAD.split(","), ["A", "2025-08-08", 1, "turn", "=1+1", "M1", "2025-08-06 08:00"]]
    (fault,) = faults_of(book_of(Tasks=tasks), "t.xlsx")
    assert fault.startswith("row 2, column hours: is missing")


@pytest.mark.parametrize(("make", "name"), [(template_xlsx, "t.xlsx"), (template_csv, "t.csv")])
def test_template_loads_without_a_fault(make: Callable[[], str | bytes], name: str) -> None:
    """What people begin with is a good table."""
    made = make()
    read = read_table(made if isinstance(made, bytes) else made.encode(), name)
    assert [len(family.tasks) for family in read.problem.families] == [3, 2, 2]
    assert len(read.problem.machines) == 4


def test_sample_table_is_the_sample_snapshot() -> None:
    """The CSV file in data holds what the JSON file does."""
    table: Snapshot = read_table((DATA / "10_jobs.csv").read_bytes(), "10_jobs.csv")
    assert table.problem == read_snapshot(DATA / "10_jobs.json").problem


def repacked(change: Callable[[str, bytes], bytes]) -> bytes:
    """Return the template with its parts changed."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(template_xlsx())) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for part in source.namelist():
            archive.writestr(part, change(part, source.read(part)))
    return target.getvalue()


def test_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    """A file of under a megabyte that claims hundreds is not opened at all."""
    bomb = repacked(lambda part, data: b" " * (130 << 20) if "app.xml" in part else data)
    assert len(bomb) < 1 << 20
    (fault,) = faults_of(bomb, "t.xlsx")
    assert "must unpack to at most" in fault


def test_entities_that_explode_are_refused() -> None:
    """The XML parser stops them, and the file is called damaged."""
    levels = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(12))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{levels}]>'

    def change(part: str, data: bytes) -> bytes:
        if part != "xl/worksheets/sheet1.xml":
            return data
        body = data.partition(b"?>")[2] if data.startswith(b"<?xml") else data
        return head.encode() + body.replace(b"<sheetData>", b"<sheetData>&e12;", 1)

    (fault,) = faults_of(repacked(change), "t.xlsx")
    assert fault.startswith("file: is not an Excel workbook, or is damaged")


def test_zip_that_is_no_workbook_is_refused_in_plain_words() -> None:
    """The same as one of which parts are lost: nothing of what the reader of workbooks says."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("orders.txt", "A")
    without_sheets = repacked(lambda part, data: b"" if "worksheets" in part else data)
    for data in (target.getvalue(), without_sheets):
        assert faults_of(data, "t.xlsx") == [
            "file: is not an Excel workbook, or is damaged; open it in a spreadsheet and save it "
            "again as .xlsx or as CSV"
        ]  # fmt: skip


def test_sheet_that_claims_a_million_columns_is_read_by_its_cells() -> None:
    """The size that a sheet claims is not believed; a far cell is refused."""
    claims = repacked(
        lambda _, data: data.replace(
            b"<sheetViews>", b'<dimension ref="A1:XFD1048576"/><sheetViews>'
        )
    )
    assert len(read_table(claims, "t.xlsx").problem.families) == 3
    far = book_of(Tasks=[HEAD.split(","), [None] * 250 + ["far"]])
    assert faults_of(far, "t.xlsx") == [
        "file: must have at most 200 columns, got more in row 2"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "name", "start"),
    [
        (b"", "t.csv", "file: is empty"),
        (b"PK\x03\x04", "t.csv", "file: is a workbook with the name of a text file"),
        (b"a\0b", "t.csv", "file: is not text"),
        (b"family\x81", "t.csv", "file: is not text in UTF-8 or Windows-1252"),
        (b"family,due\n\"" + b"x" * 200_000, "t.csv", "file: cannot be read as CSV"),
        (b"family,due", "t.xlsx", "file: is not an XLSX workbook"),
        (b"PK\x03\x04 not a zip", "t.xlsx", "file: is not an XLSX workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "t.xlsx", "file: is not an XLSX workbook"),
        (book_of(Notes=[["nothing"]]), "t.xlsx", "file: has no sheet with tasks"),
    ],
)  # fmt: skip
def test_file_that_is_no_table_is_one_fault(data: bytes, name: str, start: str) -> None:
    """It says what the file is not, and what to do."""
    (fault,) = faults_of(data, name)
    assert fault.startswith(start)


def test_table_beyond_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes and rows are counted before anything is made of them."""
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    assert "at most 2 rows" in faults_of(csv_of(ROW, ROW))[0]
    monkeypatch.setattr(limits, "MAX_TABLE_BYTES", 10)
    assert "at most 10 bytes" in faults_of(csv_of(ROW))[0]


@given(st.binary(max_size=300) | st.text(alphabet='family,;"=\n\t0129.-', max_size=300))
def test_any_bytes_after_a_good_header_are_read_or_named(tail: bytes | str) -> None:
    """Nothing but the error for bad files is ever raised."""
    rest = tail if isinstance(tail, bytes) else tail.encode()
    for data, name in ((csv_of(ROW) + b"\n" + rest, "t.csv"), (TEMPLATE[:4000] + rest, "t.xlsx")):
        with suppress(ProblemError):
            read_table(data, name)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_workbook_with_a_byte_changed_is_read_or_named(place: int, byte: int) -> None:
    """Damage anywhere is never a crash."""
    data = bytearray(TEMPLATE)
    data[place % len(data)] = byte
    with suppress(ProblemError):
        read_table(bytes(data), "t.xlsx")


def test_dates_of_downtime_without_a_moment_are_named_each_in_its_column() -> None:
    """And no fault is made up from what they would be counted as."""
    head = [name for name in HEAD.split(",") if name != "snapshot"]
    row = ["A", date(2025, 8, 8), 1, "turn", 2, "M1"]
    down = ["M1", datetime(2025, 8, 7, 8), datetime(2025, 8, 7, 16)]
    book = book_of(Tasks=[head, row], Downtime=[["machine", "start", "end"], down])
    with pytest.raises(ProblemError) as caught:
        read_table(book, "t.xlsx", datetime(2025, 8, 6))
    places = [fault.place for fault in caught.value.faults]
    assert places == [f"sheet Downtime, row 2, column {name}" for name in ("start", "end")]
