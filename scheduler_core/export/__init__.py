"""Schedules as files for other programs: spreadsheets and calendars."""

from scheduler_core.export.calendars import calendar_ics, calendars_zip, file_stem, machines_in_use
from scheduler_core.export.figures import FIGURES, figure_text
from scheduler_core.export.record import Record, moment
from scheduler_core.export.workbook import schedule_xlsx

__all__ = [
    "FIGURES",
    "Record",
    "calendar_ics",
    "calendars_zip",
    "figure_text",
    "file_stem",
    "machines_in_use",
    "moment",
    "schedule_xlsx",
]
