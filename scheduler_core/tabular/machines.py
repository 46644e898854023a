"""A cell that names machines: ``M1``, ``M1; M2``, ``M1=2.5; M2=3``, or empty for any."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduler_core.snapshot import show
from scheduler_core.tabular.cells import Json, as_number

_ANY = frozenset({"", "*", "any", "any machine"})
_SPECIAL = set(';,="')
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^";=]*?))\s*(?:=([^";]*))?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Named:
    """Machines named in a cell with their hours, None where they have none of their own."""

    hours: Mapping[str, Json]
    fault: str | None = None
    """What is wrong with the cell as a whole."""

    @property
    def have_hours(self) -> bool:
        """Whether a machine has hours of its own."""
        return any(each is not None for each in self.hours.values())


def read_machines(text: str | None, *, decimal_comma: bool = False) -> Named | None:
    """Return the machines that a cell names, None for any machine.

    Where there is no semicolon, commas part the names too; a name in double quotes may hold
    either.
    """
    if text is None or text.strip().casefold() in _ANY:
        return None
    separator = ";" if _outside_quotes(text, ";") or decimal_comma else ","
    hours: dict[str, Json] = {}
    for part in _split(text, separator):
        match = _PART.fullmatch(part)
        if match is None:
            return Named({}, f"must name machines such as M1; M2 or M1=2.5; M2=3, got {show(part)}")
        quoted, bare, given = match.groups()
        name = bare if quoted is None else quoted.replace('""', '"')
        if not name.strip():
            if part.strip():
                return Named({}, f"must name a machine before its hours, got {show(part.strip())}")
            continue  # a separator too many
        if name in hours:
            return Named({}, f"names {show(name)} a second time; remove it")
        hours[name] = None if given is None else as_number(given, decimal_comma=decimal_comma)
    return Named(hours) if hours else None


def _outside_quotes(text: str, sign: str) -> bool:
    return len(_split(text, sign)) > 1


def _split(text: str, separator: str) -> list[str]:
    """Split a text where a separator stands outside of double quotes."""
    parts, start, quoted = [], 0, False
    for place, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif sign == separator and not quoted:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def write_machines(machines: Sequence[str] | Mapping[str, int | float]) -> str:
    """Return the cell that `read_machines` reads back."""
    names = [_quoted(name) for name in machines]
    if isinstance(machines, Mapping):
        times = machines.values()
        names = [f"{name}={hours!r}" for name, hours in zip(names, times, strict=True)]
    return "; ".join(names)


def _quoted(name: str) -> str:
    if name.casefold() in _ANY or _SPECIAL & set(name):
        return '"' + name.replace('"', '""') + '"'
    return name
