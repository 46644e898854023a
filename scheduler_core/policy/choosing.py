"""Choices by one network or several together, greedy or sampled, compiled: whole schedules at once.

Networks of any sizes lie one after the other in one array, so that one compiled function serves any
number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler_core.compiled import kernel
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES, observe
from scheduler_core.policy.forward import (
    Floats,
    ForwardWeights,
    Ints,
    Layer,
    candidate_scores,
)
from scheduler_core.simulator import Objective, ProblemArrays, State, advance, take

Doubles = npt.NDArray[np.float64]


class Members(NamedTuple):
    """Networks that choose together."""

    weights: Floats  # all weights, those of one network after those of the one before
    table: Ints  # (M, 5) of each: its first weight, units of its three layers, 1 if normalised


def pack(networks: Sequence[ForwardWeights]) -> Members:
    """Return some networks as kernels take them."""
    flat, table, first = [], [], 0
    for net in networks:
        parts = [net.context_weight, *net.first, *net.second, *net.head, net.last_weight]
        arrays = [part.ravel() for part in parts] + [np.array([net.last_bias], np.float32)]
        units = [len(layer.bias) for layer in (net.first, net.second, net.head)]
        table.append([first, *units, len(net.first.scale) > 0])
        flat += arrays
        first += sum(map(len, arrays))
    return Members(np.concatenate(flat), np.array(table, np.int64))


@kernel
def _matrix(weights: Floats, first: int, rows: int, columns: int) -> Floats:
    return weights[first : first + rows * columns].reshape(rows, columns)


@kernel
def _layer(weights: Floats, first: int, inputs: int, outputs: int, norms: int) -> Layer:
    """Return the layer that begins at a place; ``norms`` is its number of scales, maybe 0."""
    bias = first + inputs * outputs
    scale = bias + outputs
    return Layer(
        _matrix(weights, first, inputs, outputs),
        weights[bias:scale],
        weights[scale : scale + norms],
        weights[scale + norms : scale + 2 * norms],
    )


@kernel
def _layer_size(inputs: int, outputs: int, norms: int) -> int:
    return inputs * outputs + outputs + 2 * norms


@kernel
def member(members: Members, k: int) -> ForwardWeights:
    """Return one of the networks, as a view of its weights."""
    weights = members.weights
    at, units, width, head, normalised = members.table[k]
    context = _matrix(weights, at, NUM_CONTEXT_FEATURES, units)
    at += NUM_CONTEXT_FEATURES * units
    first = _layer(weights, at, NUM_CANDIDATE_FEATURES, units, normalised * units)
    at += _layer_size(NUM_CANDIDATE_FEATURES, units, normalised * units)
    second = _layer(weights, at, units, width, normalised * width)
    at += _layer_size(units, width, normalised * width)
    third = _layer(weights, at, 2 * width, head, 0)
    at += _layer_size(2 * width, head, 0)
    last_bias = float(weights[at + head])
    return ForwardWeights(context, first, second, third, weights[at : at + head], last_bias)


@kernel
def log_softmax(scores: Floats) -> Doubles:
    """Return the log-probabilities of one decision's candidates, (num_candidates,)."""
    shifted = scores.astype(np.float64) - scores.max()
    log_probs: Doubles = shifted - np.log(np.exp(shifted).sum())
    return log_probs


@kernel
def _pick(log_probs: Doubles, rng: np.random.Generator, sample: bool) -> int:
    """Return the likeliest candidate, the first of several, or one drawn in proportion."""
    if not sample:
        return int(np.argmax(log_probs))
    chances = np.exp(log_probs - log_probs.max())
    left = rng.random() * chances.sum()
    for j in range(len(chances) - 1):
        left -= chances[j]
        if left < 0:
            return j
    return len(chances) - 1


@kernel
def choose(log_probs: Doubles, rng: np.random.Generator, vote: bool, sample: bool) -> int:
    """Return the candidate that some networks choose together.

    Parameters
    ----------
    log_probs
        (M, num_candidates) log-probabilities of each network.
    rng
        Source of samples; not touched without them.
    vote
        Whether the majority counts, of equals the larger sum of log-probabilities; else the mean of
        the log-probabilities does.
    sample
        Whether choices are drawn: each vote by its network's probabilities, or the one choice in
        proportion to the exponential of the mean.
    """
    total = log_probs.sum(axis=0)
    if not vote:
        return _pick(total / len(log_probs), rng, sample)
    votes = np.zeros(len(total), np.int64)
    for k in range(len(log_probs)):
        votes[_pick(log_probs[k], rng, sample)] += 1
    best = 0
    for j in range(1, len(votes)):
        if votes[j] > votes[best] or (votes[j] == votes[best] and total[j] > total[best]):
            best = j
    return best


@kernel
def run_members(
    p: ProblemArrays,
    o: Objective,
    s: State,
    e: int,
    members: Members,
    rng: np.random.Generator,
    vote: bool,
    sample: bool,
) -> None:
    """Take ``e`` from the decision before it to its end, each time as `choose` says."""
    rows = np.empty((p.envs[e].num_rows, NUM_CANDIDATE_FEATURES), np.float32)
    context = np.empty(NUM_CONTEXT_FEATURES, np.float32)
    count = s.envs[e].num_candidates
    while count > 0:
        choice = 0
        if count > 1:
            observe(p, o, s, e, rows, context)
            log_probs = np.empty((len(members.table), count))
            for k in range(len(log_probs)):
                scores = candidate_scores(member(members, k), rows[:count], context)
                log_probs[k] = log_softmax(scores)
            choice = choose(log_probs, rng, vote, sample)
        take(p, o, s, e, choice)
        count = advance(p, o, s, e)
