"""The command transfer: what a policy learned elsewhere is worth on new problems."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler_core.cli import tables
from scheduler_core.cli.options import file
from scheduler_core.cli.training import (
    ProgressDisplay,
    add_common,
    add_settings,
    config_path,
    new_folder,
    overrides_of,
    stop_on_signals,
)
from scheduler_core.files import write_aside

if TYPE_CHECKING:  # importing torch takes seconds
    from scheduler_core.training.transfer import TransferResult


def add_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--source", type=Path, required=True, help="checkpoint to transfer")
    add_settings(parser)
    parser.add_argument("--json", type=file, help="file for the results")
    add_common(parser)
    parser.set_defaults(run=transfer)


def transfer(options: argparse.Namespace) -> int:
    """Fine-tune a policy, train another from scratch, and print which is better."""
    from scheduler_core.training import load_config
    from scheduler_core.training.transfer import transfer as run_transfer

    config = load_config(config_path(options), overrides_of(options))
    folder = options.folder or new_folder()
    print(f"transfer: {folder}", flush=True)
    with stop_on_signals() as should_stop, ProgressDisplay() as display:
        result = run_transfer(
            config, options.source, folder, listener=display, should_stop=should_stop
        )
    if result is None:
        print(f"stopped; go on by the same command with --run {folder}")
        return 0
    print(_outcome(result))
    if options.json:
        write_aside(options.json, (folder / "transfer.json").read_bytes())
    return 0


def _outcome(result: TransferResult) -> str:
    """Return what came of it as text."""
    rows = [
        ["delay cost / best rule's", "", "seconds"],
        ["the policy as it was", f"{result.at_once:.3f}", "0"],
        ["fine-tuned", f"{result.fine_tuned:.3f}", f"{result.seconds_fine_tuned:.0f}"],
        ["from scratch", f"{result.from_scratch:.3f}", f"{result.seconds_from_scratch:.0f}"],
    ]
    lines = [tables.align(rows)]
    if result.seconds_to_equal is None:
        lines.append("fine-tuning never got as far as training from scratch")
    else:
        lines.append(
            f"as good as training from scratch after {result.seconds_to_equal:.0f} s of fine-tuning"
        )
    if result.elsewhere:
        before, after = result.elsewhere
        lines.append(f"on other shops: {before:.3f} before, {after:.3f} after")
    return "\n".join(lines)
