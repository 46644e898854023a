"""Rollouts in parts: independent pieces of work, here or on a cluster, now or ahead of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np
import torch
from torch import Tensor

from scheduler_core.executors import Executor, never
from scheduler_core.generator import problem_stream
from scheduler_core.policy import CandidatePolicy, NetworkConfig
from scheduler_core.training.episodes import Floats, PolicyActor, collect_rollout
from scheduler_core.training.ppo import Experience
from scheduler_core.training.settings import PPOConfig, TrainingConfig
from scheduler_core.training.tasks import Job, Source, make_tasks

UNIT_RULES = ("atc", "mwkr", "spt")
"""Rules that set the unit of reward: near the best, at a fraction of the time."""

TEACHER, IMITATION, PROBLEMS, ACTIONS, MINIBATCHES, REPEATS = range(6)
"""Parts of the training stream; each is parted further, by the number of the update."""


@dataclass(frozen=True, slots=True)
class RolloutPart:
    """Some problems to try several times, and the policy to try."""

    jobs: tuple[Job, ...]
    ppo: PPOConfig
    choose_machines: bool
    stream: tuple[int, ...]
    """Seed, and part of the training stream that actions are sampled from."""
    network: NetworkConfig
    weights: Mapping[str, Tensor]
    """Of the network, on the CPU."""


Harvest = tuple[Experience, Floats]
"""Experience, and the sum of the rewards of each episode, (E,)."""


def collect_part(part: RolloutPart) -> Harvest:
    """Return what a part of a rollout brings."""
    torch.set_num_threads(1)  # of this thread: those of several parts would wait for each other
    with torch.device("meta"):  # no random numbers are drawn for weights that are given
        network = CandidatePolicy(part.network)
    network.load_state_dict(part.weights, assign=True)
    tasks = make_tasks(
        part.jobs, part.ppo.rollouts_per_problem, UNIT_RULES, choose_machines=part.choose_machines
    )
    actor = PolicyActor(network.eval(), problem_stream("train", *part.stream))
    rollout = collect_rollout(tasks, actor)
    return Experience.of(rollout, part.ppo), rollout.returns()


class Collector:
    """Collects the rollout of each update, by the policy as it is, or one update ahead.

    Parameters
    ----------
    config
        Settings.
    draw
        Source of problems with weights.
    executor
        Where parts of rollouts are collected.
    """

    def __init__(self, config: TrainingConfig, draw: Source, executor: Executor) -> None:
        self.config = config
        self.draw = draw
        self.executor = executor
        self._ahead: Future[Harvest] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="collector")
        self._dropped = Event()

    def collect(
        self, update: int, network: CandidatePolicy, check: Callable[[], None] = never
    ) -> Harvest:
        """Return the harvest of an update, by the policy as it is."""
        return self._collect(update, network.config, weights_of(network), check)

    def begin(self, update: int, network: NetworkConfig, weights: dict[str, Tensor]) -> None:
        """Begin to collect the harvest of an update; `finish` returns it."""
        self._ahead = self._thread.submit(
            self._collect, update, network, weights, self._check_wanted
        )

    @property
    def has_begun(self) -> bool:
        """Whether experience is being collected ahead."""
        return self._ahead is not None

    def finish(self, check: Callable[[], None]) -> Harvest:
        """Return the harvest that was begun, once it is complete."""
        assert self._ahead is not None
        while True:
            check()
            try:
                harvest = self._ahead.result(timeout=0.1)
            except TimeoutError:
                continue
            self._ahead = None
            return harvest

    def close(self) -> None:
        """Drop what has been begun."""
        self._dropped.set()
        self._thread.shutdown(wait=False)

    def _check_wanted(self) -> None:
        if self._dropped.is_set():
            raise CancelledError

    def _collect(
        self,
        update: int,
        network: NetworkConfig,
        weights: Mapping[str, Tensor],
        check: Callable[[], None],
    ) -> Harvest:
        config, ppo = self.config, self.config.ppo
        rng = problem_stream("train", config.seed, PROBLEMS, update)
        jobs = [self.draw(rng) for _ in range(ppo.problems_per_update)]
        groups = np.array_split(np.arange(len(jobs)), min(ppo.rollout_parts, len(jobs)))
        parts = [
            RolloutPart(
                jobs=tuple(jobs[i] for i in group),
                ppo=ppo,
                choose_machines=config.task.choose_machines,
                stream=(config.seed, ACTIONS, update, number),
                network=network,
                weights=weights,
            )
            for number, group in enumerate(groups)
        ]
        found = self.executor.map(collect_part, parts, check)
        experience, rewards = zip(*found, strict=True)
        return Experience.join(experience), np.concatenate(rewards)


def weights_of(network: CandidatePolicy) -> dict[str, Tensor]:
    """Return a copy of a network's weights on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
