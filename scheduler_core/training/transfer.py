"""Transfer: what a policy learned elsewhere is worth on new problems.

Two runs with one budget, on the same problems: one goes on from the policy, the other starts from
nothing. Measures after Taylor and Stone, "Transfer learning for reinforcement learning domains",
Journal of Machine Learning Research 10, 2009: the jumpstart, the final policy, and the time that it
takes the one to get where the other ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scheduler_core.executors import Executor
from scheduler_core.files import write_aside
from scheduler_core.policy import load_checkpoint
from scheduler_core.training.ledger import Listener, TrainingResult
from scheduler_core.training.run import RunFolder
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.trainer import train


@dataclass(frozen=True, slots=True)
class TransferResult:
    """Delay costs relative to the best rule's on the problems to transfer to: lower is better."""

    at_once: float
    """The policy as it was, without training."""
    fine_tuned: float
    """The best on the way from there."""
    from_scratch: float
    """The best on the way from nothing, warm start and all."""
    seconds_fine_tuned: float
    seconds_from_scratch: float
    seconds_to_equal: float | None
    """Seconds of fine-tuning until it was as good as the best from scratch, if ever."""
    elsewhere: tuple[float, float] | None
    """Where the problems are snapshots: the same on all others, before and after."""

    def to_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)


def transfer(
    config: TrainingConfig,
    source: Path,
    folder: Path,
    *,
    executor: Executor | None = None,
    listener: Listener = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TransferResult | None:
    """Fine-tune a policy, train another from scratch, and compare them; None if stopped.

    Parameters
    ----------
    config
        Settings of both runs. The network from scratch is of the source's size.
    source
        Checkpoint of the policy.
    folder
        Gets the runs ``fine-tuned`` and ``from-scratch``, and ``transfer.json``. Runs in it that
        had stopped go on.
    executor, listener, should_stop
        As of `scheduler_core.training.trainer.train`.

    Raises
    ------
    CheckpointError, ConfigError, DeviceError, ProblemError
        As `train`.
    """
    network = load_checkpoint(source).network.config
    settings = {
        "fine-tuned": config,
        "from-scratch": replace(config, network=network, freeze_encoder=False),
    }
    results: dict[str, TrainingResult] = {}
    for name, each in settings.items():
        run = RunFolder(folder / name)
        begun = run.config.exists()
        init = source if name == "fine-tuned" and not begun else None
        results[name] = TrainingResult.read(run.path) or train(
            each,
            run.path,
            init=init,
            resume=begun,
            executor=executor,
            listener=listener,
            should_stop=should_stop,
        )
        if results[name].state == "stopped":
            return None
    found = _compare(folder, results["fine-tuned"], results["from-scratch"])
    write_aside(folder / "transfer.json", json.dumps(found.to_dict(), indent=1).encode())
    return found


def _compare(folder: Path, tuned: TrainingResult, scratch: TrainingResult) -> TransferResult:
    name = "to_best_rule_elsewhere"
    return TransferResult(
        at_once=tuned.start["to_best_rule"],
        fine_tuned=tuned.ratio,
        from_scratch=scratch.ratio,
        seconds_fine_tuned=tuned.seconds,
        seconds_from_scratch=scratch.seconds,
        seconds_to_equal=_seconds_until(folder / "fine-tuned", scratch.ratio),
        elsewhere=(tuned.start[name], tuned.metrics[name]) if name in tuned.start else None,
    )


def _seconds_until(run: Path, ratio: float) -> float | None:
    """Return after how long a run was as good as ``ratio``, if ever."""
    for metrics, timing in RunFolder(run).lines():
        if metrics.get("to_best_rule", float("inf")) <= ratio:
            return float(timing["seconds"])
    return None
