"""From places in a snapshot document back to rows and columns of the table it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scheduler_core.errors import Fault
from scheduler_core.tabular.columns import COLUMNS, FIELDS, title

_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')
_FIELD = re.compile(rf"(?<![\w.])(?:{'|'.join(sorted(FIELDS, key=len, reverse=True))})(?![\w.])")
_WORDS = {
    "metadata.created_at": "created_at",
    "true or false": "yes or no",
    "or null": "or empty",
}
"""What the format says, and what that is in a table."""
_ELSEWHERE = {"machines": "column machine", "families": "file"}
_START = re.compile(r"families[.\[]")


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A row of a sheet; an empty name is the sheet of tasks."""

    sheet: str
    row: int

    def __str__(self) -> str:
        row = f"row {self.row}" if self.row else ""
        sheet = f"sheet {self.sheet}" if self.sheet else ""
        return ", ".join(filter(None, (sheet, row)))


@dataclass
class Places:
    """Where in the table each object of the document stands, and the faults of the table."""

    headers: Mapping[str, str]
    """What the file calls each column of tasks."""
    decimal_comma: bool = False
    """Whether numbers of the file have one."""
    spots: dict[str, Spot] = field(default_factory=dict)
    """By the place in the document."""
    keys: dict[str, str] = field(default_factory=dict)
    """Column of the places that are one cell, by its key."""
    found: list[tuple[Spot, Fault]] = field(default_factory=list)

    def add(self, row: int, key: str | None, message: str) -> None:
        """Note a fault in a row of the tasks, at a column by its key or in the row as a whole."""
        spot = Spot("", row)
        self.found.append((spot, Fault(self._name(spot, key), message)))

    def add_in(self, spot: Spot, column: str, message: str) -> None:
        """Note a fault in another sheet."""
        self.found.append((spot, Fault(f"{spot}, column {column}", message)))

    def translate(self, faults: Iterable[Fault]) -> None:
        """Note faults of the document, each at the row that it came from."""
        for fault in faults:
            spot, name = self._spot(fault.place)
            self.found.append((spot, Fault(name, self.in_words(fault.message))))

    def in_order(self) -> list[Fault]:
        """Return all faults from the first row to the last."""
        return [fault for _, fault in sorted(self.found, key=lambda pair: pair[0])]

    def _name(self, spot: Spot, key: str | None) -> str:
        if key is None:
            return str(spot) or "file"
        column = f"column {title(COLUMNS, key, self.headers)}"
        return f"{spot}, {column}" if str(spot) else column

    def _spot(self, place: str) -> tuple[Spot, str]:
        """Return the row of a place, and what to call it."""
        outer = place
        while outer not in self.spots:
            cut = max(outer.rfind("."), outer.rfind("["))
            if cut <= 0:
                return Spot("", 0), _ELSEWHERE.get(place, place)
            outer = outer[:cut]
        spot, rest = self.spots[outer], place[len(outer) :].lstrip(".")
        if spot.sheet:
            return spot, f"{spot}, column {rest}" if rest.isalpha() else str(spot)
        key = self.keys.get(outer) or FIELDS.get(rest) or FIELDS.get(re.split(r"[.\[]", rest)[0])
        return spot, self._name(spot, "capable" if self._is_capable(rest) else key)

    def _is_capable(self, field_name: str) -> bool:
        """Return whether a field stands in the column of all that could do a task."""
        return field_name.startswith("capable_machines") and "capable" in self.headers

    def in_words(self, message: str) -> str:
        """Return a message in the words of the table: rows for places, headers for fields."""
        while start := _START.search(message):
            ends = [each.end() for each in re.finditer(r"\]", message) if each.end() > start.end()]
            end = next(
                (each for each in reversed(ends) if message[start.start() : each] in self.spots),
                None,
            )
            if end is None:
                break
            spot = self.spots[message[start.start() : end]]
            message = f"{message[: start.start()]}{spot}{message[end:]}"
        parts = _QUOTED.split(message)
        parts[::2] = [self._words(part) for part in parts[::2]]
        return "".join(parts)

    def _words(self, text: str) -> str:
        quotes, comma = "; remove the quotes", "; write it with a decimal comma, as other rows do"
        text = text.replace(quotes, comma if self.decimal_comma else "")
        for ours, theirs in _WORDS.items():
            text = text.replace(ours, theirs)
        return _FIELD.sub(lambda found: self._header(found.group()), text)

    def _header(self, name: str) -> str:
        # Words such as weight and status are plain English in a sentence.
        return title(COLUMNS, FIELDS[name], self.headers) if "_" in name else name
