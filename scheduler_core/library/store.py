"""The folders that checkpoints lie in: what is there, what serves, what comes and goes."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

from scheduler_core.checkpoint_file import parse_header
from scheduler_core.errors import CheckpointError, ConfigError
from scheduler_core.files import write_aside
from scheduler_core.library.record import ModelRecord, fault_of, read_record

Origin = Literal["ships", "imported", "run"]
SUFFIX = ".safetensors"
MAX_BYTES = 64 * 2**20
"""Largest file that is imported; a policy takes a few hundred kilobytes."""
_DEFAULT = "default.txt"
_BEST = "best"
_FOLDER = "checkpoints"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME = 60
_PICKLES = (b"\x80", b"PK\x03\x04")
"""How files begin that only unpickling can read: pickles, and PyTorch's archives of them."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A checkpoint's file and what it is called.

    ``dispatch`` ships; ``imported/NAME``; ``runs/ID`` is the best of a run, ``runs/ID/NAME``
    another checkpoint of it.
    """

    name: str
    path: Path
    origin: Origin


@dataclass(frozen=True)
class Stage:
    """A checkpoint on the way of a run."""

    model: StoredModel
    record: ModelRecord
    best: bool
    """Whether it is the best one, by the validation of its run."""


@dataclass(frozen=True, slots=True)
class Library:
    """The folders that checkpoints lie in."""

    shipped: Path
    imported: Path
    """Also holds the name of the default."""
    runs: Path

    def models(self) -> list[StoredModel]:
        """Return those that ship, then imported ones, then the best of each run, newest first."""
        shipped = [StoredModel(path.stem, path, "ships") for path in _files(self.shipped)]
        imported = [
            StoredModel(f"imported/{path.stem}", path, "imported") for path in _files(self.imported)
        ]
        best = [path / f"{_BEST}{SUFFIX}" for path in self._run_folders()]
        runs = [StoredModel(self._name(path), path, "run") for path in best if path.exists()]
        return [*shipped, *imported, *runs]

    def run_names(self) -> list[str]:
        """Return the names of runs that have checkpoints, such as ``runs/ID``, newest first."""
        return [self._name(path / f"{_BEST}{SUFFIX}") for path in self._run_folders()]

    def checkpoints(self, run: str) -> list[StoredModel]:
        """Return the files of a run, by its name; none where there is no such run."""
        folders = self._run_folders()  # a name is looked up, never followed as a path
        named = [path for path in folders if self._name(path / f"{_BEST}{SUFFIX}") == run]
        return [model for folder in named for model in self._checkpoints_in(folder)]

    def stages(self, run: str) -> list[Stage]:
        """Return the checkpoints of a run in the order of their training, those that can be read.

        Of those with the same number of decisions one is left: they hold the same policy.
        """
        stages: dict[tuple[int, int], Stage] = {}
        for model in self.checkpoints(run):
            try:
                record = read_record(model.path)
            except CheckpointError:  # half deleted, or not one of ours
                continue
            if record.fault is None:
                best = model.path.stem == _BEST
                before = stages.get(record.place)
                kept = before.model if before else model
                same = bool(before and before.best)
                stages[record.place] = Stage(kept, record, best or same)
        return [stages[place] for place in sorted(stages)]

    def everything(self) -> list[StoredModel]:
        """Return `models`, then all other checkpoints of runs."""
        models = self.models()
        known = {model.path for model in models}
        others = (each for folder in self._run_folders() for each in self._checkpoints_in(folder))
        return [*models, *(model for model in others if model.path not in known)]

    def find(self, name: str) -> StoredModel | None:
        """Return the checkpoint of a name, None where there is none any more."""
        folders = self._run_folders if name.startswith("runs/") else list
        others = (each for folder in folders() for each in self._checkpoints_in(folder))
        return next((each for each in chain(self.models(), others) if each.name == name), None)

    def default(self) -> StoredModel | None:
        """Return the checkpoint promoted to be the default; None: those that ship, by weights."""
        path = self.imported / _DEFAULT
        return self.find(path.read_text("utf-8").strip()) if path.exists() else None

    def promote(self, name: str | None) -> None:
        """Make a checkpoint the default, or, with None, those that ship again.

        Raises
        ------
        ConfigError
            If there is no checkpoint of that name, or it cannot be used.
        """
        path = self.imported / _DEFAULT
        if name is None:
            path.unlink(missing_ok=True)
            return
        fault = fault_of(self._get(name).path)
        if fault:
            raise ConfigError(f"model {name!r}: cannot be the default, for {fault}")
        write_aside(path, name.encode())

    def add(self, data: bytes, filename: str) -> StoredModel:
        """Keep a checkpoint that somebody brings, under a name made from that of its file.

        Nothing is ever unpickled, and the name is never a path.

        Raises
        ------
        CheckpointError
            If it is not a checkpoint of this program and of its version.
        ConfigError
            If the same file is here already.
        """
        stem = _safe_stem(filename)
        _check_kind(data, stem)
        # Importing torch takes seconds, and reading what is here does not need it.
        from scheduler_core.policy.checkpoint import decode_checkpoint

        decode_checkpoint(data, stem)
        there = self.with_content(hashlib.sha256(data).hexdigest())
        if there:
            raise ConfigError(f"model {stem!r}: is here already, as {there.name!r}; pick that one")
        taken = {path.stem.lower() for path in _files(self.imported)}
        numbers = range(2, len(taken) + 3)
        free = [stem, *(f"{stem}-{number}" for number in numbers)]
        chosen = next(each for each in free if each.lower() not in taken)
        path = self.imported / f"{chosen}{SUFFIX}"
        write_aside(path, data)
        return StoredModel(f"imported/{chosen}", path, "imported")

    def with_content(self, sha256: str) -> StoredModel | None:
        """Return the checkpoint whose file has a hash, None where there is none."""
        return next((each for each in self.everything() if _sha256(each) == sha256), None)

    def delete(self, name: str) -> None:
        """Delete the file of a checkpoint; were it the default, those that ship serve again.

        Raises
        ------
        ConfigError
            If there is no checkpoint of that name, or it ships with the program.
        """
        model = self._get(name)
        if model.origin == "ships":
            raise ConfigError(
                f"model {name!r}: ships with the program and stays; promote another one to use that"
            )
        promoted = self.default()
        model.path.unlink(missing_ok=True)
        if promoted == model:
            self.promote(None)

    def _get(self, name: str) -> StoredModel:
        found = self.find(name)
        if found is None:
            raise ConfigError(f"model {name!r}: is not in the library; pick one that is")
        return found

    def _run_folders(self) -> list[Path]:
        """Return the folders of runs' checkpoints, the one written to last first."""
        found = []
        for place, folders, _ in os.walk(self.runs):
            if _FOLDER in folders:
                found.append(Path(place) / _FOLDER)
            folders[:] = [name for name in folders if name not in (_FOLDER, "tensorboard")]
        found = [path for path in found if _files(path)]
        return sorted(found, key=lambda path: (path.stat().st_mtime, path), reverse=True)

    def _checkpoints_in(self, folder: Path) -> list[StoredModel]:
        return [StoredModel(self._name(path), path, "run") for path in _files(folder)]

    def _name(self, path: Path) -> str:
        """Return the name of a checkpoint of a run."""
        run = f"runs/{path.parents[1].relative_to(self.runs).as_posix()}"
        return run if path.stem == _BEST else f"{run}/{path.stem}"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))


def _sha256(model: StoredModel) -> str | None:
    try:
        return read_record(model.path).sha256
    except CheckpointError:
        return None


def _safe_stem(filename: str) -> str:
    """Return a file's name without folders, suffix and what a file system may trip over."""
    last = re.split(r"[/\\]", filename)[-1].removesuffix(SUFFIX)
    return _UNSAFE.sub("-", last).strip(".-")[:_MAX_NAME] or "model"


def _check_kind(data: bytes, name: str) -> None:
    if len(data) > MAX_BYTES:
        raise CheckpointError(
            f"checkpoint {name}: must have at most {MAX_BYTES // 2**20} MB, "
            f"got {len(data) / 2**20:,.0f} MB; no policy of this program is that large"
        )
    try:
        parse_header(data, name)
    except CheckpointError as error:
        if not data.startswith(_PICKLES):
            raise
        raise CheckpointError(
            f"checkpoint {name}: is a pickle or an archive of PyTorch (.pt, .zip), which may run "
            f"any program when it is read; import a {SUFFIX} file"
        ) from error
