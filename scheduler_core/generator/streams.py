"""Random streams by purpose: what is trained on can never be tested on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scheduler_core.errors import ConfigError

Purpose = Literal["sample", "train", "validation", "test"]
_STREAMS: dict[Purpose, int] = {"sample": 0, "train": 1, "validation": 2, "test": 3}
MAX_SEED = 2**63 - 1
"""Largest seed. Seeds beyond 128 bits would run into the keys that part the purposes."""
TEST_SEEDS = range(200)
"""Seeds of the snapshots that published figures are measured on. Nothing is chosen by these."""


def problem_stream(purpose: Purpose, seed: int, *part: int) -> np.random.Generator:
    """Return the random stream of a purpose and a seed, or of a part of it.

    Parameters
    ----------
    purpose
        ``sample`` for the files that ship, ``train``, ``validation`` or ``test``.
    seed
        From 0 to `MAX_SEED`. The same one gives unrelated streams for two purposes, so training
        can never see a test problem, whatever its seeds.
    part
        Whole numbers >= 0 and below 2**32 that name a stream of its own within that of the
        purpose, such as the number of an update: what is drawn there depends on nothing drawn
        elsewhere.

    Raises
    ------
    ConfigError
        If the purpose is unknown or the seed is out of range.
    """
    if purpose not in _STREAMS:
        raise ConfigError(f"purpose: must be one of {', '.join(_STREAMS)}, got {purpose!r}")
    if not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"seed: must be >= 0 and below 2**63, got {seed}")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAMS[purpose], *part)))
