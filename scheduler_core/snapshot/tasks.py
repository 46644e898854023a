"""Tasks of a snapshot file: from a JSON object to a `Task`, or to faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scheduler_core.problem import SECONDS_PER_HOUR, Lock, Task, TaskStatus, WorkingTime
from scheduler_core.snapshot.checks import MISSING, Report
from scheduler_core.snapshot.json_text import join, show

DONE = "done"
STATUSES = (*TaskStatus, DONE)


@dataclass
class Floor:
    """The machines of a snapshot, when they work, and what their locked work occupies."""

    report: Report
    machines: tuple[str, ...]
    known: frozenset[str]
    faulty: set[str] = field(default_factory=set)
    """Machines with a fault in their calendar or downtime."""
    working: dict[str, WorkingTime] = field(default_factory=dict)
    """When each machine works; those that are faulty are left out."""
    idle: frozenset[str] = frozenset()
    """Machines that have no shift in their week."""
    stranded: dict[str, str] = field(default_factory=dict)
    """Tasks that only idle machines can do: place, and one of these machines."""
    occupied: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)
    """Start, end and place of the locked tasks by machine."""
    equal_durations: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def on_any(self, seconds: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Return all machines with one time; shared, since thousands of tasks may want them."""
        durations = self.equal_durations.setdefault(seconds, (seconds,) * len(self.machines))
        return self.machines, durations


@dataclass(frozen=True)
class ReadTask:
    """A task of the file with its place, and None where it has faults."""

    place: str
    sequence: int | None
    is_done: bool
    task: Task | None
    end: int | None = None
    """When the task ends if it is locked and its machine's working time is known."""


def read_task(floor: Floor, value: object, place: str) -> ReadTask:
    """Return one task. Of a task that is done only the sequence and the status are looked at."""
    report = floor.report
    wrong_before = report.num_wrong
    raw = report.mapping(value, place, "an object with sequence, process_name, processing_time")
    if raw is None:
        return ReadTask(place, None, False, None)
    sequence = report.whole(raw.get("sequence", MISSING), f"{place}.sequence")
    status = _status(report, raw, place)
    if status == DONE:
        return ReadTask(place, sequence, True, None)
    name = report.name(raw.get("process_name", MISSING), f"{place}.process_name", "a process name")
    machines, durations = _capable(floor, raw, place)
    lock = _lock(floor, raw, place, machines, status)
    end = None
    if _is_stranded(floor, machines):
        floor.stranded[place] = machines[0]
    if lock is not None and machines:
        end = _end(floor, lock, durations[machines.index(lock.machine)], place)
        _check_lock(floor, lock, end, status, place)
        if end is not None:
            floor.occupied.setdefault(lock.machine, []).append((lock.start, end, place))
    if report.num_wrong > wrong_before or sequence is None or name is None or not machines:
        return ReadTask(place, sequence, False, None)
    task = Task(sequence, name, machines, durations, TaskStatus(status), lock)
    return ReadTask(place, sequence, False, task, end)


def _status(report: Report, raw: Mapping[str, object], place: str) -> str:
    status = raw.get("status")
    if status is None:
        return TaskStatus.PENDING
    if isinstance(status, str) and status in STATUSES:
        return status
    report.wrong(status, f"{place}.status", f"one of {', '.join(STATUSES)}")
    return TaskStatus.PENDING


