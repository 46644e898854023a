"""Which properties of two candidates moved the policy's preference for one of them.

Shapley values (Shapley, "A value for n-person games", 1953) of a comparison: the players are the
factors of `factors`, and a coalition is worth the difference of scores that is left where one
candidate keeps its own features in the coalition only and takes the other's in the rest. That is
the "baseline Shapley" of Sundararajan and Najmi ("The many Shapley values for model explanation",
ICML 2020) with the rival as the baseline. No coalition is left out, so the values are exact, and
they add up to the difference of scores. The game is played from both sides and averaged: swapping
the two candidates turns all signs.

Held fixed are the other candidates and what the policy sees of the shop. The score of a candidate
depends on the mean of all candidates' encodings, in which the half-swapped one counts. Features
that compare candidates, such as ranks, are swapped as they were seen and not computed anew: a
half-swapped candidate need not exist in any shop, which is the known weakness of the method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt
import torch

from scheduler_core.inspection.episode import Doubles, Episode, Floats
from scheduler_core.inspection.factors import FACTORS, Factor
from scheduler_core.policy import PPOScheduler

Bools = npt.NDArray[np.bool_]

_CHUNK = 2_048  # coalitions encoded at once: a few MB


@dataclass(frozen=True, slots=True)
class Reason:
    """What one factor adds to the difference of scores of two candidates."""

    factor: Factor
    value: float
    """Positive where it speaks for the first. Its exponential is the factor by which it makes the
    first candidate likelier than the second; all values add up to the difference of scores."""


def reasons(
    policy: PPOScheduler, episode: Episode, index: int, one: int, other: int
) -> list[Reason]:
    """Return what speaks for one candidate over another, the strongest first.

    Parameters
    ----------
    policy
        Who decided.
    episode
        Its decisions.
    index
        The decision.
    one, other
        Positions of two of its candidates.
    """
    rows, context = episode.features[episode.span(index)], episode.contexts[index]
    differing = [
        factor
        for factor in FACTORS
        if (rows[one, factor.columns] != rows[other, factor.columns]).any()
    ]
    coalitions = _coalitions(len(differing))
    swapped = _columns_taken(differing, coalitions, rows.shape[1])
    forward = _worth(policy, rows, context, one, other, swapped)
    backward = _worth(policy, rows, context, other, one, swapped)
    values = shapley_values((forward - backward) / 2)
    found = [Reason(*pair) for pair in zip(differing, values.tolist(), strict=True)]
    return sorted(found, key=lambda reason: -abs(reason.value))


def shapley_values(worth: Doubles) -> Doubles:
    """Return the Shapley value of each of G players, (G,).

    Parameters
    ----------
    worth
        (2**G,) of each coalition; player i is in those whose number has bit i.
    """
    players = len(worth).bit_length() - 1
    numbers = np.arange(len(worth))
    sizes = _coalitions(players).sum(axis=1)
    weights = np.array(
        [factorial(size) * factorial(players - size - 1) for size in range(players)]
    ) / factorial(players)
    values = np.empty(players)
    for player in range(players):
        without = numbers[numbers >> player & 1 == 0]
        gains = worth[without | 1 << player] - worth[without]
        values[player] = (weights[sizes[without]] * gains).sum()
    return values


def _coalitions(players: int) -> Bools:
    """Return who is in which coalition, (2**players, players)."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def _columns_taken(factors: Sequence[Factor], coalitions: Bools, width: int) -> Bools:
    """Return which columns each coalition keeps, (C, width); others are the same in both rows."""
    member = np.zeros((len(factors), width), bool)
    for row, factor in enumerate(factors):
        member[row, factor.columns] = True
    return coalitions @ member


@torch.inference_mode()
def _worth(
    policy: PPOScheduler, rows: Floats, context: Floats, one: int, other: int, kept: Bools
) -> Doubles:
    """Return how far one candidate is ahead of another if it keeps some of its columns, (C,)."""
    network, device = policy.network, policy.device
    shop = network.context_input(torch.from_numpy(context).to(device))

    def encode(some: Floats) -> torch.Tensor:
        encoded: torch.Tensor = network.encoder(
            network.candidate_input(torch.from_numpy(some).to(device)) + shop
        )
        return encoded

    all_encoded = encode(rows)
    rest = all_encoded.sum(dim=0) - all_encoded[one]
    worth = np.empty(len(kept))
    for begin in range(0, len(kept), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        mixed = encode(np.where(kept[part], rows[one], rows[other]))
        pooled = (rest + mixed) / len(rows)
        rival = all_encoded[other].expand_as(mixed)
        ahead = network.scorer(torch.cat([mixed, pooled], dim=1)).squeeze(1)
        ahead = ahead - network.scorer(torch.cat([rival, pooled], dim=1)).squeeze(1)
        worth[part] = ahead.double().cpu().numpy()
    return worth
