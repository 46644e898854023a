"""Checkpoints: the weights as safetensors, and the record of how they came about as JSON in it.

Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from scheduler_core.errors import CheckpointError, ConfigError, one_line
from scheduler_core.files import write_aside
from scheduler_core.observation import FEATURE_VERSION
from scheduler_core.policy.network import CandidatePolicy, NetworkConfig

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Checkpoint:
    """A policy with its record and the SHA-256 of its file."""

    network: CandidatePolicy
    record: Mapping[str, Any]
    sha256: str


def save_checkpoint(network: CandidatePolicy, record: Mapping[str, Any], path: Path) -> str:
    """Write a checkpoint aside, rename it, and return the SHA-256 of the file.

    ``record`` is what is to be remembered (config, seed, data, metrics); versions and the
    network's config are added.
    """
    full = {
        "format_version": FORMAT_VERSION,
        "feature_version": FEATURE_VERSION,
        "network": asdict(network.config),
        **record,
    }
    weights = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    data = save(weights, metadata={"record": json.dumps(full)})
    write_aside(path, data)
    return hashlib.sha256(data).hexdigest()


def load_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file, its network in evaluation mode on the CPU.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"checkpoint {path}: cannot be read ({error.strerror}); make one by 'scheduler train'"
        ) from error
    record = _record(data, path)
    for key, expected in (("format_version", FORMAT_VERSION), ("feature_version", FEATURE_VERSION)):
        if record.get(key) != expected:
            raise CheckpointError(
                f"checkpoint {path}: {key} must be {expected}, got {record.get(key)}; train it anew"
            )
    try:
        fields = record["network"]
        config = NetworkConfig(**{**fields, "hidden_sizes": tuple(fields["hidden_sizes"])})
        with torch.device("meta"):  # takes no memory for sizes that the file only claims to hold
            network = CandidatePolicy(config)
        network.load_state_dict(load(data), assign=True)
    except (KeyError, TypeError, RuntimeError, ConfigError, SafetensorError) as error:
        why = one_line(error)  # torch writes a line for each weight
        raise CheckpointError(f"checkpoint {path}: does not hold a whole policy ({why})") from error
    if not all(bool(weight.isfinite().all()) for weight in network.parameters()):
        raise CheckpointError(f"checkpoint {path}: holds weights that are not finite")
    return Checkpoint(network.float().eval(), record, hashlib.sha256(data).hexdigest())


def _record(data: bytes, path: Path) -> dict[str, Any]:
    """Return the JSON record from the header: its length in 8 bytes, then the header as JSON."""
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        record = json.loads(header["__metadata__"]["record"])
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"checkpoint {path}: is not a checkpoint of this program") from error
    if not isinstance(record, dict):
        raise CheckpointError(f"checkpoint {path}: is not a checkpoint of this program")
    return record