def _capable(
    floor: Floor, raw: Mapping[str, object], place: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the machines that can do a task and its seconds on each; none where faulty."""
    capable = raw.get("capable_machines")
    seconds = None
    if raw.get("processing_time") is not None or not isinstance(capable, dict):
        value = raw.get("processing_time", MISSING)
        seconds = floor.report.duration(value, f"{place}.processing_time")
    assigned = _assigned(floor, raw, place)
    if isinstance(capable, dict):
        options = _timed_machines(floor, capable, f"{place}.capable_machines")
    elif capable is not None:
        options = _listed_machines(floor, capable, f"{place}.capable_machines", seconds)
    elif seconds is None:
        options = {}
    elif assigned is not None:
        options = {assigned: seconds}
    elif raw.get("assigned_machine", MISSING) is None:
        return floor.on_any(seconds)
    else:
        options = {}
    if capable is not None and assigned is not None and options and assigned not in options:
        floor.report.add(
            f"{place}.assigned_machine",
            f"must be one of the task's capable_machines or null, got {show(assigned)}",
        )
    return tuple(options), tuple(options.values())


def _assigned(floor: Floor, raw: Mapping[str, object], place: str) -> str | None:
    value = raw.get("assigned_machine", MISSING)
    if value is None or (value is MISSING and raw.get("capable_machines") is not None):
        return None
    return known_machine(floor, value, f"{place}.assigned_machine", "null for any machine")


def known_machine(floor: Floor, value: object, place: str, way_out: str = "") -> str | None:
    """Return the name of a machine that exists."""
    if not isinstance(value, str):
        floor.report.wrong(value, place, "the name of a machine", way_out)
    elif value in floor.known:
        return value
    elif floor.known:  # without any machine there is one fault, not one a task
        floor.report.add(place, f"must be a name in machines, got {show(value)}; add it there")
    return None


def _timed_machines(floor: Floor, raw: Mapping[str, object], place: str) -> dict[str, int]:
    if not raw:
        floor.report.add(place, "must name at least one machine, got an empty object")
    options = {}
    for name, hours in raw.items():
        seconds = floor.report.duration(hours, join(place, name))
        machine = known_machine(floor, name, join(place, name))
        if seconds is not None and machine is not None:
            options[machine] = seconds
    return options


def _listed_machines(
    floor: Floor, value: object, place: str, seconds: int | None
) -> dict[str, int]:
    names = floor.report.sequence(value, place, "a list of machines or an object of their hours")
    if names is None:
        return {}
    if not names:
        floor.report.add(place, "must name at least one machine, got an empty list")
    options: dict[str, int] = {}
    for index, name in enumerate(names):
        machine = known_machine(floor, name, f"{place}[{index}]")
        if machine is None:
            continue
        if machine in options:
            floor.report.add(f"{place}[{index}]", f"names {show(name)} a second time; remove it")
        options[machine] = seconds or 0
    return options if seconds is not None else {}


def _lock(
    floor: Floor, raw: Mapping[str, object], place: str, machines: tuple[str, ...], status: str
) -> Lock | None:
    """Return the fixed machine and start of a task, None where there is none or it is faulty."""
    value = raw.get("locked")
    place = f"{place}.locked"
    if value is None:
        if status == TaskStatus.IN_PROGRESS:
            floor.report.add(
                place, "is missing, but the task is in progress; give its machine and start"
            )
        return None
    lock = floor.report.mapping(value, place, "an object with machine and start")
    if lock is None:
        return None
    machine = known_machine(floor, lock.get("machine", MISSING), f"{place}.machine")
    start = floor.report.time(lock.get("start", MISSING), f"{place}.start")
    if machine is not None and machines and machine not in machines:
        floor.report.add(
            f"{place}.machine",
            f"must be a machine that can do the task, got {show(machine)}; "
            "name it in capable_machines too",
        )
    elif machine is not None and start is not None:
        return Lock(machine, start)
    return None


def _is_stranded(floor: Floor, machines: tuple[str, ...]) -> bool:
    """Return whether a task is for machines without shifts only."""
    if not machines or len(machines) > len(floor.idle):
        return False
    # Thousands of tasks that any machine can do share one tuple: it is not gone through for each.
    return machines is floor.machines or floor.idle.issuperset(machines)


def _end(floor: Floor, lock: Lock, duration: int, place: str) -> int | None:
    """Return when a locked task ends; None where its machine never works, or nobody knows when."""
    if lock.machine in floor.idle:
        if place not in floor.stranded:
            floor.report.add(
                f"{place}.locked.machine",
                f"must be a machine with shifts in its week, got {show(lock.machine)}; "
                "give it a calendar that has some, or lock the task elsewhere",
            )
        return None
    working = floor.working.get(lock.machine)
    return None if working is None else working.finish(lock.start, duration)


def _check_lock(floor: Floor, lock: Lock, end: int | None, status: str, place: str) -> None:
    """Note a start that contradicts the status of its task."""
    report, start = floor.report, lock.start / SECONDS_PER_HOUR
    if status != TaskStatus.IN_PROGRESS:
        if lock.start < 0:
            report.add(
                f"{place}.locked.start",
                f"must be >= 0 hours for a pending task, got {start:g}; is its status in_progress?",
            )
        elif end is not None:
            _check_working(floor, lock, place)
    elif lock.start > 0:
        report.add(
            f"{place}.locked.start", f"must be <= 0 hours for a task in progress, got {start:g}"
        )
    elif end is not None and end <= 0:
        report.add(
            place,
            f"is in progress but would have ended at {end / SECONDS_PER_HOUR:g} hours, not after "
            "time zero; set its status to done, or its processing_time so that it covers what "
            "remains",
        )


def _check_working(floor: Floor, lock: Lock, place: str) -> None:
    """Note a planned start while the machine does not work. What runs has started, whatever."""
    then = floor.working[lock.machine].next_working(lock.start)
    if then != lock.start:
        floor.report.add(
            f"{place}.locked.start",
            f"must be while machine {show(lock.machine)} works, got "
            f"{lock.start / SECONDS_PER_HOUR:.10g} hours; it works next at "
            f"{then / SECONDS_PER_HOUR:.10g} hours",
        )
