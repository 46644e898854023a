"""The network's forward pass, compiled: a whole schedule without leaving compiled code.

Same function as `scheduler_core.policy.network.CandidatePolicy.forward` in evaluation mode, scores
only. For matrices this small PyTorch spends its time between the operations, and its threads wait
for each other where another process has the cores.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from scheduler_core.compiled import kernel
from scheduler_core.observation import (
    NUM_CANDIDATE_FEATURES,
    NUM_CONTEXT_FEATURES,
    observe,
)
from scheduler_core.policy.network import CandidatePolicy
from scheduler_core.simulator import Objective, ProblemArrays, State, advance, take

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_EPSILON = 1e-5  # of torch.nn.LayerNorm


class Layer(NamedTuple):
    """A linear layer, then normalisation unless ``scale`` is empty, then ReLU."""

    weight: Floats  # (inputs, outputs)
    bias: Floats  # (outputs,)
    scale: Floats  # (outputs,) or (0,)
    shift: Floats  # (outputs,) or (0,)


class ForwardWeights(NamedTuple):
    """The network's weights for scores, laid out for row-wise products."""

    context_weight: Floats  # (context features, outputs of the first layer)
    first: Layer  # inputs: a candidate; the context's product is added once a decision
    second: Layer
    head: Layer  # inputs: a candidate's encoding, then the mean of all
    last_weight: Floats  # (head outputs,)
    last_bias: float


def forward_weights(network: CandidatePolicy) -> ForwardWeights:
    """Return a copy of a network's weights."""
    second = next(layer for layer in network.encoder if isinstance(layer, nn.Linear))
    norms = [layer for layer in network.encoder if isinstance(layer, nn.LayerNorm)]
    first_norm, second_norm = norms or (None, None)
    head, last = (layer for layer in network.scorer if isinstance(layer, nn.Linear))
    return ForwardWeights(
        context_weight=_array(network.context_input.weight.T),
        first=_layer(network.candidate_input, first_norm),
        second=_layer(second, second_norm),
        head=_layer(head, None),
        last_weight=_array(last.weight[0]),
        last_bias=last.bias.item(),
    )


def _layer(linear: nn.Linear, norm: nn.LayerNorm | None) -> Layer:
    nothing = np.zeros(0, np.float32)
    return Layer(
        weight=_array(linear.weight.T),
        bias=_array(linear.bias),
        scale=_array(norm.weight) if norm else nothing,
        shift=_array(norm.bias) if norm else nothing,
    )


def _array(tensor: Tensor) -> Floats:
    return np.array(tensor.detach().cpu().numpy(), np.float32, order="C")


@kernel
def _add_product(inputs: Floats, weight: Floats, offset: int, out: Floats) -> None:
    """Add the product of a row with the weight's rows from ``offset`` on to ``out``, in place.

    Four rows at a time: the sums are read and written once for all of them.
    """
    whole = len(inputs) // 4 * 4
    for k in range(0, whole, 4):
        a, b, c, d = inputs[k], inputs[k + 1], inputs[k + 2], inputs[k + 3]
        row = offset + k
        for j in range(len(out)):
            out[j] += (a * weight[row, j] + b * weight[row + 1, j]) + (
                c * weight[row + 2, j] + d * weight[row + 3, j]
            )
    for k in range(whole, len(inputs)):
        for j in range(len(out)):
            out[j] += inputs[k] * weight[offset + k, j]


@kernel
def _activate(layer: Layer, out: Floats) -> None:
    """Normalise a row if the layer does, and cut it off at 0, in place."""
    size = len(out)
    if len(layer.scale):
        mean = out.sum() / np.float32(size)
        variance = np.float32(0)
        for j in range(size):
            variance += (out[j] - mean) * (out[j] - mean)
        factor = np.float32(1 / math.sqrt(variance / size + _EPSILON))
        for j in range(size):
            out[j] = (out[j] - mean) * factor * layer.scale[j] + layer.shift[j]
    for j in range(size):
        out[j] = max(out[j], np.float32(0))


@kernel
def candidate_scores(net: ForwardWeights, candidates: Floats, context: Floats) -> Floats:
    """Return the score of each candidate of one decision, (num_candidates,).

    Parameters
    ----------
    net
        The network.
    candidates, context
        What `observe` wrote: (num_candidates, features) and (features,).
    """
    count = len(candidates)
    first, second, head = net.first, net.second, net.head
    width = len(second.bias)
    shared = first.bias.copy()
    _add_product(context, net.context_weight, 0, shared)
    encoded = np.empty((count, width), np.float32)
    pooled = np.zeros(width, np.float32)
    hidden = np.empty_like(shared)
    for i in range(count):
        hidden[:] = shared
        _add_product(candidates[i], first.weight, 0, hidden)
        _activate(first, hidden)
        encoded[i] = second.bias
        _add_product(hidden, second.weight, 0, encoded[i])
        _activate(second, encoded[i])
        pooled += encoded[i]
    pooled /= np.float32(count)
    base = head.bias.copy()
    _add_product(pooled, head.weight, width, base)
    scores = np.empty(count, np.float32)
    last = np.empty_like(base)
    for i in range(count):
        last[:] = base
        _add_product(encoded[i], head.weight, 0, last)
        _activate(head, last)
        scores[i] = (last * net.last_weight).sum() + net.last_bias
    return scores


@kernel
def segment_argmax(keys: Floats, counts: Ints) -> Ints:
    """Return the position of the largest key within each segment, (B,); ties go to the first."""
    best = np.zeros(len(counts), np.int64)
    first = 0
    for i in range(len(counts)):
        for j in range(1, counts[i]):
            if keys[first + j] > keys[first + best[i]]:
                best[i] = j
        first += counts[i]
    return best


@kernel
def run_policy(p: ProblemArrays, o: Objective, s: State, e: int, net: ForwardWeights) -> None:
    """Take ``e`` from the decision before it to its end, each time by the highest score."""
    rows = np.empty((p.envs[e].num_rows, NUM_CANDIDATE_FEATURES), np.float32)
    context = np.empty(NUM_CONTEXT_FEATURES, np.float32)
    count = s.envs[e].num_candidates
    while count > 0:
        choice = 0
        if count > 1:
            observe(p, o, s, e, rows, context)
            choice = int(np.argmax(candidate_scores(net, rows[:count], context)))
        take(p, o, s, e, choice)
        count = advance(p, o, s, e)
