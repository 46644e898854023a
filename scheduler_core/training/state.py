"""What a run carries from one update to the next, and how it is written to the last checkpoint.

Everything random in a run is drawn from streams named after the seed and the number of the update
(`scheduler_core.generator.problem_stream`), so these numbers are all there is to random states: a
run that goes on from here does, bit for bit, what it would have done had it never stopped.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from scheduler_core.errors import CheckpointError
from scheduler_core.files import finite_or_none
from scheduler_core.policy import CandidatePolicy, Checkpoint
from scheduler_core.policy.checkpoint import encode_checkpoint
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.teachers import Plan

Phase = Literal["teacher", "imitation", "ppo"]


@dataclass
class Counters:
    """Where a run stands, in numbers."""

    phase: Phase = "teacher"
    update: int = 0
    """Updates of the phase done; of the teacher, blocks of problems."""
    timestep: int = 0
    """Decisions of the phase done; of the teacher, problems."""
    seconds: float = 0.0
    """Wall time so far, without the time between stopping and going on."""
    best_ratio: float = math.inf
    """The lowest ratio of all validations."""
    unimproved: int = 0
    """Validations of PPO since then."""
    sizes: tuple[int, int] = (0, 0)
    """Bytes of metrics and timing."""
    start: dict[str, float] = field(default_factory=dict)
    """Figures of the validation before PPO."""
    best: dict[str, float] = field(default_factory=dict)
    """Figures of the best validation."""
    last: dict[str, float] = field(default_factory=dict)
    """Figures of the last validation."""


@dataclass
class TrainingState:
    """A run between two updates."""

    network: CandidatePolicy
    """What learns."""
    kept: CandidatePolicy
    """What is validated and saved: the network, or in PPO the mean of its parameters."""
    optimizer: torch.optim.Adam
    counters: Counters = field(default_factory=Counters)
    plans: list[Plan] = field(default_factory=list)
    """Schedules of the teacher, until they have been imitated."""
    behind: dict[str, Tensor] = field(default_factory=dict)
    """Weights that the next rollout is collected by, where that overlaps with an update."""

    @classmethod
    def fresh(cls, network: CandidatePolicy, config: TrainingConfig) -> TrainingState:
        """Return the state of a run that has done nothing yet."""
        return cls(network, network, make_optimizer(network, "teacher", config))

    def enter(self, phase: Phase, config: TrainingConfig) -> None:
        """Begin the next phase."""
        self.counters.phase = phase
        self.counters.update = self.counters.timestep = 0
        self.optimizer = make_optimizer(self.network, phase, config)
        if phase == "ppo":
            self.kept = copy.deepcopy(self.network)
            self.plans.clear()

    def encode(self, record: Mapping[str, Any]) -> bytes:
        """Return the state as a checkpoint of its policy."""
        counters = asdict(self.counters)
        counters["best_ratio"] = finite_or_none(self.counters.best_ratio)
        tensors: dict[str, Tensor] = {}
        if self.kept is not self.network:
            state = self.network.state_dict()
            tensors |= {f"network.{name}": tensor for name, tensor in state.items()}
        tensors |= {f"behind.{name}": each for name, each in self.behind.items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": each for name, each in moments.items()}
        tensors |= _plans_to_tensors(self.plans)
        return encode_checkpoint(self.kept, {**record, "training": counters}, tensors)

    @classmethod
    def decode(
        cls, checkpoint: Checkpoint, config: TrainingConfig, device: torch.device
    ) -> TrainingState:
        """Return the state that a checkpoint holds, on a device.

        Raises
        ------
        CheckpointError
            If it holds no state: it is not the last one of a run.
        """
        try:
            values = dict(checkpoint.record["training"])
            values["sizes"] = tuple(values["sizes"])
            if values["best_ratio"] is None:
                values["best_ratio"] = math.inf
            counters = Counters(**values)
            kept = checkpoint.network.to(device)
            network = kept
            if counters.phase == "ppo":
                network = copy.deepcopy(kept)
                network.load_state_dict(_part(checkpoint.training, "network"))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"checkpoint {checkpoint.sha256[:12]}: does not say how to go on training; "
                "resume from the last checkpoint of a run"
            ) from error
        optimizer = make_optimizer(network, counters.phase, config)
        _restore(optimizer, _part(checkpoint.training, "optimizer"))
        return cls(
            network,
            kept,
            optimizer,
            counters,
            _plans_from_tensors(checkpoint.training),
            _part(checkpoint.training, "behind"),
        )


def make_optimizer(
    network: CandidatePolicy, phase: Phase, config: TrainingConfig
) -> torch.optim.Adam:
    """Return Adam as each phase uses it."""
    if phase == "ppo":
        # The larger epsilon is that of Huang et al., "The 37 implementation details of PPO", no. 3.
        rate = config.ppo.learning_rate
        return torch.optim.Adam(network.parameters(), rate, eps=1e-5, fused=True)
    return torch.optim.Adam(network.parameters(), config.imitation.learning_rate, fused=True)


def _restore(optimizer: torch.optim.Adam, tensors: Mapping[str, Tensor]) -> None:
    document = optimizer.state_dict()
    for name, tensor in tensors.items():
        number, moment = name.split(".")
        document["state"].setdefault(int(number), {})[moment] = tensor
    optimizer.load_state_dict(document)


def _part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors of one part, by their names within it."""
    prefix = f"{name}."
    return {
        each.removeprefix(prefix): tensor
        for each, tensor in tensors.items()
        if each.startswith(prefix)
    }


def _plans_to_tensors(plans: list[Plan]) -> dict[str, Tensor]:
    if not plans:
        return {}
    return {
        "plans.size": torch.tensor([len(plan.start) for plan in plans]),
        "plans.start": torch.cat([torch.from_numpy(plan.start) for plan in plans]),
        "plans.machine": torch.cat([torch.from_numpy(plan.machine) for plan in plans]),
        "plans.cost": torch.tensor([(plan.cost, plan.rule_cost) for plan in plans]).double(),
    }


def _plans_from_tensors(tensors: Mapping[str, Tensor]) -> list[Plan]:
    if "plans.size" not in tensors:
        return []
    sizes = tensors["plans.size"].tolist()
    starts, machines = (
        torch.split(tensors[f"plans.{name}"], sizes) for name in ("start", "machine")
    )
    costs = tensors["plans.cost"].tolist()
    return [
        Plan(start.numpy(), machine.numpy(), *cost)
        for start, machine, cost in zip(starts, machines, costs, strict=True)
    ]
