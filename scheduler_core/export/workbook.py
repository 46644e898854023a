"""A schedule as an XLSX workbook: tasks, families, figures, machines, how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from scheduler_core.export.figures import FIGURES
from scheduler_core.export.record import Record, moment
from scheduler_core.problem import SECONDS_PER_HOUR
from scheduler_core.schedule import ScheduledTask
from scheduler_core.spreadsheet import Header, Sheet, Value, workbook_bytes

_HOURS = "#,##0.00"
_FORMS = {"%": "0.0%", "h": "#,##0.0", "s": "0.000", "points": "#,##0", "": "#,##0"}
Rows = Iterator[tuple[Value, ...]]


def schedule_xlsx(record: Record) -> bytes:
    """Return a workbook with dates and numbers that a spreadsheet can reckon with.

    Times are dates by the shop's wall clock where time zero has one, else hours from it.
    """
    sheets = [_tasks(record), _families(record), _figures(record), _machines(record)]
    return workbook_bytes([*sheets, _about(record)], record.problem.created_at)


def _tasks(record: Record) -> Sheet:
    headers = (
        Header("family", 18), Header("sequence", 10), Header("process", 24), Header("machine", 22),
        Header("start", 17, _HOURS), Header("end", 17, _HOURS), Header("hours of work", 10, _HOURS),
        Header("hours paused", 10, _HOURS), Header("start, h", 10, _HOURS),
        Header("end, h", 10, _HOURS), Header("family due", 17, _HOURS),
    )  # fmt: skip
    return Sheet("Tasks", headers, _task_rows(record))


def _task_rows(record: Record) -> Rows:
    problem = record.problem
    due = record.due()
    working = {machine.name: machine.working_time for machine in problem.machines}
    for task in record.schedule:
        elapsed = work = task.end - task.start
        if task.machine in working:  # else a fault that the validator names
            work = working[task.machine].work_between(task.start, task.end)
        yield (
            task.family_id, task.sequence, task.process_name, task.machine,
            moment(problem, task.start), moment(problem, task.end),
            work / SECONDS_PER_HOUR, (elapsed - work) / SECONDS_PER_HOUR,
            task.start / SECONDS_PER_HOUR, task.end / SECONDS_PER_HOUR,
            moment(problem, due.get(task.family_id)),
        )  # fmt: skip


def _families(record: Record) -> Sheet:
    headers = (
        Header("family", 18), Header("tasks", 8), Header("urgent", 9), Header("weight", 9),
        Header("material arrival", 17, _HOURS), Header("due", 17, _HOURS),
        Header("completion", 17, _HOURS), Header("hours late", 11, _HOURS),
        Header("status", 10), Header("last machine", 22),
    )  # fmt: skip
    return Sheet("Families", headers, _family_rows(record))


def _family_rows(record: Record) -> Rows:
    problem = record.problem
    completions = record.schedule.completions(problem)
    last = {task.family_id: task.machine for task in sorted(record.schedule, key=_end)}
    for family in sorted(problem.families, key=lambda family: (family.due, family.id)):
        end = completions.get(family.id)
        late = None if end is None else max(0, end - family.due) / SECONDS_PER_HOUR
        status = "never done" if late is None else "late" if late else "on time"
        yield (
            family.id, len(family.tasks), "yes" if family.is_urgent else "no", family.weight,
            moment(problem, family.release) if family.release else None,
            moment(problem, family.due), moment(problem, end), late, status, last.get(family.id),
        )  # fmt: skip


def _end(task: ScheduledTask) -> int:
    return task.end


def _figures(record: Record) -> Sheet:
    headers = (Header("figure", 24), Header("value", 14), Header("unit", 10), Header("better", 10))
    rows = (
        (each.label, _rounded(each.value(record.metrics)), each.unit, each.better)
        for each in FIGURES
    )
    forms = [_FORMS[each.unit] for each in FIGURES]
    return Sheet("KPIs", headers, rows, has_filter=False, forms=forms)


def _rounded(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _machines(record: Record) -> Sheet:
    headers = (
        Header("machine", 24), Header("tasks", 8), Header("hours of work", 12, _HOURS),
        Header("share of makespan", 12, "0.0%"), Header("first start", 17, _HOURS),
        Header("last end", 17, _HOURS), Header("calendar", 16),
    )  # fmt: skip
    return Sheet("Machines", headers, _machine_rows(record))


def _machine_rows(record: Record) -> Rows:
    problem, makespan = record.problem, record.schedule.makespan
    in_order = sorted(record.schedule, key=lambda task: task.machine)
    tasks = {name: list(own) for name, own in groupby(in_order, key=lambda task: task.machine)}
    for machine in problem.machines:
        own = tasks.get(machine.name, [])
        work = sum(machine.working_time.work_between(task.start, task.end) for task in own)
        yield (
            machine.name, len(own), work / SECONDS_PER_HOUR, work / makespan if makespan else 0.0,
            moment(problem, min((task.start for task in own), default=None)),
            moment(problem, max((task.end for task in own), default=None)),
            machine.calendar.name if machine.calendar else "round the clock",
        )  # fmt: skip


def _about(record: Record) -> Sheet:
    """Return what made the schedule, and the weights it was judged by."""
    headers = (Header("what", 28), Header("value", 100, wraps=True))
    pairs: list[tuple[str, Value]] = list(record.provenance())
    created_at = record.problem.created_at
    time_zero = "has no date" if created_at is None else created_at.isoformat(" ")
    pairs.append(("Time zero", time_zero))
    pairs += [(f"Weight {name}", value) for name, value in record.weights.to_dict().items()]
    return Sheet("About", headers, pairs, has_filter=False)
