"""Snapshots as tables, CSV or XLSX: the door for planners whose orders are in a spreadsheet."""

from scheduler_core.tabular.reading import (
    TABLE_SUFFIXES,
    is_table,
    read_file,
    read_table,
    time_was_assumed,
    with_moment,
)
from scheduler_core.tabular.template import template_csv, template_xlsx
from scheduler_core.tabular.writing import table_csv, table_faults, table_xlsx

__all__ = [
    "TABLE_SUFFIXES",
    "is_table",
    "read_file",
    "read_table",
    "table_csv",
    "table_faults",
    "table_xlsx",
    "template_csv",
    "template_xlsx",
    "time_was_assumed",
    "with_moment",
]
