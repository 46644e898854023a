"""A training run from settings to checkpoints: the one place where everything is wired."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from scheduler_core.errors import ConfigError
from scheduler_core.files import append_line, finite_or_none, write_aside
from scheduler_core.generator import problem_stream
from scheduler_core.policy import CandidatePolicy, load_checkpoint, save_checkpoint
from scheduler_core.policy.device import DeviceChoice
from scheduler_core.training.config import config_yaml
from scheduler_core.training.imitation import Lessons, TeacherActor, imitate
from scheduler_core.training.ppo import PolicyActor, approach, collect_rollout, update
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.tasks import Job, Tasks, job_source, make_tasks
from scheduler_core.training.validation import validation_tasks

TEACHERS = ("atc", "covert", "feasible_edd", "mdd", "mwkr", "spt", "srpt")
"""Rules that teachers start from: under any weights one of these is nearly always the best."""

TEACHERS_AT_ONCE = 32
"""Problems of which teachers make schedules between two reports."""

UNIT_RULES = ("atc", "mwkr", "spt")
"""Rules that set the unit of reward in PPO: near the best, at a fraction of the time."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands, told to listeners after each update."""

    phase: str
    """``teacher``, ``imitation`` or ``ppo``."""
    timestep: int
    """Decisions of the phase so far; of the teacher, problems."""
    timesteps: int
    """Decisions, or problems, the phase will take."""
    metrics: dict[str, float]
    """The figures of this update, by name."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run leaves behind."""

    best: Path
    """Checkpoint with the lowest validation ratio."""
    ratio: float
    """Delay cost / the best rule's on validation tasks: means, and of these the geometric mean."""
    seconds: float
    """Wall time."""


Listener = Callable[[Progress], None]
Source = Callable[[np.random.Generator], Job]
"""Draws a problem with weights."""


def train(
    config: TrainingConfig,
    run: Path,
    device: DeviceChoice,
    *,
    init: Path | None = None,
    listener: Listener = lambda _: None,
) -> TrainingResult:
    """Train a policy and leave its best and last checkpoint in a run directory.

    Parameters
    ----------
    config
        Settings.
    run
        Directory of the run; made if missing. Gets ``config.yaml``, ``status.json``,
        ``metrics.jsonl`` and ``checkpoints/``.
    device
        Where the network learns; the simulator always runs on the CPU.
    init
        Checkpoint to start from, in place of random weights and imitation.
    listener
        Told of every update.

    Raises
    ------
    CheckpointError, ProblemError
        If ``init`` or a snapshot of the config cannot be read.
    ConfigError
        If the directory already holds a run.
    """
    torch.manual_seed(config.seed)
    parent = load_checkpoint(init) if init else None
    network = parent.network if parent else CandidatePolicy(config.network)
    origin = {
        "device": str(device.device),
        "init_sha256": parent.sha256 if parent else None,
        "git_commit": _git_commit(),
    }
    rng = problem_stream("train", config.seed)
    trainer = Trainer(config, run, network.to(device.device), rng, origin, listener)
    return trainer.run(warm_start=init is None)


