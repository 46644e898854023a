"""The compiled forward pass is the network's, and the compiled schedule is its greedy choice."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scheduler_core.objective import RewardWeights
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES
from scheduler_core.policy import NetworkConfig, PPOScheduler
from scheduler_core.policy.forward import candidate_scores, forward_weights
from scheduler_core.training.episodes import PolicyActor, collect_rollout
from scheduler_core.training.tasks import make_tasks
from tests.builders import can_place, untrained
from tests.properties.strategies import random_problem

CONFIGS = {
    "normalised": NetworkConfig(hidden_sizes=(24, 16, 8)),
    "plain": NetworkConfig(hidden_sizes=(24, 16, 8), layer_norm=False),
    "dropout": NetworkConfig(hidden_sizes=(24, 16, 8), dropout=0.5),
    "guide": NetworkConfig(),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_compiled_scores_equal_those_of_torch(config: NetworkConfig) -> None:
    """To 1e-4, for decisions of one candidate and of many, with features of any size."""
    network = untrained(3, config, 1.0).eval()
    net = forward_weights(network)
    rng = np.random.default_rng(0)
    for count in (1, 2, 7, 150):
        size = rng.uniform(0.1, 20)
        candidates = rng.normal(0, size, (count, NUM_CANDIDATE_FEATURES)).astype(np.float32)
        context = rng.normal(0, size, NUM_CONTEXT_FEATURES).astype(np.float32)
        with torch.inference_mode():
            expected, _ = network(
                torch.from_numpy(candidates),
                torch.from_numpy(context[None]),
                torch.tensor([count]),
            )
        scores = candidate_scores(net, candidates, context)
        assert scores == pytest.approx(expected.numpy(), rel=1e-4, abs=1e-4)


def test_compiled_schedule_takes_the_choices_that_torch_takes() -> None:
    """Start by start, on problems with locks, alternatives and releases."""
    rng = np.random.default_rng(1)
    problems = [problem for problem in (random_problem(rng) for _ in range(60))]
    jobs = [(problem, RewardWeights()) for problem in problems if can_place(problem)]
    network = untrained(5, CONFIGS["normalised"], 1.0).eval()
    tasks = make_tasks(jobs, choose_machines=False)
    collect_rollout(tasks, PolicyActor(network, None))
    scheduler = PPOScheduler(network)
    begin = 0
    for problem, weights in jobs:
        made = scheduler.schedule(problem, weights)
        at = {(task.family_id, task.sequence): task.start for task in made}
        starts = [
            at[family.id, task.sequence] for family in problem.families for task in family.tasks
        ]
        assert starts == tasks.batch.state.placed["start"][begin : begin + len(starts)].tolist()
        begin += len(starts)
    assert begin == len(tasks.batch.state.placed)


def test_schedule_without_the_compiled_pass_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU runs, PyTorch's network from decision to decision, here on the CPU."""
    rng = np.random.default_rng(2)
    compiled, plain = (PPOScheduler(untrained(6, CONFIGS["normalised"], 1.0)) for _ in range(2))
    monkeypatch.setattr(plain, "_weights", None)
    for _ in range(20):
        problem = random_problem(rng)
        assert plain.schedule(problem).tasks == compiled.schedule(problem).tasks
