"""Where the network learns: the device that a short measurement finds fastest, and its settings."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from scheduler_core.executors import count_cores
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES
from scheduler_core.policy import CandidatePolicy, NetworkConfig, choose_device
from scheduler_core.policy.device import presence
from scheduler_core.training.episodes import Decisions
from scheduler_core.training.gradients import Compute
from scheduler_core.training.ppo import Experience, update
from scheduler_core.training.settings import DeviceConfig, PPOConfig

MEASURED_SECONDS = 1.0
"""How long each device is measured, after a warm-up."""
WORTHWHILE = 1.1
"""How much faster mixed precision must be for ``auto`` to take it."""
_MEAN_CANDIDATES = 7.0  # of a decision, about as many as in training


def choose_compute(device: DeviceConfig, network: NetworkConfig, ppo: PPOConfig) -> Compute:
    """Return what to learn on, with the reason, and put PyTorch's own settings in force for it.

    One device, and nothing to find out about it, is taken as it is. Otherwise updates of the
    network on random decisions are timed, for about a second each.

    Parameters
    ----------
    device
        Settings.
    network, ppo
        What is to be trained, and how.

    Raises
    ------
    DeviceError
        If the device that is named is not on this machine.
    """
    if device.name == "auto":
        names = [name for name, here in presence().items() if here]
    else:
        names = [choose_device(device.name).device.type]
    ways = [way for name in names for way in _ways(name, device)]
    if len(ways) == 1:
        return _in_force(replace(ways[0], reason=_plain_reason(ways[0], device)), device)
    speeds = {way: measured_speed(_in_force(way, device), network, ppo) for way in ways}
    # In bfloat16 only where that is worth it: both ways of a device stand one after the other.
    taken = [way for way in ways if not way.mixed_precision or _is_worthwhile(way, speeds)]
    best = max(taken, key=lambda way: speeds[way])
    figures = ", ".join(f"{_named(way)}: {speed:,.0f}" for way, speed in speeds.items())
    reason = f"{_named(best)} was chosen by a measurement of decisions a second ({figures})"
    return _in_force(replace(best, reason=reason), device)


def _ways(name: str, device: DeviceConfig) -> list[Compute]:
    """Return the ways to learn on a device among which a measurement has to choose."""
    size = {"cuda": device.cuda_minibatch_size, "mps": device.mps_minibatch_size}.get(name, 0)
    plain = Compute(torch.device(name), device.threads or count_cores(), minibatch_size=size)
    mixed = replace(plain, mixed_precision=True)
    if device.mixed_precision == "auto":
        return [plain] if name == "cpu" else [plain, mixed]
    return [mixed if device.mixed_precision == "on" else plain]


def _is_worthwhile(mixed: Compute, speeds: dict[Compute, float]) -> bool:
    plain = replace(mixed, mixed_precision=False)
    return plain not in speeds or speeds[mixed] >= WORTHWHILE * speeds[plain]


def _named(compute: Compute) -> str:
    """Return the device and how it is used."""
    name = compute.device.type
    if name == "cpu":
        name += f" with {compute.threads} thread{'s' * (compute.threads > 1)}"
    return name + " in bfloat16" * compute.mixed_precision


def _plain_reason(compute: Compute, device: DeviceConfig) -> str:
    if device.name == "auto":
        return f"{_named(compute)}: no CUDA or MPS device was found"
    return f"{_named(compute)}: {device.name} was asked for"


def _in_force(compute: Compute, device: DeviceConfig) -> Compute:
    """Put PyTorch's settings in force and return what they are for."""
    torch.set_num_threads(1)  # parts of a minibatch have threads of their own
    # On a CPU a lower precision would change what a seed gives, from one kind of CPU to another.
    on_cpu = compute.device.type == "cpu"
    torch.set_float32_matmul_precision("highest" if on_cpu else device.matmul_precision)
    torch.backends.cudnn.benchmark = device.cudnn_benchmark
    return compute


def measured_speed(compute: Compute, network: NetworkConfig, ppo: PPOConfig) -> float:
    """Return how many decisions a second an update learns from, by one measurement.

    Parameters
    ----------
    compute
        What to measure.
    network, ppo
        What is to be trained, and how.
    """
    with torch.random.fork_rng(devices=[]):  # leaves the generator as it was
        policy = CandidatePolicy(network).to(compute.device)
    optimizer = torch.optim.Adam(policy.parameters(), 1e-6, fused=True)
    rng = np.random.default_rng(0)
    experience = _random_experience(2 * (compute.minibatch_size or ppo.minibatch_size), rng)
    config = replace(ppo, target_kl=1e30)  # random figures must not end it
    done, begin = -1, perf_counter()
    while done < 1 or perf_counter() - begin < MEASURED_SECONDS:
        update(policy, optimizer, experience, config, 0.0, rng, compute=compute)
        done += 1
        if done == 0:
            begin = perf_counter()  # the first one warms up
    return done * len(experience.actions) / (perf_counter() - begin)


def _random_experience(count: int, rng: np.random.Generator) -> Experience:
    """Return ``count`` decisions with random figures."""
    counts = rng.geometric(1 / _MEAN_CANDIDATES, count)

    def floats(*shape: int) -> Tensor:
        return torch.from_numpy(rng.standard_normal(shape, np.float32))

    return Experience(
        Decisions(
            floats(int(counts.sum()), NUM_CANDIDATE_FEATURES),
            floats(count, NUM_CONTEXT_FEATURES),
            torch.from_numpy(counts),
        ),
        actions=torch.from_numpy(rng.integers(counts)),
        log_probs=torch.from_numpy(-np.log(counts).astype(np.float32)),
        values=floats(count),
        advantages=floats(count),
        returns=floats(count),
    )
