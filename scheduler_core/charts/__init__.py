"""Schedules as Plotly figures: pure functions that know no web page."""

from scheduler_core.charts.due import DueStatus, due_status, due_statuses
from scheduler_core.charts.gantt import MAX_LABELLED_BARS, gantt, row_names
from scheduler_core.charts.hours import MAX_CLOSED, MAX_DOWN, Standstills, standstills
from scheduler_core.charts.overview import MAX_BARS, busiest_window, overview
from scheduler_core.charts.rewards import Axis, Kind, Mark, terms_of_scores, trade_off
from scheduler_core.charts.sheet import Trail, View
from scheduler_core.charts.stages import cost_curve
from scheduler_core.charts.training import Band, Curve, Panel, training_curves
from scheduler_core.charts.whatif import before_after

__all__ = [
    "MAX_BARS",
    "MAX_CLOSED",
    "MAX_DOWN",
    "MAX_LABELLED_BARS",
    "Axis",
    "Band",
    "Curve",
    "DueStatus",
    "Kind",
    "Mark",
    "Panel",
    "Standstills",
    "Trail",
    "View",
    "before_after",
    "busiest_window",
    "cost_curve",
    "due_status",
    "due_statuses",
    "gantt",
    "overview",
    "row_names",
    "standstills",
    "terms_of_scores",
    "trade_off",
    "training_curves",
]
