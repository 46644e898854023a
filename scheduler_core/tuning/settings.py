"""What decides the trials of a sweep, and the folder that it is kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scheduler_core.errors import ConfigError
from scheduler_core.files import write_aside
from scheduler_core.training import TrainingConfig
from scheduler_core.training.config import config_yaml
from scheduler_core.training.run import exclusive
from scheduler_core.tuning.space import Space, grid, parse_space
from scheduler_core.tuning.study import PRUNERS, REDUCTION, SAMPLERS
from scheduler_core.tuning.trials import INIT


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """Everything that decides which trials there are; where they run does not.

    Raises
    ------
    ConfigError
        If a field is outside its range, or the space has no grid and needs one.
    """

    space: Space = field(default_factory=dict)
    """What is searched; nothing: one trial, to run several seeds."""
    sampler: str = "tpe"
    """``tpe`` (Bergstra et al., NeurIPS 2011), ``random`` or ``grid``: every combination once."""
    trials: int = 20
    """Trials, >= 1, unless they are a grid's."""
    pruner: str = "median"
    """``median``: a trial ends at a rung where it is worse than half of those that came to the
    end, once there are five; ``halving``: where it is not in the best third (asynchronous
    successive halving, Li et al., MLSys 2020); ``none``."""
    rungs: int = 3
    """Times that a trial is judged, >= 1, the last time at its end. Each rung takes three times
    the decisions of the one before."""
    parallel: int = 1
    """Trials asked for at a time, >= 1: none of them knows how the others end."""
    seed: int = 0
    """Seed of the sampler, >= 0 and below 2**63."""
    seeds: tuple[int, ...] = (0,)
    """Seeds that each trial is trained with; its value is the mean."""
    storage: str = ""
    """Address of the database; empty: ``study.db`` in the folder."""

    def __post_init__(self) -> None:
        for name, known in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"{name}: must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )
        for name in ("trials", "rungs", "parallel"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: must be >= 1, got {getattr(self, name)}")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"seeds: must be one or more, each once, got {list(self.seeds)}")
        for seed in (self.seed, *self.seeds):
            if not 0 <= seed < 2**63:
                raise ConfigError(f"seed: must be >= 0 and below 2**63, got {seed}")
        if self.sampler == "grid":
            grid(self.space)

    @property
    def count(self) -> int:
        """How many trials there will be."""
        if not self.space:
            return 1
        return len(grid(self.space)) if self.sampler == "grid" else self.trials

    def steps(self, timesteps: int) -> tuple[int, ...]:
        """Return the decisions at each rung, ascending to all of them."""
        if not self.space:
            return (timesteps,)
        first = max(1, timesteps // REDUCTION ** (self.rungs - 1))
        steps = [first * REDUCTION**rung for rung in range(self.rungs - 1)]
        return (*(step for step in steps if step < timesteps), timesteps)


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """The files of a sweep.

    config.yaml             settings that all trials share
    sweep.json              `SweepSettings`
    init.safetensors        checkpoint that every run starts from, if they do not begin anew
    study.db                the Optuna study
    trial-<n>[/seed-<s>]/   folder of a run, or of one run for each seed
    trials.json             every trial so far
    best.yaml               settings of the best trial
    """

    path: Path

    @property
    def config(self) -> Path:
        """Settings that all trials share."""
        return self.path / "config.yaml"

    @property
    def init(self) -> Path:
        """Checkpoint that every run starts from, if there is one."""
        return self.path / INIT

    @property
    def trials(self) -> Path:
        """Every trial so far."""
        return self.path / "trials.json"

    @property
    def best(self) -> Path:
        """Settings of the best trial."""
        return self.path / "best.yaml"

    @property
    def _settings(self) -> Path:
        return self.path / "sweep.json"

    def run(self, number: int, seed: int, settings: SweepSettings) -> Path:
        """Return the folder of a run."""
        trial = self.path / f"trial-{number}"
        return trial / f"seed-{seed}" if len(settings.seeds) > 1 else trial

    def storage(self, settings: SweepSettings) -> str:
        """Return the address of the database."""
        return settings.storage or f"sqlite:///{self.path / 'study.db'}"

    def begin(self, config: TrainingConfig, settings: SweepSettings, init: Path | None) -> None:
        """Make the folder of a new sweep, whose runs start from a checkpoint or anew.

        Raises
        ------
        ConfigError
            If there is one in it already.
        """
        if self._settings.exists():
            raise ConfigError(
                f"sweep {self.path}: already holds a sweep; go on with it by --resume, or name "
                "another folder"
            )
        write_aside(self.config, config_yaml(config).encode())
        if init:
            write_aside(self.init, init.read_bytes())
        self.save(settings)  # last: a folder with settings is a sweep, which can be resumed

    def save(self, settings: SweepSettings) -> None:
        """Write the settings."""
        space = {name: what.to_document() for name, what in settings.space.items()}
        document = {**asdict(settings), "space": space}
        write_aside(self._settings, json.dumps(document, indent=1).encode())

    def load(self) -> SweepSettings:
        """Return the settings.

        Raises
        ------
        ConfigError
            If there is no sweep in the folder.
        """
        try:
            document = json.loads(self._settings.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(f"sweep {self.path}: is not the folder of a sweep") from error
        space = parse_space(document.pop("space"), self.config)
        return SweepSettings(**{**document, "space": space, "seeds": tuple(document["seeds"])})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from going on with this sweep.

        Raises
        ------
        ConfigError
            If another process does already.
        """
        refusal = f"sweep {self.path}: is being run by another process; stop that one, or wait"
        with exclusive(self.path, refusal):
            yield
