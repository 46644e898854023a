"""What commands write: a schedule in the format that the name of its file asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scheduler_core.export import Record, calendar_ics, calendars_zip, schedule_xlsx
from scheduler_core.files import write_aside
from scheduler_core.schedule_file import schedule_csv, schedule_document, write_schedule


def _html(record: Record) -> bytes:
    from scheduler_core.report import schedule_page  # loads Plotly, which nothing else here needs

    return schedule_page([record]).encode()


FORMATS: dict[str, Callable[[Record], bytes]] = {
    ".csv": lambda record: schedule_csv(record.problem, record.schedule).encode(),
    ".xlsx": schedule_xlsx,
    ".ics": calendar_ics,
    ".zip": calendars_zip,
    ".html": _html,
}
"""Formats beside JSON, by suffix; a zip file holds an iCalendar file for each machine."""


def write_record(record: Record, path: Path) -> None:
    """Write a schedule, whole or not at all: as JSON unless the suffix says otherwise.

    Raises
    ------
    ScheduleFileError
        If the format cannot hold it.
    OSError
        If the file cannot be written; the old one is left as it was.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is not None:
        write_aside(path, form(record))
        return
    document = schedule_document(
        record.snapshot, record.schedule, record.weights, record.metrics, record.certificate
    )
    write_schedule(document, path)
