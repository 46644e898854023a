"""Files made to do harm, or by accident: a sentence comes back, and no memory goes."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from scheduler_core.checkpoint_file import FORMAT_VERSION
from scheduler_core.errors import CheckpointError, ConfigError
from scheduler_core.observation import FEATURE_VERSION
from scheduler_core.policy import load_checkpoint, save_checkpoint
from scheduler_core.training import load_config
from tests.builders import untrained

DEEP = "[" * 100_000
"""Nested deeper than Python's readers go."""


@pytest.mark.parametrize("header", [DEEP, json.dumps({"__metadata__": {"record": DEEP}})])
def test_checkpoint_nested_too_deep_is_refused(header: str, tmp_path: Path) -> None:
    """The readers of JSON give up by a RecursionError, which is no ValueError."""
    path = tmp_path / "deep.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode())
    with pytest.raises(CheckpointError, match="is not a checkpoint of this program"):
        load_checkpoint(path)


def test_checkpoint_that_claims_a_huge_network_is_refused_before_it_is_built(
    tmp_path: Path,
) -> None:
    """40,000,000 x 40,000,000 weights are 6,400 TB; the file holds a few kilobytes."""
    claimed = {"hidden_sizes": [40_000_000, 40_000_000, 8], "layer_norm": True, "dropout": 0.0}
    versions = {"format_version": FORMAT_VERSION, "feature_version": FEATURE_VERSION}
    record = json.dumps({**versions, "network": claimed})
    path = tmp_path / "huge.safetensors"
    path.write_bytes(save(untrained().state_dict(), metadata={"record": record}))
    with pytest.raises(CheckpointError, match=r"does not hold .*from 1 to 2048") as no:
        load_checkpoint(path)
    assert "\n" not in str(no.value)


@pytest.mark.parametrize(
    "text", ["seed: 2025-13-45", DEEP], ids=["impossible date", "nested too deep"]
)
def test_load_config_that_the_reader_chokes_on_is_refused(text: str, tmp_path: Path) -> None:
    """The YAML reader lets ValueError and RecursionError through."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(path)


def test_checkpoint_with_weights_that_are_not_finite_is_refused(tmp_path: Path) -> None:
    """A policy of NaN would choose the first candidate each time, and nobody would know why."""
    network = untrained()
    torch.nn.init.constant_(network.critic[0].weight, torch.nan)
    path = tmp_path / "nan.safetensors"
    save_checkpoint(network, {}, path)
    with pytest.raises(CheckpointError, match="holds weights that are not finite"):
        load_checkpoint(path)
