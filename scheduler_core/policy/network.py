"""The network: a score for each candidate of a decision, and a value for the decision.

Decisions have any number of candidates. A batch holds the candidates of all its decisions one
after the other, in R rows, with the number of rows of each of the B decisions: never padded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from scheduler_core.errors import ConfigError
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES

MAX_UNITS = 2048
"""Most units of a layer: far more than helps, and few enough to fit in any memory."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Size and kind of the network.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    hidden_sizes: tuple[int, int, int] = (256, 128, 64)
    """Units of the encoder's two layers and of the heads' one, 1 to 2048 each."""
    layer_norm: bool = True
    """Whether the encoder's layers are normalised."""
    dropout: float = 0.0
    """Share of the encoder's units dropped in training, in [0, 1)."""

    def __post_init__(self) -> None:
        sizes = self.hidden_sizes
        if len(sizes) != 3 or min(sizes) < 1 or max(sizes) > MAX_UNITS:
            raise ConfigError(
                f"hidden_sizes: must be three counts from 1 to {MAX_UNITS}, got {sizes}"
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout: must be in [0, 1), got {self.dropout}")


class CandidatePolicy(nn.Module):
    """Deep sets (Zaheer et al., NeurIPS 2017) over candidates: each is scored in view of all.

    Parameters
    ----------
    config
        Size and kind.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        first, width, head = config.hidden_sizes
        self.candidate_input = nn.Linear(NUM_CANDIDATE_FEATURES, first)
        self.context_input = nn.Linear(NUM_CONTEXT_FEATURES, first, bias=False)
        self.encoder = nn.Sequential(
            *_activation(first, config), nn.Linear(first, width), *_activation(width, config)
        )
        self.scorer = _head(2 * width, head)
        self.critic = _head(width + NUM_CONTEXT_FEATURES, head)

    def forward(self, candidates: Tensor, context: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores and values.

        Parameters
        ----------
        candidates
            (R, NUM_CANDIDATE_FEATURES) float32.
        context
            (B, NUM_CONTEXT_FEATURES) float32.
        counts
            (B,) int64 >= 1, rows of each decision; their sum is R.

        Returns
        -------
        Unnormalised log-probabilities, (R,), and values, (B,).
        """
        segments = segments_of(counts, len(candidates))
        # What is the same for all candidates of a decision enters once a decision: a layer of both
        # together, taken apart.
        first = self.candidate_input(candidates)
        first = first.add_(self.context_input(context).index_select(0, segments))
        hidden = self.encoder(first)  # (R, width)
        pooled = segment_sum(hidden.float(), segments, len(counts)) / counts[:, None]  # (B, width)
        with torch.autocast(context.device.type, enabled=False):  # returns need all of their bits
            values = self.critic(torch.cat([pooled, context], dim=1)).squeeze(1)
        return self._scores(hidden, pooled, segments), values

    def _scores(self, hidden: Tensor, pooled: Tensor, segments: Tensor) -> Tensor:
        """Return the scorer's (R,) for a candidate's encoding beside the mean of all."""
        layer, width = cast("nn.Linear", self.scorer[0]), hidden.shape[1]
        scores = functional.linear(hidden, layer.weight[:, :width], layer.bias)
        of_all = functional.linear(pooled, layer.weight[:, width:])
        scores = scores.add_(of_all.index_select(0, segments))
        for other in list(self.scorer)[1:]:
            scores = other(scores)
        return scores.squeeze(1)


def _activation(size: int, config: NetworkConfig) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.LayerNorm(size)] if config.layer_norm else []
    layers.append(nn.ReLU(inplace=True))
    if config.dropout > 0:
        layers.append(nn.Dropout(config.dropout))
    return layers


def _head(inputs: int, hidden: int) -> nn.Sequential:
    last = nn.Linear(hidden, 1)
    # Small last layers start the policy near uniform and the values near 0 (Andrychowicz et al.,
    # "What matters in on-policy reinforcement learning", 2021, section 3.2).
    nn.init.normal_(last.weight, std=0.01)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(inplace=True), last)


def segments_of(counts: Tensor, rows: int) -> Tensor:
    """Return the decision that each of R rows belongs to, (R,), from the rows of each, (B,)."""
    decisions = torch.arange(len(counts), device=counts.device)
    return torch.repeat_interleave(decisions, counts, output_size=rows)


def segment_sum(values: Tensor, segments: Tensor, num_segments: int) -> Tensor:
    """Return the sums of rows by segment, (num_segments, ...)."""
    out = values.new_zeros((num_segments, *values.shape[1:]))
    return out.index_add(0, segments, values)


def segment_log_softmax(scores: Tensor, counts: Tensor) -> Tensor:
    """Return log-probabilities of rows within their decision, (R,)."""
    segments = segments_of(counts, len(scores))
    largest = scores.new_full((len(counts),), -torch.inf)
    largest = largest.scatter_reduce(0, segments, scores.detach(), "amax")
    shifted = scores - largest.index_select(0, segments)
    totals = segment_sum(shifted.exp(), segments, len(counts))
    return shifted - totals.log().index_select(0, segments)


def segment_entropy(log_probs: Tensor, counts: Tensor) -> Tensor:
    """Return the entropy of each decision, (B,), in nats."""
    segments = segments_of(counts, len(log_probs))
    return -segment_sum(log_probs.exp() * log_probs, segments, len(counts))
