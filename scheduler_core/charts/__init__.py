"""Schedules as Plotly figures: pure functions that know no web page."""

from scheduler_core.charts.due import DueStatus, due_status, due_statuses
from scheduler_core.charts.gantt import MAX_LABELLED_BARS, gantt, row_names
from scheduler_core.charts.hours import MAX_CLOSED, MAX_DOWN, Standstills, standstills
from scheduler_core.charts.sheet import View
from scheduler_core.charts.training import Band, Curve, Panel, training_curves

__all__ = [
    "MAX_CLOSED",
    "MAX_DOWN",
    "MAX_LABELLED_BARS",
    "Band",
    "Curve",
    "DueStatus",
    "Panel",
    "Standstills",
    "View",
    "due_status",
    "due_statuses",
    "gantt",
    "row_names",
    "standstills",
    "training_curves",
]
