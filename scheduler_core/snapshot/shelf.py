"""Snapshots kept on disk by their contents, so that whoever has their title finds them again."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.files import write_aside
from scheduler_core.snapshot.json_text import read_bytes
from scheduler_core.snapshot.reading import Snapshot, parse_snapshot

MAX_KEPT = 50
"""Most snapshots on a shelf; the ones put there longest ago go first."""
MAX_KEPT_BYTES = 1024 * 1024 * 1024
MAX_NAMES = 20
"""Most names that one snapshot is known by."""
MAX_SHOWN_NAME = 80
UPLOAD = "Upload"
"""Kind of a snapshot that came as a file: its name is that of the file."""
_TITLE = re.compile(r"(?P<kind>[A-Z][a-z]+), (?P<name>.+) \((?P<digest>[0-9a-f]{8})\)")


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot on a shelf."""

    kind: str
    """What it is: an upload, a scenario."""
    name: str
    path: Path
    """Its file, called by the hash of its contents, whatever the name."""

    @property
    def title(self) -> str:
        """What it is called: kind, name and the beginning of its hash."""
        return f"{self.kind}, {self.name} ({self.sha256[:8]})"

    @property
    def sha256(self) -> str:
        """The hash of its contents."""
        return self.path.stem

    def read(self) -> Snapshot:
        """Return the snapshot.

        Raises
        ------
        ProblemError
            If the file has gone, or was changed since.
        """
        data = read_bytes(self.path)
        if hashlib.sha256(data).hexdigest() != self.sha256:
            message = "was changed after it was put here; upload the snapshot again"
            raise ProblemError([Fault(self.path.name, message)])
        return parse_snapshot(data, self.name)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of snapshots. Several processes may use it at a time."""

    folder: Path

    def put(self, data: bytes, name: str, kind: str = UPLOAD) -> Kept:
        """Keep the bytes of a snapshot file and return what they are found by.

        Parameters
        ----------
        data
            A snapshot that `parse_snapshot` has read.
        name
            What people call it; any text, never used as a path.
        kind
            One capitalised word.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        path = self.folder / f"{hashlib.sha256(data).hexdigest()}.json"
        kept = Kept(kind, shown_name(name, is_file=kind == UPLOAD), path)
        if path.exists():
            os.utime(path)
        else:
            write_aside(path, data)
        known = [title for title in _titles(path) if title != kept.title]
        titles = "\n".join([kept.title, *known[: MAX_NAMES - 1]])
        write_aside(_titles_file(path), titles.encode(), sync=False)
        self._tidy(path)
        return kept

    def find(self, title: str) -> Kept | None:
        """Return what was put here under a title, None where there is none any more."""
        match = _TITLE.fullmatch(title)
        if match is None:
            return None
        for path in self.folder.glob(f"{match['digest']}*.json"):
            if title in _titles(path):
                return Kept(match["kind"], match["name"], path)
        return None

    def kept(self) -> list[Kept]:
        """Return all that is here under the name given last, the newest first."""
        found = (self.find(titles[0]) for path in self._files() if (titles := _titles(path)))
        return [each for each in found if each is not None]

    def _files(self) -> list[Path]:
        stamps = {path: stamp for path in self.folder.glob("*.json") if (stamp := _stamp(path))}
        return sorted(stamps, key=lambda path: stamps[path], reverse=True)

    def _tidy(self, newest: Path) -> None:
        """Delete what is too much, the oldest first; what was put here last stays."""
        size = 0
        others = (path for path in self._files() if path != newest)
        for count, path in enumerate((newest, *others)):
            size += _size(path)
            if count and (count >= MAX_KEPT or size > MAX_KEPT_BYTES):
                path.unlink(missing_ok=True)
                _titles_file(path).unlink(missing_ok=True)


def shown_name(name: str, *, is_file: bool = True) -> str:
    """Return a name of one short line, whatever the text; of a file, the last part of its path."""
    last = re.split(r"[\\/]", name)[-1] if is_file else name
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in last).split())
    if len(line) > MAX_SHOWN_NAME:
        line = f"{line[: MAX_SHOWN_NAME - 3]}..."
    return line or "snapshot"


def _titles_file(path: Path) -> Path:
    return path.with_suffix(".titles")


def _titles(path: Path) -> list[str]:
    try:
        return _titles_file(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _stat(path: Path) -> Iterator[os.stat_result]:
    """Yield what is known of a file, nothing where another process has just deleted it."""
    try:
        yield path.stat()
    except OSError:
        return


def _stamp(path: Path) -> int:
    return next((stat.st_mtime_ns for stat in _stat(path)), 0)


def _size(path: Path) -> int:
    return next((stat.st_size for stat in _stat(path)), 0)
