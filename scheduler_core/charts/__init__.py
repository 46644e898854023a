"""Schedules as Plotly figures: pure functions that know no web page."""

from scheduler_core.charts.due import DueStatus, due_status, due_statuses
from scheduler_core.charts.gantt import MAX_LABELLED_BARS, View, gantt, row_names

__all__ = [
    "MAX_LABELLED_BARS",
    "DueStatus",
    "View",
    "due_status",
    "due_statuses",
    "gantt",
    "row_names",
]
