"""Schedules by the name of a method, as the command line and the app know them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scheduler_core.compiled import is_compiled
from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Family, Machine, Problem, Task
from scheduler_core.rules import RULES, best_rule, dispatch
from scheduler_core.schedule import Schedule

if TYPE_CHECKING:
    from scheduler_core.policy import PPOScheduler

METHODS: dict[str, str] = {
    "ppo": "Learned dispatcher: trained to do what the reward weights ask for",
    "best_rule": "Best of all rules on this snapshot, chosen with hindsight",
    "fifo": "First in, first out: the task that has waited longest",
    "edd": "Earliest due date of the family",
    "spt": "Shortest processing time",
    "lpt": "Longest processing time",
    "cr": "Critical ratio: time left to the due date / work left",
    "mdd": "Modified due date: the later of due date and earliest possible completion",
    "slack": "Least slack: time left to the due date - work left",
    "atc": "Apparent tardiness cost: short and urgent first, in balance",
    "covert": "Cost over time: expected tardiness for each hour of processing",
    "mwkr": "Most work remaining in the family",
    "srpt": "Shortest remaining processing time of the family",
    "odd": "Operational due date: the family's allowance shared out over its tasks",
    "pt_winq_slack": "Processing time + work in the next queue + negative slack",
    "feasible_edd": "Earliest due date; families that can no longer be on time go last",
    "random": "A random order",
}
"""What each method does, in the order of the menus."""

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Names of devices that `make_schedule` takes; known here without importing torch."""

ENSEMBLE_MODES: dict[str, str] = {
    "mean": "each choice by the mean of the log-probabilities",
    "vote": "each choice by the majority",
    "best_of": "each makes its schedule, and the best is kept",
}
"""How several checkpoints make one schedule; known here without importing torch."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Checkpoints that make schedules together.

    Raises
    ------
    ConfigError
        If there are none, or the mode is unknown.
    """

    models: tuple[Path, ...]
    mode: str = "best_of"
    """One of `ENSEMBLE_MODES`. By the default no schedule is worse than the members' own."""

    def __post_init__(self) -> None:
        if not self.models:
            raise ConfigError("ensemble: must have at least one checkpoint, got none")
        if self.mode not in ENSEMBLE_MODES:
            known = ", ".join(ENSEMBLE_MODES)
            raise ConfigError(f"ensemble: must be one of {known}, got {self.mode!r}")


Model = Path | Ensemble


def model_paths(model: Model) -> tuple[Path, ...]:
    """Return the files of a checkpoint or an ensemble."""
    return model.models if isinstance(model, Ensemble) else (model,)


class Dispatcher(Protocol):
    """What a checkpoint or an ensemble of them becomes."""

    def schedule(
        self, problem: Problem, weights: RewardWeights, rng: np.random.Generator | None = None
    ) -> Schedule:
        """Return a schedule, greedy or, by an ``rng``, drawn."""


def need_compiling(names: Iterable[str], *, together: bool = False) -> bool:
    """Return whether the first schedule by some methods waits for the compiler first.

    ``together`` says whether policies choose together, or draw their choices.
    """
    policy = "run_members" if together else "run_policy"
    kernels = {policy if name == "ppo" else "run_rule" for name in names}
    return not all(map(is_compiled, kernels))


def make_schedule(
    problem: Problem,
    method: str,
    weights: RewardWeights | None = None,
    *,
    model: Model | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> Schedule:
    """Return the schedule that a method makes.

    Parameters
    ----------
    problem
        What is to be scheduled.
    method
        One of `METHODS`.
    weights
        The objective; default: the default weights.
    model
        Checkpoint or ensemble for ``ppo``; default: the checkpoint that ships for these weights,
        see `shipped_model`.
    seed
        Seed of methods that draw at random.
    device
        Where ``ppo`` runs: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    ConfigError
        If the method is unknown.
    CheckpointError
        If the checkpoint is missing, damaged or of another version.
    DeviceError
        If the device is not on this machine.
    """
    _warm_up(method, model, device)
    return _make(problem, method, weights or RewardWeights(), model, seed, device)


def _make(
    problem: Problem,
    method: str,
    weights: RewardWeights,
    model: Model | None,
    seed: int,
    device: str,
) -> Schedule:
    if method == "ppo":
        return load_dispatcher(model or shipped_model(weights), device).schedule(problem, weights)
    if method == "best_rule":
        return best_rule(problem, weights)
    if method in RULES:
        return dispatch(problem, method, weights=weights, seed=seed)
    raise ConfigError(f"method {method!r} is unknown; the methods are {', '.join(METHODS)}")


@lru_cache
def _warm_up(method: str, model: Model | None, device: str) -> None:
    """Load and compile what a method needs, once, so that runtimes are those of scheduling."""
    _make(tiny_problem(), method, RewardWeights(), model, 0, device)


def tiny_problem() -> Problem:
    """Return a problem that serves to have a method load and compile what it needs."""
    task = Task(sequence=1, process_name="", machines=("machine",), durations=(1,))
    return Problem((Family("family", (task,), due=1),), (Machine("machine"),))


def shipped_model(weights: RewardWeights) -> Path:
    """Return the checkpoint that ships for some weights: one for due dates, one for the makespan.

    The latter serves where nothing but the makespan counts.
    """
    # Importing torch takes seconds, and nothing but the policy needs it.
    from scheduler_core.policy import DEFAULT_MODEL, MAKESPAN_MODEL

    asks = (weights.on_time_reward, weights.early_bonus_per_day, weights.late_penalty_per_day)
    return DEFAULT_MODEL if any(asks) or not weights.makespan_penalty_per_day else MAKESPAN_MODEL


def load_dispatcher(model: Model, device: str = "cpu") -> Dispatcher:
    """Return what makes schedules by a checkpoint, or by several together.

    Raises
    ------
    CheckpointError, DeviceError
        As `load_policy`.
    """
    if isinstance(model, Path):
        return load_policy(model, device)
    # Importing torch takes seconds, and nothing but the policy needs it.
    from scheduler_core.policy import EnsembleScheduler

    members = [load_policy(path, device) for path in model.models]
    return EnsembleScheduler(members, model.mode)


def load_policy(model: Path, device: str = "cpu") -> PPOScheduler:
    """Return the policy of a checkpoint, kept in memory until its file changes.

    Raises
    ------
    CheckpointError
        If the checkpoint is missing, damaged or of another version.
    DeviceError
        If the device is not on this machine.
    """
    changed = model.stat().st_mtime_ns if model.exists() else 0
    return _load_policy(model, changed, device)


@lru_cache(maxsize=16)
def _load_policy(path: Path, changed: int, device: str) -> PPOScheduler:  # noqa: ARG001 - a key
    # Importing torch takes seconds, and nothing but the policy needs it.
    from scheduler_core.policy import PPOScheduler

    return PPOScheduler.load(path, device)
