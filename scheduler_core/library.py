"""The checkpoints at hand: those that ship, those imported, the best of each run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scheduler_core.errors import ConfigError
from scheduler_core.files import write_aside

Origin = Literal["ships", "imported", "run"]
SUFFIX = ".safetensors"
_DEFAULT = "default.txt"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A checkpoint's file and what it is called: ``dispatch``, ``imported/NAME``, ``runs/ID``."""

    name: str
    path: Path
    origin: Origin


@dataclass(frozen=True, slots=True)
class Library:
    """The folders that checkpoints lie in."""

    shipped: Path
    imported: Path
    """Also holds the name of the default."""
    runs: Path

    def models(self) -> list[StoredModel]:
        """Return every checkpoint: those that ship, then imported ones, then runs, newest first."""
        shipped = [StoredModel(path.stem, path, "ships") for path in _files(self.shipped)]
        imported = [
            StoredModel(f"imported/{path.stem}", path, "imported") for path in _files(self.imported)
        ]
        best = self.runs.rglob(f"checkpoints/best{SUFFIX}")
        runs = [
            StoredModel(f"runs/{path.parents[1].relative_to(self.runs).as_posix()}", path, "run")
            for path in sorted(best, key=lambda path: path.stat().st_mtime, reverse=True)
        ]
        return [*shipped, *imported, *runs]

    def find(self, name: str) -> StoredModel | None:
        """Return the checkpoint of a name, None where there is none any more."""
        return next((model for model in self.models() if model.name == name), None)

    def default(self) -> StoredModel | None:
        """Return the checkpoint promoted to be the default; None: those that ship, by weights."""
        path = self.imported / _DEFAULT
        return self.find(path.read_text("utf-8").strip()) if path.exists() else None

    def promote(self, name: str | None) -> None:
        """Make a checkpoint the default, or, with None, those that ship again.

        Raises
        ------
        ConfigError
            If there is no checkpoint of that name.
        """
        path = self.imported / _DEFAULT
        if name is None:
            path.unlink(missing_ok=True)
            return
        if self.find(name) is None:
            raise ConfigError(f"model {name!r}: is not in the library; pick one that is")
        write_aside(path, name.encode())


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))
