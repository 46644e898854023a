"""Random streams by purpose: what is trained on can never be tested on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scheduler_core.errors import ConfigError

Purpose = Literal["sample", "train", "validation", "test"]
_STREAMS: dict[Purpose, int] = {"sample": 0, "train": 1, "validation": 2, "test": 3}
TRAINING_SEEDS = range(2**32)
"""Seeds for ``problem_stream("train", seed)``: any."""
VALIDATION_SEEDS = range(100)
"""Seeds for choosing between models: results on these may steer training."""
TEST_SEEDS = range(20)
"""Seeds of the snapshots that published figures are measured on. Nothing is chosen by these."""


def problem_stream(purpose: Purpose, seed: int) -> np.random.Generator:
    """Return the random stream of a purpose and a seed.

    Parameters
    ----------
    purpose
        ``sample`` for the files that ship, ``train``, ``validation`` or ``test``.
    seed
        Any whole number >= 0. The same one gives unrelated streams for two purposes, so training
        can never see a test problem, whatever its seeds.

    Raises
    ------
    ConfigError
        If the purpose is unknown or the seed is negative.
    """
    if purpose not in _STREAMS:
        raise ConfigError(f"purpose: must be one of {', '.join(_STREAMS)}, got {purpose!r}")
    if seed < 0:
        raise ConfigError(f"seed: must be >= 0, got {seed}")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAMS[purpose],)))
