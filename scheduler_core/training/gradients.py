"""Steps of an optimiser, the gradient of each summed over parts learned from side by side.

For matrices this small PyTorch's own threads wait for each other at every operation. Here a thread
of its own takes each part of a minibatch through the network and back: they meet once a step. The
parts and the order of their sum are fixed, so that the number of threads changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
import torch
from torch import Tensor, nn

from scheduler_core.policy import CandidatePolicy

_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Compute:
    """What the network learns on, and how."""

    device: torch.device = _CPU
    """Where the network is."""
    threads: int = 1
    """Parts of a minibatch learned from at once on a CPU, >= 1."""
    mixed_precision: bool = False
    """Whether the forward pass is in bfloat16; losses and values never are."""
    minibatch_size: int = 0
    """In place of ``ppo.minibatch_size``; 0: no other."""
    reason: str = ""
    """Why this device, as a sentence."""

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context that the forward pass runs in, to be entered in its thread."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed_precision)


ON_CPU = Compute()
"""One thread, all in float32."""

PartLoss = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From the indices of some decisions of a minibatch to their share of its loss, a scalar, and their
share of figures to be told, (k,): the shares of all decisions add up to the whole."""


@contextmanager
def learning(network: CandidatePolicy, rng: np.random.Generator) -> Iterator[None]:
    """Put the network in training mode, and in evaluation mode again however it ends.

    Dropout draws from PyTorch's generator, of which there is one: it is seeded by ``rng``.
    """
    if network.config.dropout > 0:
        torch.manual_seed(int(rng.integers(2**63)))
    network.train()
    try:
        yield
    finally:
        network.eval()


def gradient(
    network: CandidatePolicy, loss: PartLoss, index: Tensor, parts: int, compute: Compute
) -> tuple[list[Tensor], Tensor]:
    """Return the gradient of a minibatch's loss, and its figures.

    Parameters
    ----------
    network
        On the device of ``compute``.
    loss
        Of a part; called in several threads at once.
    index
        (b,) the decisions of the minibatch.
    parts
        That it is split in on a CPU, >= 1.
    compute
        Where, and by how many threads.

    Returns
    -------
    Of each of the `learners` its gradient, and the figures, (k,).
    """
    parameters = learners(network)

    def of_part(part: Tensor) -> tuple[Sequence[Tensor], Tensor]:
        share, figures = loss(part)
        return torch.autograd.grad(share, parameters), figures.detach()

    if compute.device.type == "cpu":
        # Chance in one order, so one after the other.
        threads = 1 if network.config.dropout > 0 else compute.threads
        split = [part for part in index.tensor_split(parts) if len(part)]
        results = list(_pool(threads).map(of_part, split))
    else:
        results = [of_part(index)]
    gradients, figures = zip(*results, strict=True)
    totals = [reduce(torch.add, each) for each in zip(*gradients, strict=True)]
    return totals, reduce(torch.add, figures)


def learners(network: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that are not frozen."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


@lru_cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads in which PyTorch keeps to the one it runs in."""
    # The C library of Linux would give back what a part frees, for the next part to ask for it
    # again, at an eighth of the time. Once a block just below 32 MiB has been freed, it keeps
    # twice as much (mallopt(3), M_MMAP_THRESHOLD). Elsewhere this is a block, and gone.
    torch.empty(31 * 2**20, dtype=torch.uint8)
    return ThreadPoolExecutor(threads, "learner", initializer=torch.set_num_threads, initargs=(1,))


def take_step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    gradients: Sequence[Tensor],
    max_grad_norm: float,
) -> None:
    """Take one step of the optimiser, the gradient's norm limited."""
    parameters = learners(network)
    for parameter, each in zip(parameters, gradients, strict=True):
        parameter.grad = each
    nn.utils.clip_grad_norm_(parameters, max_grad_norm, foreach=True)
    optimizer.step()
