"""Published benchmark instances as problems: job shops, and flexible ones.

Three forms are read. All are text, one row a line; what follows a ``#`` is a comment.

- *Standard*, as in JSPLIB: ``jobs machines``; then for each job a row of pairs ``machine time``,
  machines counted from 0.
- *Taillard's*: ``jobs machines``, perhaps with two seeds and two bounds behind; then a row of times
  for each job, then a row of machines for each, counted from 1. Lines of words may announce the
  sizes, the times and the machines, as on Taillard's page.
- *Flexible*, Brandimarte's ``.fjs``: ``jobs machines``, perhaps with the mean number of machines
  that can do an operation; then for each job a row: its number of operations, and for each of them
  the number of machines that can do it and as many pairs ``machine time``, machines from 1.

Jobs become the families J1, J2 and so on; machines are M1, M2 and so on whatever the file counts
from. In the first two forms each job must visit each machine once: a file where one does not is
more often cut off or mixed up than meant, and the flexible form can say it too.

What is published is the makespan; there are no due dates. A family is due when it would be done if
it had the shop to itself: with weights that count lateness, late means that it had to wait.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import dropwhile
from pathlib import Path

from scheduler_core.errors import ConfigError, Fault, ProblemError
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import MAX_TIME, SECONDS_PER_HOUR, Family, Machine, Problem, Task
from scheduler_core.snapshot import Report, read_bytes, show
from scheduler_core.snapshot.reading import MAX_FAMILIES, MAX_MACHINES, MAX_TASKS

MAKESPAN_WEIGHTS = RewardWeights(
    on_time_reward=0.0,
    early_bonus_per_day=0.0,
    late_penalty_per_day=0.0,
    makespan_penalty_per_day=-24.0,
)
"""The score is minus the makespan in hours, so in the file's units where one is an hour."""
MAX_BYTES = 8 * 1024 * 1024
"""Largest file parsed; 100 jobs on 20 machines take 12 kB."""
MAX_LINES = 3 * MAX_FAMILIES

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]*)?")

Options = list[tuple[int, int]]
"""The machines that can do an operation, counted from 0, each with its time in units."""
Jobs = list[list[Options]]


class Form(StrEnum):
    """How a file writes an instance down."""

    STANDARD = "standard"
    TAILLARD = "taillard"
    FLEXIBLE = "flexible"

    @property
    def most_sizes(self) -> int:
        """The most numbers in the line that says how many jobs and machines there are."""
        return {Form.STANDARD: 2, Form.TAILLARD: 6, Form.FLEXIBLE: 3}[self]


def read_instance(
    path: str | os.PathLike[str],
    form: Form | None = None,
    *,
    seconds_per_unit: int = SECONDS_PER_HOUR,
) -> Problem:
    """Return the problem in a file; see `parse_instance`.

    Raises
    ------
    ProblemError
        With every fault of the file, or that it cannot be read.
    ConfigError
        If ``seconds_per_unit`` is out of its range.
    """
    name = Path(path).name
    return parse_instance(read_bytes(path), name, form, seconds_per_unit=seconds_per_unit)


