"""Gradients by parts: the whole minibatch's, to the same bit by any number of threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from scheduler_core.objective import RewardWeights
from scheduler_core.policy import CandidatePolicy, NetworkConfig
from scheduler_core.policy.network import segment_log_softmax
from scheduler_core.training.episodes import Decisions, PolicyActor, collect_rollout
from scheduler_core.training.gradients import Compute, gradient, take_step
from scheduler_core.training.imitation import Lessons, imitate
from scheduler_core.training.ppo import Experience, update
from scheduler_core.training.settings import PPOConfig
from scheduler_core.training.tasks import make_tasks
from scheduler_core.training.teachers import Lesson, TeacherActor, find_plan
from tests.builders import untrained
from tests.test_ppo import shops

NETWORK = NetworkConfig(hidden_sizes=(256, 128, 64))  # matrices large enough to tempt threads
PPO = PPOConfig(minibatch_size=96, epochs=2, target_kl=1e9)


class Stopped(Exception):
    """Raised by a check."""


def some_experience(count: int = 12, network: CandidatePolicy | None = None) -> Experience:
    """Return what two rollouts of each of some shops bring."""
    tasks = make_tasks([(p, RewardWeights()) for p in shops(count, 5)], 2, rules=("spt",))
    actor = PolicyActor(network or untrained(1, NETWORK), np.random.default_rng(1))
    return Experience.of(collect_rollout(tasks, actor), PPO)


def weights_of(network: CandidatePolicy) -> list[Tensor]:
    """Return copies of the parameters."""
    return [parameter.detach().clone() for parameter in network.parameters()]


def are_equal(one: CandidatePolicy, other: CandidatePolicy) -> bool:
    """Return whether two networks are the same to the bit."""
    return all(map(torch.equal, weights_of(one), weights_of(other)))


def updated(
    experience: Experience, compute: Compute, ppo: PPOConfig = PPO, config: NetworkConfig = NETWORK
) -> CandidatePolicy:
    """Return a network after two updates with an entropy bonus."""
    network, rng = untrained(2, config), np.random.default_rng(2)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    for _ in range(2):
        update(network, optimizer, experience, ppo, 0.01, rng, compute=compute)
    return network


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_update_by_any_number_of_threads_gives_the_same_bits(dropout: float) -> None:
    """One, two and three threads over four parts, also where PyTorch has threads of its own."""
    experience, config = some_experience(), replace(NETWORK, dropout=dropout)
    one, two, three = (updated(experience, Compute(threads=n), config=config) for n in (1, 2, 3))
    own = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        other = updated(experience, Compute(threads=2), config=config)
    finally:
        torch.set_num_threads(own)
    assert are_equal(one, two)
    assert are_equal(one, three)
    assert are_equal(one, other)


def test_update_with_dropout_draws_from_its_own_source() -> None:
    """What others drew from PyTorch's generator changes nothing; the network ends without it."""
    experience, config = some_experience(4), replace(NETWORK, dropout=0.5)
    networks = []
    for noise in range(2):
        torch.rand(noise)
        networks.append(updated(experience, Compute(), config=config))
    assert are_equal(*networks)
    assert not networks[0].training
    assert not are_equal(networks[0], updated(experience, Compute()))


def test_imitation_by_any_number_of_threads_gives_the_same_bits() -> None:
    """And the same cross-entropy."""
    jobs = [(problem, RewardWeights()) for problem in shops(20, 6)]
    tasks, plans = make_tasks(jobs), [find_plan(Lesson(job, swaps=50)) for job in jobs]
    lessons = Lessons.of(collect_rollout(tasks, TeacherActor(tasks, plans)))
    networks, losses = [], []
    for threads in (1, 2, 3):
        network = untrained(3, NETWORK)
        optimizer = torch.optim.Adam(network.parameters(), 1e-3)
        rng, compute = np.random.default_rng(0), Compute(threads=threads)
        losses.append(imitate(network, optimizer, lessons, PPO, rng, compute=compute))
        networks.append(network)
    assert losses[0] == losses[1] == losses[2]
    assert are_equal(networks[0], networks[1])
    assert are_equal(networks[0], networks[2])


def cross_entropy(network: CandidatePolicy, decisions: Decisions, part: Tensor) -> Tensor:
    """Return the sum of minus the log-probabilities of the first candidates."""
    chosen = decisions.select(part)
    log_probs = segment_log_softmax(network(*chosen)[0], chosen.counts)
    return -log_probs[chosen.counts.cumsum(0) - chosen.counts].sum()


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 10_000])
def test_gradient_by_parts_is_that_of_the_whole(parts: int) -> None:
    """To 1e-5, also with more parts than decisions; the figures add up likewise."""
    network, decisions = untrained(0, NETWORK), some_experience(3).decisions
    index = torch.randperm(len(decisions.counts), generator=torch.Generator().manual_seed(0))
    whole = cross_entropy(network, decisions, index) / len(index)
    expected = torch.autograd.grad(whole, list(network.scorer.parameters()))

    def loss(part: Tensor) -> tuple[Tensor, Tensor]:
        share = cross_entropy(network, decisions, part) / len(index)
        share = share + 0 * network(*decisions.select(part))[1].sum()  # so that the critic counts
        return share, torch.stack([share, share.new_tensor(len(part))])

    gradients, figures = gradient(network, loss, index, parts, Compute(threads=2))
    named = dict(zip([name for name, _ in network.named_parameters()], gradients, strict=True))
    for (name, _), one in zip(network.scorer.named_parameters(), expected, strict=True):
        assert torch.allclose(named[f"scorer.{name}"], one, rtol=0, atol=1e-5)
    assert figures.tolist() == pytest.approx([whole.item(), len(index)], rel=1e-5)


