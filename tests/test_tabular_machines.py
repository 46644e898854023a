"""Machines of a workbook: those that its sheet lists, and those that only tasks name."""

from __future__ import annotations

from typing import Any

from scheduler_core.tabular import read_table
from tests.test_tabular import HEAD, book_of, faults_of


def shop_of(machines: list[list[Any]], *named: str) -> bytes:
    """Return a workbook with a sheet of machines, and a family with a task for each cell."""
    tasks = [["A", 3, i, "p", 1, cell] for i, cell in enumerate(named, 1)]
    head = HEAD.replace("due date", "days remaining").split(",")[:6]
    return book_of(Tasks=[head, *tasks], Machines=[["machine", "calendar"], *machines])


def test_machine_that_the_sheet_of_machines_lacks_is_named_with_the_closest() -> None:
    """A slip of the keyboard would be a machine of its own, with nothing else to do."""
    data = shop_of([["PACKING"], ["MILL-1"]], "PACKNIG", "mill-1; MILL-1", "PACKNIG", "Z9=2")
    rule = "column machine: must be a machine of sheet Machines, got"
    add = "or add a row for it to that sheet"
    assert faults_of(data, "t.xlsx") == [
        f'row 2, {rule} "PACKNIG", also in row 4; correct it to "PACKING", the closest there, '
        f"{add}",
        f'row 3, {rule} "mill-1"; correct it to "MILL-1", the closest there, {add}',
        f'row 5, {rule} "Z9"; correct it, {add}',
    ]


def test_machine_misspelt_in_many_rows_is_one_fault() -> None:
    """The first rows are named and the others counted."""
    (fault,) = faults_of(shop_of([["MILL-1"]], *["MILL-11"] * 9), "t.xlsx")
    assert fault.startswith("row 2, column machine: ")
    assert ', got "MILL-11", also in rows 3, 4, 5, 6, 7 and 3 more; correct it to "MILL-1"' in fault


def test_machine_of_a_lock_must_be_listed_too() -> None:
    """It is named at its own column."""
    columns = "family,days remaining,sequence,process,hours,machine,locked machine,locked start"
    tasks = [columns.split(","), ["A", 3, 1, "p", 1, "", "M2", 0]]
    data = book_of(Tasks=tasks, Machines=[["machine"], ["M1"]])
    (fault,) = faults_of(data, "t.xlsx")
    assert fault.startswith("row 2, column locked machine: must be a machine of sheet Machines")


def test_sheet_of_machines_with_a_head_alone_lists_none() -> None:
    """Then the machines are those that tasks name, as in a workbook without the sheet."""
    problem = read_table(shop_of([], "M1", "M2"), "t.xlsx").problem
    assert [machine.name for machine in problem.machines] == ["M1", "M2"]


def test_row_of_tasks_with_a_machine_alone_lists_it_beside_the_sheet() -> None:
    """Wherever the row stands."""
    head = HEAD.replace("due date", "days remaining").split(",")[:6]
    rows = [head, ["A", 3, 1, "p", 1, "M2"], [*[None] * 5, "M2"]]
    data = book_of(Tasks=rows, Machines=[["machine"], ["M1"]])
    assert [machine.name for machine in read_table(data, "t.xlsx").problem.machines] == ["M1", "M2"]