def parse_instance(
    data: bytes,
    name: str = "instance",
    form: Form | None = None,
    *,
    seconds_per_unit: int = SECONDS_PER_HOUR,
) -> Problem:
    """Return the problem that the bytes of an instance file hold.

    Parameters
    ----------
    data
        UTF-8 text in one of the three forms.
    name
        Name of the file: it is flexible if that ends in ``.fjs``.
    form
        Which form it has; None to tell by the name, the headings and the length of the rows.
    seconds_per_unit
        How long the file's unit of time is, from 1 to `MAX_TIME`. At an hour, the default, the
        figure ``makespan_hours`` is the makespan as it is published.

    Raises
    ------
    ProblemError
        With every fault found. Nothing else is raised, whatever the bytes.
    ConfigError
        If ``seconds_per_unit`` is out of its range.
    """
    if type(seconds_per_unit) is not int or not 1 <= seconds_per_unit <= MAX_TIME:
        message = f"must be a whole number from 1 to {MAX_TIME}, got {seconds_per_unit!r}"
        raise ConfigError(f"seconds_per_unit: {message}")
    lines = _lines(_text(data))
    form = form or _form_of(name, lines)
    if form is Form.TAILLARD:
        lines = list(dropwhile(lambda line: line.is_words, lines)) or lines
    num_jobs, num_machines = _sizes(lines[0], form)
    first_machine = 0 if form is Form.STANDARD else 1
    reader = _Reader(num_jobs, num_machines, first_machine, MAX_TIME // seconds_per_unit)
    jobs = _READERS[form](reader, lines[1:])
    reader.check_totals(jobs)
    if reader.report.faults:
        raise ProblemError(reader.report.faults)
    return job_shop(jobs, num_machines, seconds_per_unit)


def job_shop(jobs: Jobs, num_machines: int, seconds_per_unit: int = SECONDS_PER_HOUR) -> Problem:
    """Return the problem of some jobs, each a row of operations, as if it came from a file."""
    machines = tuple(Machine(f"M{machine}") for machine in range(1, num_machines + 1))
    families = []
    for job, operations in enumerate(jobs, 1):
        tasks = tuple(
            Task(
                sequence,
                f"J{job}-{sequence}",
                machines=tuple(machines[machine].name for machine, _ in options),
                durations=tuple(seconds_per_unit * time for _, time in options),
            )
            for sequence, options in enumerate(operations, 1)
        )
        families.append(Family(f"J{job}", tasks, due=sum(task.shortest for task in tasks)))
    return Problem(tuple(families), machines)


@dataclass(frozen=True, slots=True)
class _Line:
    """The words of a line that has any, comments left out."""

    number: int
    words: list[str]

    @property
    def place(self) -> str:
        return f"line {self.number}"

    @property
    def is_words(self) -> bool:
        return self.words[0][0].isalpha()

    @property
    def heading(self) -> str | None:
        """What the line announces in Taillard's form, None if it announces nothing."""
        if not self.is_words:
            return None
        text = " ".join(self.words[:20]).lower()
        signs = {"seed": "sizes", "bound": "sizes", "time": "times", "machine": "machines"}
        return next((announced for sign, announced in signs.items() if sign in text), None)


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _refused("file", f"must be at most {MAX_BYTES} bytes, got {len(data)}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(
            "file",
            f"is not UTF-8 text (byte {data[error.start]:#04x} at position {error.start}); "
            "save it with the encoding UTF-8",
        ) from None


def _lines(text: str) -> list[_Line]:
    rows = text.splitlines()
    if len(rows) > MAX_LINES:
        raise _refused("file", f"must have at most {MAX_LINES} lines, got {len(rows)}")
    lines = [_Line(number, row.partition("#")[0].split()) for number, row in enumerate(rows, 1)]
    lines = [line for line in lines if line.words]
    if not lines:
        raise _refused("file", "is empty; an instance begins with the numbers of jobs and machines")
    return lines


def _form_of(name: str, lines: Sequence[_Line]) -> Form:
    if Path(name).suffix.lower() == ".fjs":
        return Form.FLEXIBLE
    if any(line.heading for line in lines):
        return Form.TAILLARD
    sizes = lines[0].words
    if len(sizes) == Form.FLEXIBLE.most_sizes:
        return Form.FLEXIBLE
    first_row = lines[1].words if len(lines) > 1 else []
    times_alone = len(sizes) > 1 and sizes[1] == str(len(first_row))
    return Form.TAILLARD if times_alone else Form.STANDARD


def _sizes(line: _Line, form: Form) -> tuple[int, int]:
    """Return the numbers of jobs and machines."""
    report, words = Report(), line.words
    if not 2 <= len(words) <= form.most_sizes:
        many = "2" if form.most_sizes == 2 else f"2 to {form.most_sizes}"
        message = f"must be {many} numbers, the first two of jobs and of machines"
        raise _refused(line.place, f"{message}, got {_listed(words)}; is it in the {form} form?")
    jobs = _whole(report, words[0], line.place, "number of jobs", 1, MAX_FAMILIES)
    machines = _whole(report, words[1], line.place, "number of machines", 1, MAX_MACHINES)
    for word in words[2:]:
        if not _NUMBER.fullmatch(word):
            report.add(line.place, f"must be numbers only, got {show(word)}")
    if report.faults or jobs is None or machines is None:
        raise ProblemError(report.faults)
    if form is not Form.FLEXIBLE and jobs * machines > MAX_TASKS:
        message = f"must have at most {MAX_TASKS} operations, got {jobs} x {machines}"
        raise _refused(line.place, message)
    return jobs, machines


@dataclass(frozen=True, slots=True)
class _Reader:
    """What the three forms share: sizes, limits, and the faults as they are found."""

    num_jobs: int
    num_machines: int
    first_machine: int
    """Number of the first machine in the file."""
    max_time: int
    """Longest time in units."""
    report: Report = field(default_factory=Report)

    def pair(self, machine: str, time: str, place: str) -> tuple[int, int]:
        """Return a machine, counted from 0, and a time there; the least legal for faulty ones."""
        low = self.first_machine
        high = low + self.num_machines - 1
        way_out = f"; in this form machines count from {low}"
        number = _whole(self.report, machine, place, "machine", low, high, way_out)
        way_out = "; leave the operation out, in the flexible form" if not time.strip("+-0") else ""
        units = _whole(self.report, time, place, "time", 1, self.max_time, way_out)
        return (0 if number is None else number - low), units or 1

    def has_rows(self, rows: Sequence[_Line], what: str, width: int | None = None) -> bool:
        """Return whether there is one row a job, each of ``width`` numbers, or note what is not."""
        known = len(self.report.faults)
        for job, row in enumerate(rows[: self.num_jobs], 1):
            if width is not None and len(row.words) != width:
                message = f"must be {width} numbers, {what}, got {len(row.words)}"
                place = f"job {job} ({row.place})"
                self.report.add(place, f"{message}; each job has a line of its own")
        if len(rows) < self.num_jobs:
            message = f"must have {self.num_jobs} rows, one a job, of {what}, got {len(rows)}"
            self.report.add("file", f"{message}; is it cut off?")
        elif len(rows) > self.num_jobs:
            message = f"must be the end after {self.num_jobs} jobs, got one more row of {what}"
            self.report.add(rows[self.num_jobs].place, f"{message}; remove it, or count it in")
        return len(self.report.faults) == known

    def route(self, job: int, lines: str, pairs: Iterable[tuple[str, str]]) -> list[Options]:
        """Return the operations of a job that visits each machine once, or note if it does not."""
        known = len(self.report.faults)
        route = [
            self.pair(machine, time, f"job {job}, operation {operation} ({lines})")
            for operation, (machine, time) in enumerate(pairs, 1)
        ]
        visits = Counter(machine for machine, _ in route).most_common(1)
        if len(self.report.faults) == known and visits[0][1] > 1:
            number = visits[0][0] + self.first_machine
            message = f"must visit each machine once, got {visits[0][1]} visits to machine {number}"
            way_out = "the flexible form can say such a job"
            self.report.add(f"job {job} ({lines})", f"{message}; {way_out}")
        return [[option] for option in route]

    def check_totals(self, jobs: Jobs) -> None:
        """Note jobs that take longer than a problem can hold."""
        for job, operations in enumerate(jobs, 1):
            total = sum(min(time for _, time in options) for options in operations)
            if total > self.max_time:
                message = f"must take at most {self.max_time} units of time, got {total}"
                self.report.add(f"job {job}", f"{message}; make seconds_per_unit smaller")


def _standard(reader: _Reader, rows: Sequence[_Line]) -> Jobs:
    what = f"a machine and a time for each of {reader.num_machines} operations"
    if not reader.has_rows(rows, what, 2 * reader.num_machines):
        return []
    return [reader.route(job, row.place, _pairs(row.words)) for job, row in enumerate(rows, 1)]


def _taillard(reader: _Reader, lines: Sequence[_Line]) -> Jobs:
    announced: dict[str, list[_Line]] = {}
    rows = announced.setdefault("times", [])
    for line in lines:
        if line.heading == "sizes":
            message = "must not begin another instance; put each into a file of its own"
            raise _refused(line.place, message)
        if line.heading is None:
            rows.append(line)
        else:
            rows = announced.setdefault(line.heading, [])
    times = announced["times"]
    if "machines" not in announced:
        times, announced["machines"] = times[: reader.num_jobs], times[reader.num_jobs :]
    machines, width = announced["machines"], reader.num_machines
    complete = reader.has_rows(times, "times", width)
    if not reader.has_rows(machines, "machines", width) or not complete:
        return []
    jobs = []
    for job, (of_times, of_machines) in enumerate(zip(times, machines, strict=True), 1):
        lines_of = f"lines {of_times.number} and {of_machines.number}"
        pairs = zip(of_machines.words, of_times.words, strict=True)
        jobs.append(reader.route(job, lines_of, pairs))
    return jobs


def _flexible(reader: _Reader, rows: Sequence[_Line]) -> Jobs:
    if not reader.has_rows(rows, "operations"):
        return []
    jobs: Jobs = []
    num_operations = 0
    for job, row in enumerate(rows, 1):
        jobs.append(_flexible_job(reader, f"job {job}", row))
        num_operations += len(jobs[-1])
        if num_operations > MAX_TASKS:
            raise _refused(row.place, f"must not be more than {MAX_TASKS} operations together")
    return jobs


def _flexible_job(reader: _Reader, job: str, row: _Line) -> list[Options]:
    report, words, at = reader.report, row.words, 1
    place = f"{job} ({row.place})"
    count = _whole(report, words[0], place, "number of operations", 1, MAX_TASKS)
    operations: list[Options] = []
    for operation in range(1, (count or 0) + 1):
        place = f"{job}, operation {operation} ({row.place})"
        if at >= len(words):
            report.add(place, f"is missing, the line says {count} operations; is it cut off?")
            return operations
        what = "number of machines"
        num_options = _whole(report, words[at], place, what, 1, reader.num_machines)
        if num_options is None:
            return operations
        pairs = words[at + 1 : at + 1 + 2 * num_options]
        if len(pairs) < 2 * num_options:
            message = f"must be {num_options} pairs of machine and time, got {len(pairs)} numbers"
            report.add(place, f"{message}; is it cut off?")
            return operations
        known = len(report.faults)
        options = [reader.pair(machine, time, place) for machine, time in _pairs(pairs)]
        if len(report.faults) == known and len(dict(options)) < num_options:
            report.add(place, "must have distinct machines, got one twice; keep one")
        operations.append(options)
        at += 1 + 2 * num_options
    if count is not None and at < len(words):
        left = _listed(words[at:])
        report.add(place, f"must be the last of {count}, got {left} more; correct the counts")
    return operations


_READERS = {Form.STANDARD: _standard, Form.TAILLARD: _taillard, Form.FLEXIBLE: _flexible}


def _pairs(words: Sequence[str]) -> zip[tuple[str, str]]:
    return zip(words[::2], words[1::2], strict=True)


def _whole(
    report: Report, word: str, place: str, what: str, low: int, high: int, way_out: str = ""
) -> int | None:
    """Return a whole number from ``low`` to ``high``, or note the fault and return None."""
    if not _WHOLE.fullmatch(word):
        report.add(place, f"{what} must be a whole number, got {show(word)}")
    elif not low <= int(word) <= high:
        report.add(place, f"{what} must be from {low} to {high}, got {int(word)}{way_out}")
    else:
        return int(word)
    return None


def _listed(words: Sequence[str]) -> str:
    return "1 number" if len(words) == 1 else f"{len(words)} numbers"


def _refused(place: str, message: str) -> ProblemError:
    return ProblemError([Fault(place, message)])
