"""Evaluations and schedules as web pages of one file each, which need no network."""

from scheduler_core.report.comparison import comparison_page
from scheduler_core.report.schedule import schedule_page
from scheduler_core.report.study import study_page

__all__ = ["comparison_page", "schedule_page", "study_page"]
