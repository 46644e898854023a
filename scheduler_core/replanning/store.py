"""A folder of scenarios of one snapshot, each in a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.files import write_aside
from scheduler_core.replanning.scenario import Scenario, read_scenario, scenario_bytes
from scheduler_core.snapshot import read_bytes


@dataclass(frozen=True, slots=True)
class Store:
    """The scenarios in a folder, which need not exist yet; one of a name."""

    folder: Path

    def scenarios(self) -> tuple[list[Scenario], list[Fault]]:
        """Return the scenarios, the oldest first, and what is wrong with files that are none."""
        found: list[Scenario] = []
        faults: list[Fault] = []
        for path in sorted(self.folder.glob("*.json"), key=_age):
            try:
                found.append(read_scenario(read_bytes(path)))
            except ProblemError as error:
                faults += [fault.of_file(path.name) for fault in error.faults]
        return found, faults

    def keep(self, scenario: Scenario) -> None:
        """Write a scenario; one of the same name gives way.

        Raises
        ------
        OSError
            If the file cannot be written; the old one is left as it was.
        """
        write_aside(self._path(scenario.name), scenario_bytes(scenario), sync=False)

    def remove(self, name: str) -> None:
        """Remove the scenario of a name, if there is one."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        # A name may hold anything, so it is never a path.
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:  # removed by somebody else just now; reading it says so
        return 0, path.name
