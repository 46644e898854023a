"""Machines that tasks name and the sheet of machines lacks: most likely slips of the keyboard."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from scheduler_core.snapshot.json_text import show

_SHOWN = 5
"""Most further rows that a fault names."""
_GUESSED = 20
"""Most names that a close one is looked for: each is compared with all machines."""
_LONGEST = 60
"""Most letters of a name that is compared; time grows with their square."""


@dataclass
class Unlisted:
    """Rows by the machine that they name, where a sheet lists the machines and not this one."""

    sheet: str = ""
    """Name of the sheet of machines; empty where there is none, or none is in it."""
    rows: dict[str, dict[int, str]] = field(default_factory=dict)
    """Rows of each machine, with the key of the column."""

    def note(self, row: int, key: str, machine: str) -> None:
        """Note that a row names a machine that is not listed so far."""
        if self.sheet:
            self.rows.setdefault(machine, {}).setdefault(row, key)

    def faults(self, listed: Collection[str]) -> Iterator[tuple[int, str, str]]:
        """Yield row, key of the column and message for each machine, at the first row with it.

        Rows of the tasks that name a machine alone list it too, and may come last: ``listed`` are
        the machines in the end.
        """
        likely = {name.casefold(): name for name in listed if len(name) <= _LONGEST}
        unlisted = [name for name in self.rows if name not in listed]
        for number, name in enumerate(unlisted):
            (row, key), *others = self.rows[name].items()
            close = _closest(name, likely) if number < _GUESSED else None
            correct = f"correct it to {show(close)}, the closest there" if close else "correct it"
            also = _also([each for each, _ in others])
            message = f"must be a machine of sheet {self.sheet}, got {show(name)}{also}; {correct}"
            yield row, key, f"{message}, or add a row for it to that sheet"


def _closest(name: str, likely: dict[str, str]) -> str | None:
    """Return the name that is most like another, whatever their case; None if none is."""
    if len(name) > _LONGEST:
        return None
    close = difflib.get_close_matches(name.casefold(), likely, n=1)
    return likely[close[0]] if close else None


def _also(rows: list[int]) -> str:
    """Return further rows as a part of a sentence."""
    more = len(rows) - _SHOWN
    words = [*map(str, rows[:_SHOWN]), *([f"{more} more"] if more > 0 else [])]
    if len(words) < 2:
        return f", also in row {words[0]}" if words else ""
    return f", also in rows {', '.join(words[:-1])} and {words[-1]}"