def _git_commit() -> str | None:
    """Return the commit of the checkout that this package runs from, if it is one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


class Trainer:
    """The loop: imitation, then PPO, with validation and checkpoints on the way."""

    def __init__(
        self,
        config: TrainingConfig,
        run: Path,
        network: CandidatePolicy,
        rng: np.random.Generator,
        origin: dict[str, Any],
        listener: Listener,
    ) -> None:
        self.config = config
        self.folder = run
        self.network = network
        self.kept = network
        """What is validated and saved: the network, or the mean of its parameters."""
        self.problem_rng = rng
        self.action_rng, self.batch_rng = rng.spawn(2)
        self.origin = origin
        self.listener = listener
        self.draw: Source = job_source(config.task)
        self.validation = validation_tasks(config)
        self.best_ratio = float("inf")
        self.timestep = 0
        self.begin = perf_counter()

    def run(self, *, warm_start: bool) -> TrainingResult:
        """Train from the first update to the last."""
        if (self.folder / "metrics.jsonl").exists():
            raise ConfigError(f"run {self.folder}: already holds a run; name another directory")
        write_aside(self.folder / "config.yaml", config_yaml(self.config).encode())
        try:
            if warm_start and self.config.imitation.problems:
                self._imitate()
            self._improve()
        except BaseException:  # whatever ends it, nobody must take the run for a live one
            self._status("interrupted", self.timestep)
            raise
        self._status("finished", self.timestep)
        return TrainingResult(self.checkpoint("best"), self.best_ratio, perf_counter() - self.begin)

    def checkpoint(self, name: str) -> Path:
        """Return the path of a checkpoint of the run."""
        return self.folder / "checkpoints" / f"{name}.safetensors"

    def _imitate(self) -> None:
        """Learn from teachers on small problems."""
        settings, ppo = self.config.imitation, self.config.ppo
        optimizer = torch.optim.Adam(self.network.parameters(), settings.learning_rate)
        lessons = self._lessons()
        total, begin = settings.epochs * len(lessons.actions), perf_counter()
        for epoch in range(settings.epochs):
            _set_step_size(optimizer, settings.learning_rate, 1 - epoch / settings.epochs)
            loss = imitate(self.network, optimizer, lessons, ppo, self.batch_rng)
            done = (epoch + 1) * len(lessons.actions)
            metrics = {
                "cross_entropy": loss,
                "decisions_per_second": done / (perf_counter() - begin),
            }
            self._end_update("imitation", epoch + 1, done, total, metrics)

    def _lessons(self) -> Lessons:
        """Draw small problems, let teachers schedule them, and return what they decide."""
        settings, begin = self.config.imitation, perf_counter()
        draw = job_source(self.config.task, settings.max_families)
        parts: list[Lessons] = []
        while (done := sum(part.num_problems for part in parts)) < settings.problems:
            count = min(TEACHERS_AT_ONCE, settings.problems - done)
            tasks = self._tasks(draw, count, 1, TEACHERS, settings.swaps)
            parts.append(Lessons.of(collect_rollout(tasks, TeacherActor(tasks))))
            speed = (done + count) / (perf_counter() - begin)
            progress = {"problems_per_second": speed}
            self._report("teacher", done + count, settings.problems, progress)
        return Lessons.join(parts)

    def _improve(self) -> None:
        ppo, timesteps = self.config.ppo, self.config.timesteps
        optimizer = torch.optim.Adam(self.network.parameters(), ppo.learning_rate, eps=1e-5)
        self.kept = copy.deepcopy(self.network)
        done = updates = 0
        while done < timesteps:
            begin = perf_counter()
            left = 1 - done / timesteps
            _set_step_size(optimizer, ppo.learning_rate, left)
            tasks = self._tasks(
                self.draw, ppo.problems_per_update, ppo.rollouts_per_problem, UNIT_RULES
            )
            rollout = collect_rollout(tasks, PolicyActor(self.network, self.action_rng))
            stats = update(
                self.network, optimizer, rollout, ppo, ppo.entropy_coef * left, self.batch_rng
            )
            approach(self.kept, self.network, 1 - ppo.averaging)
            decisions = int(rollout.alive.sum())
            done += decisions
            updates += 1
            metrics = {
                "return": float(rollout.returns().mean()),
                **asdict(stats),
                "learning_rate": optimizer.param_groups[0]["lr"],
                "decisions_per_second": decisions / (perf_counter() - begin),
            }
            self._end_update("ppo", updates, done, timesteps, metrics)

    def _end_update(
        self, phase: str, updates: int, done: int, total: int, metrics: dict[str, float]
    ) -> None:
        """Validate if it is time to, or the phase is over, and tell of the update."""
        if updates % self.config.validate_every == 0 or done >= total:
            metrics = metrics | self._validate(phase, done)
        self._report(phase, done, total, metrics)

    def _tasks(
        self, draw: Source, count: int, repeats: int, rules: Sequence[str], swaps: int = 0
    ) -> Tasks:
        jobs = [draw(self.problem_rng) for _ in range(count)]
        choose, threads = self.config.task.choose_machines, os.cpu_count() or 1
        return make_tasks(
            jobs, repeats, rules, swaps=swaps, choose_machines=choose, threads=threads
        )

    def _validate(self, phase: str, done: int) -> dict[str, float]:
        """Measure the greedy policy, keep it if it is the best so far, and return the figures."""
        metrics = {}
        for name, tasks in self.validation.items():
            returns = collect_rollout(tasks, PolicyActor(self.kept, None)).returns()
            metrics[f"to_best_rule/{name}"] = float(-returns.mean())
            to_edd = -returns * tasks.unit / np.maximum(tasks.edd_cost, tasks.unit)
            metrics[f"to_edd/{name}"] = float(to_edd.mean())
        ratios = [value for name, value in metrics.items() if name.startswith("to_best_rule/")]
        metrics["to_best_rule"] = float(np.exp(np.log(np.maximum(ratios, 1e-9)).mean()))
        self._save("last", phase, done, metrics)
        if metrics["to_best_rule"] < self.best_ratio:
            self.best_ratio = metrics["to_best_rule"]
            self._save("best", phase, done, metrics)
        return metrics

    def _save(self, name: str, phase: str, done: int, metrics: dict[str, float]) -> None:
        record = {
            **self.origin,
            "config": asdict(self.config),
            "phase": phase,
            "timestep": done,
            "seconds": round(perf_counter() - self.begin, 1),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "metrics": metrics,
        }
        save_checkpoint(self.kept, record, self.checkpoint(name))

    def _report(self, phase: str, done: int, total: int, metrics: dict[str, float]) -> None:
        line = {
            "phase": phase,
            "timestep": done,
            "seconds": round(perf_counter() - self.begin, 2),
            **{name: finite_or_none(value) for name, value in metrics.items()},
        }
        append_line(self.folder / "metrics.jsonl", json.dumps(line, allow_nan=False))
        self.timestep = done
        self._status(phase, done)
        self.listener(Progress(phase, done, total, metrics))

    def _status(self, state: str, done: int) -> None:
        best = finite_or_none(self.best_ratio)
        status = {"state": state, "timestep": done, "best_to_best_rule": best}
        write_aside(self.folder / "status.json", json.dumps(status, allow_nan=False).encode())


def _set_step_size(optimizer: torch.optim.Optimizer, first: float, left: float) -> None:
    """Let the step size fall from ``first`` to a tenth of it, as the share ``left`` goes to 0."""
    optimizer.param_groups[0]["lr"] = first * (0.1 + 0.9 * left)
