"""Scenarios: events and a moment under a name, and their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scheduler_core.errors import ConfigError, Fault, ProblemError
from scheduler_core.problem import SECONDS_PER_HOUR, Task
from scheduler_core.replanning.events import Event, MachineDown, Overrun, Overtime, RushOrder
from scheduler_core.snapshot import MISSING, Report, decode, encode
from scheduler_core.snapshot.checks import MAX_NAME

MAX_EVENTS = 100
_WHAT = "a scenario is a JSON object with a name, now and events"
_LONGEST = 100_000_000
"""Latest hour of an event: far beyond any, near enough to be exact to the second."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What may happen to a shop, seen from a moment of its plan.

    Raises
    ------
    ConfigError
        If it has no name, or more than `MAX_EVENTS` events.
    """

    name: str
    events: tuple[Event, ...]
    now: int = 0
    """The moment of re-planning, in seconds from time zero."""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME:
            raise ConfigError(
                f"scenario: its name must have 1 to {MAX_NAME} characters, got "
                f"{len(self.name.strip())}; type a name"
            )
        if len(self.events) > MAX_EVENTS:
            raise ConfigError(
                f"scenario {self.name}: must have at most {MAX_EVENTS} events, got "
                f"{len(self.events)}; remove some"
            )


def scenario_bytes(scenario: Scenario) -> bytes:
    """Return the file of a scenario, times in hours from time zero."""
    return encode(
        {
            "name": scenario.name,
            "now": _hours(scenario.now),
            "events": [_KINDS_OF[type(event)].write(event) for event in scenario.events],
        }
    )


def read_scenario(data: bytes) -> Scenario:
    """Return the scenario that the bytes of a file hold.

    Raises
    ------
    ProblemError
        With every fault of the file.
    """
    value, faults = decode(data, what=_WHAT)
    report = Report(faults)
    document = report.mapping(value, "file", _WHAT) or {}
    name = report.name(document.get("name", MISSING), "name", "the name of the scenario")
    now = report.time(document.get("now", 0), "now", _LONGEST)
    entries = report.sequence(document.get("events", MISSING), "events", "a list of events") or []
    events = [_event(report, entry, f"events[{i}]") for i, entry in enumerate(entries)]
    if report.num_wrong or name is None or now is None:
        raise ProblemError(report.faults)
    try:
        return Scenario(name, tuple(event for event in events if event is not None), now)
    except ConfigError as error:
        raise ProblemError([Fault("file", str(error))]) from None


def _event(report: Report, value: object, place: str) -> Event | None:
    entry = report.mapping(value, place, "an object with the kind of event")
    if entry is None:
        return None
    kind = entry.get("kind", MISSING)
    form = _KINDS.get(kind) if isinstance(kind, str) else None
    if form is None:
        report.wrong(kind, f"{place}.kind", f"one of {', '.join(_KINDS)}")
        return None
    wrong = report.num_wrong
    try:
        event = form.read(_Fields(report, entry, place))
    except (ConfigError, ProblemError) as error:
        if report.num_wrong == wrong:  # else it is the consequence of a fault that has its name
            report.add(place, " ".join(str(error).split()))
        return None
    return event if report.num_wrong == wrong else None


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of an object; a wrong one is reported and stands for something legal."""

    report: Report
    entry: Mapping[str, object]
    place: str

    def name(self, key: str) -> str:
        found = self.report.name(self.entry.get(key, MISSING), self._at(key), "a name")
        return found or "?"

    def text(self, key: str) -> str:
        value = self.entry.get(key, "")
        if isinstance(value, str):
            return value
        self.report.wrong(value, self._at(key), "a text")
        return ""

    def time(self, key: str) -> int:
        value = self.entry.get(key, MISSING)
        return self.report.time(value, self._at(key), _LONGEST) or 0

    def whole(self, key: str) -> int:
        return self.report.whole(self.entry.get(key, MISSING), self._at(key)) or 0

    def number(self, key: str) -> float:
        return self.report.number(self.entry.get(key, 1), self._at(key), "a number") or 0.0

    def flag(self, key: str) -> bool:
        return bool(self.report.boolean(self.entry.get(key, False), self._at(key)))

    def objects(self, key: str) -> list[_Fields]:
        values = self.report.sequence(self.entry.get(key, MISSING), self._at(key), "a list") or []
        places = [(value, f"{self._at(key)}[{i}]") for i, value in enumerate(values)]
        found = [(self.report.mapping(value, at, "an object"), at) for value, at in places]
        return [_Fields(self.report, entry, at) for entry, at in found if entry is not None]

    def hours_by_machine(self, key: str) -> dict[str, int]:
        value = self.entry.get(key, MISSING)
        found = self.report.mapping(value, self._at(key), "an object of machine to hours") or {}
        at = self._at(key)
        return {name: self.report.duration(hours, at) or 1 for name, hours in found.items()}

    def _at(self, key: str) -> str:
        return f"{self.place}.{key}"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a kind of event is written down and read."""

    write: Callable[..., dict[str, object]]
    read: Callable[[_Fields], Event]


def _write_down(event: MachineDown) -> dict[str, object]:
    span = {"start": _hours(event.start), "end": _hours(event.end)}
    return {"kind": "machine_down", "machine": event.machine, **span, "reason": event.reason}


def _read_down(fields: _Fields) -> MachineDown:
    span = (fields.time("start"), fields.time("end"))
    return MachineDown(fields.name("machine"), *span, fields.text("reason"))


def _write_overtime(event: Overtime) -> dict[str, object]:
    span = {"start": _hours(event.start), "end": _hours(event.end)}
    return {"kind": "overtime", "machine": event.machine, **span}


def _read_overtime(fields: _Fields) -> Overtime:
    return Overtime(fields.name("machine"), fields.time("start"), fields.time("end"))


def _write_rush(event: RushOrder) -> dict[str, object]:
    tasks = [
        {
            "sequence": task.sequence,
            "process_name": task.process_name,
            "capable_machines": {
                name: _hours(seconds)
                for name, seconds in zip(task.machines, task.durations, strict=True)
            },
        }
        for task in event.tasks
    ]
    return {
        "kind": "rush_order",
        "id": event.id,
        "like": event.like,
        "due": _hours(event.due),
        "weight": event.weight,
        "is_urgent": event.is_urgent,
        "tasks": tasks,
    }


def _read_rush(fields: _Fields) -> RushOrder:
    tasks = []
    for step in fields.objects("tasks"):
        hours = step.hours_by_machine("capable_machines")
        process = step.name("process_name")
        tasks.append(Task(step.whole("sequence"), process, tuple(hours), tuple(hours.values())))
    return RushOrder(
        fields.name("id"),
        tuple(tasks),
        fields.time("due"),
        fields.number("weight"),
        fields.flag("is_urgent"),
        fields.text("like"),
    )


def _write_overrun(event: Overrun) -> dict[str, object]:
    task = {"family": event.family, "sequence": event.sequence}
    return {"kind": "overrun", **task, "extra": _hours(event.extra)}


def _read_overrun(fields: _Fields) -> Overrun:
    return Overrun(fields.name("family"), fields.whole("sequence"), fields.time("extra"))


_KINDS = {
    "machine_down": _Kind(_write_down, _read_down),
    "rush_order": _Kind(_write_rush, _read_rush),
    "overtime": _Kind(_write_overtime, _read_overtime),
    "overrun": _Kind(_write_overrun, _read_overrun),
}
_KINDS_OF = {
    MachineDown: _KINDS["machine_down"],
    RushOrder: _KINDS["rush_order"],
    Overtime: _KINDS["overtime"],
    Overrun: _KINDS["overrun"],
}


def _hours(seconds: int) -> float:
    return seconds / SECONDS_PER_HOUR
