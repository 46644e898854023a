"""What the benchmarks of policies have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def add_common_options(parser: argparse.ArgumentParser, model: Path) -> None:
    """Add which checkpoints are measured, by default one, and where the figures go."""
    parser.add_argument("--models", type=Path, nargs="+", default=[model],
                        help="checkpoints, such as those of three training seeds")  # fmt: skip
    parser.add_argument("--json", type=Path, help="file to write the figures to")


def model_name(path: Path) -> str:
    """Return a checkpoint's name, with its run's: those of several runs have the same names."""
    folder = path.resolve().parent
    if folder.name == "checkpoints" and (folder.parent / "status.json").exists():
        return f"{folder.parent.name}/{path.stem}"
    return path.stem


def table_line(cells: Sequence[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def table_head(headings: Sequence[str]) -> str:
    """Return the first two lines of a Markdown table."""
    return f"{table_line(headings)}\n{table_line(['---'] * len(headings))}"