@pytest.mark.parametrize("parts", [2, 5])
def test_update_by_parts_is_that_of_the_whole_minibatch(parts: int) -> None:
    """One step of plain descent, so that the parameters show the gradient to 1e-5."""
    experience, networks = some_experience(), []
    config = replace(PPO, minibatch_size=1_000_000, epochs=1, max_grad_norm=1e9)
    for split in (1, parts):
        network = untrained(2, NETWORK)
        optimizer = torch.optim.SGD(network.parameters(), 1.0)
        settings = replace(config, gradient_parts=split)
        update(network, optimizer, experience, settings, 0.01, np.random.default_rng(0))
        networks.append(network)
    for one, other in zip(*map(weights_of, networks), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-5)
    assert not are_equal(networks[0], untrained(2, NETWORK))


def test_update_by_parts_stops_by_the_divergence_of_the_whole_minibatch() -> None:
    """The figures of an update are the same for one part and for four."""
    experience, stats = some_experience(), []
    for parts in (1, 4):
        network = untrained(1, NETWORK)
        optimizer = torch.optim.Adam(network.parameters(), 1e-3)
        config = replace(PPO, gradient_parts=parts)
        stats.append(update(network, optimizer, experience, config, 0.01, np.random.default_rng(0)))
    assert stats[0].approx_kl > 0
    for name in ("policy_loss", "value_loss", "entropy", "approx_kl", "clip_fraction"):
        assert getattr(stats[0], name) == pytest.approx(getattr(stats[1], name), rel=1e-3, abs=1e-6)


def test_update_that_is_told_to_stop_ends_before_the_next_minibatch() -> None:
    """The check is called before each; the network is left in evaluation mode."""
    experience, network, calls = some_experience(4), untrained(2, NETWORK), 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Stopped

    before = weights_of(network)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    config = replace(PPO, minibatch_size=8)
    with pytest.raises(Stopped):
        update(network, optimizer, experience, config, 0.0, np.random.default_rng(0), check=check)
    assert calls == 2
    assert not network.training
    assert not all(map(torch.equal, before, weights_of(network)))  # one minibatch was learned


def test_rollout_that_is_told_to_stop_ends() -> None:
    """The check is called at each step."""

    def check() -> None:
        raise Stopped

    tasks = make_tasks([(p, RewardWeights()) for p in shops(2, 5)], rules=("spt",))
    with pytest.raises(Stopped):
        collect_rollout(tasks, PolicyActor(untrained(), None), check)


def test_update_takes_the_minibatch_size_of_what_it_runs_on() -> None:
    """In place of the settings': one step instead of many."""
    experience, whole = some_experience(4), replace(PPO, minibatch_size=1_000_000)
    one = updated(experience, Compute(minibatch_size=1_000_000), replace(PPO, minibatch_size=8))
    assert are_equal(one, updated(experience, Compute(), whole))


def test_update_in_mixed_precision_is_close() -> None:
    """On a CPU, where it is for tests: bfloat16 has 8 bits, the parameters stay in float32."""
    experience, stats = some_experience(), []
    for mixed in (False, True):
        network = untrained(1, NETWORK)
        optimizer = torch.optim.Adam(network.parameters(), 1e-4)
        compute = Compute(threads=2, mixed_precision=mixed)
        rng = np.random.default_rng(0)
        stats.append(update(network, optimizer, experience, PPO, 0.01, rng, compute=compute))
        assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert stats[0].value_loss == pytest.approx(stats[1].value_loss, rel=0.02)
    assert stats[0].entropy == pytest.approx(stats[1].entropy, rel=0.02)
    assert stats[0] != stats[1]


def test_values_are_in_full_precision_where_the_scores_are_not() -> None:
    """The critic is in float32: the returns it learns have more than bfloat16's 8 bits."""
    network, decisions = untrained(1, NETWORK), some_experience(2).decisions
    with torch.no_grad(), Compute(mixed_precision=True).autocast():
        scores, values = network(*decisions)
    assert (scores.dtype, values.dtype) == (torch.bfloat16, torch.float32)


def test_take_step_of_a_fused_optimiser_is_that_of_a_plain_one() -> None:
    """Fused steps make no passes of their own over the parameters: the mathematics stay."""
    networks = [untrained(4), untrained(4)]
    for network, fused in zip(networks, (False, True), strict=True):
        optimizer = torch.optim.Adam(network.parameters(), 1e-2, fused=fused)
        for seed in range(3):
            torch.manual_seed(seed)
            gradients = [torch.randn_like(parameter) for parameter in network.parameters()]
            take_step(network, optimizer, gradients, 0.5)
    for one, other in zip(*map(weights_of, networks), strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-7)
