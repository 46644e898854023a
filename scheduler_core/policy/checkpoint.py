"""Checkpoints: the weights as safetensors, and the record of how they came about as JSON in it.

The last checkpoint of a run also holds what it takes to go on: tensors named ``training.*``, which
are no part of the policy. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from scheduler_core.checkpoint_file import FORMAT_VERSION, TRAINING, parse_header, read_bytes
from scheduler_core.errors import CheckpointError, ConfigError, one_line
from scheduler_core.files import write_aside
from scheduler_core.observation import FEATURE_VERSION
from scheduler_core.policy.network import CandidatePolicy, NetworkConfig


@dataclass(frozen=True)
class Checkpoint:
    """A policy with its record and the SHA-256 of its file."""

    network: CandidatePolicy
    record: Mapping[str, Any]
    sha256: str
    training: Mapping[str, Tensor]
    """What it takes to go on training, by name; empty but in the last checkpoint of a run."""


def encode_checkpoint(
    network: CandidatePolicy,
    record: Mapping[str, Any],
    training: Mapping[str, Tensor] = MappingProxyType({}),
) -> bytes:
    """Return a checkpoint as the bytes of its file.

    Parameters
    ----------
    network
        The policy.
    record
        What is to be remembered (config, seed, data, metrics); versions and the network's config
        are added.
    training
        Tensors that it takes to go on training, by name.
    """
    full = {
        "format_version": FORMAT_VERSION,
        "feature_version": FEATURE_VERSION,
        "network": asdict(network.config),
        **record,
    }
    tensors = dict(network.state_dict())
    tensors |= {f"{TRAINING}{name}": tensor for name, tensor in training.items()}
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return save(plain, metadata={"record": json.dumps(full)})


def save_checkpoint(network: CandidatePolicy, record: Mapping[str, Any], path: Path) -> str:
    """Write a checkpoint aside, rename it, and return the SHA-256 of the file."""
    data = encode_checkpoint(network, record)
    write_aside(path, data)
    return hashlib.sha256(data).hexdigest()


def load_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file; see `decode_checkpoint`.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another version.
    """
    return decode_checkpoint(read_bytes(path), path)


def decode_checkpoint(data: bytes, name: Path | str) -> Checkpoint:
    """Return the checkpoint that a file holds, its network in evaluation mode on the CPU.

    Parameters
    ----------
    data
        The whole file.
    name
        What errors call it.

    Raises
    ------
    CheckpointError
        If the file is damaged or of another version.
    """
    record = parse_header(data, name).record
    for key, expected in (("format_version", FORMAT_VERSION), ("feature_version", FEATURE_VERSION)):
        if record.get(key) != expected:
            raise CheckpointError(
                f"checkpoint {name}: {key} must be {expected}, got {record.get(key)}; train it anew"
            )
    try:
        fields = record["network"]
        config = NetworkConfig(**{**fields, "hidden_sizes": tuple(fields["hidden_sizes"])})
        with torch.device("meta"):  # takes no memory for sizes that the file only claims to hold
            network = CandidatePolicy(config)
        tensors = load(data)
        training = {
            key.removeprefix(TRAINING): tensors.pop(key)
            for key in list(tensors)
            if key.startswith(TRAINING)
        }
        network.load_state_dict(tensors, assign=True)
        network = network.float().eval()
    except (KeyError, TypeError, RuntimeError, ConfigError, SafetensorError) as error:
        why = one_line(error)  # torch writes a line for each weight
        raise CheckpointError(f"checkpoint {name}: does not hold a whole policy ({why})") from error
    if not all(bool(weight.isfinite().all()) for weight in network.parameters()):
        raise CheckpointError(f"checkpoint {name}: holds weights that are not finite")
    return Checkpoint(network, record, hashlib.sha256(data).hexdigest(), training)
