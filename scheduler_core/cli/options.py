"""Options that several commands have, and what a value must be."""

from __future__ import annotations

import argparse
from pathlib import Path

from scheduler_core.cli.inputs import INSTANCE_SUFFIXES
from scheduler_core.methods import DEVICES, ENSEMBLE_MODES
from scheduler_core.tabular import TABLE_SUFFIXES

DEVICE_HELP = "where the policy runs; auto takes a GPU where there is one"
SNAPSHOT_HELP = (
    f"snapshot file, a table of tasks ({', '.join(TABLE_SUFFIXES)}), or a published instance "
    f"({', '.join(INSTANCE_SUFFIXES)}) whose unit of time is taken for an hour"
)


def add_common(parser: argparse.ArgumentParser, models: str) -> None:
    """Add what makes a schedule and judges it; ``models`` says what several checkpoints do."""
    parser.add_argument("--model", type=Path, nargs="+", metavar="FILE",
                        help="checkpoint; default: the one that ships; "
                        f"of several {models}")  # fmt: skip
    modes = "; ".join(f"{name}: {meaning}" for name, meaning in ENSEMBLE_MODES.items())
    parser.add_argument("--ensemble", choices=ENSEMBLE_MODES, metavar="MODE",
                        help="several checkpoints make one schedule together; "
                        f"{modes}")  # fmt: skip
    parser.add_argument("--weights", type=Path,
                        help="reward weights as YAML or JSON; default: the usual ones, for an "
                        "instance the makespan alone")  # fmt: skip
    parser.add_argument("--device", choices=DEVICES, default="cpu", help=DEVICE_HELP)


def seed(text: str) -> int:
    """Return a seed that every random generator, and every file, can hold."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 2**63 - 1, got {text}")
    return int(text)


def count(text: str) -> int:
    """Return a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number >= 1, got {text}")
    return int(text)


def share(text: str) -> float:
    """Return a share, from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be a share from 0 to 1, got {text}")
    return number


def file(text: str) -> Path:
    """Return the path of a file to write, refusing one that can only be a directory."""
    path = Path(text)
    if not path.name:
        raise argparse.ArgumentTypeError(f"must name a file, got {text!r}")
    return path
