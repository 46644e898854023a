"""Parsing of the command line, and what happens to errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from scheduler_core.cli import bench, commands, curriculum, sweep, training, transfer
from scheduler_core.errors import SchedulerError
from scheduler_core.generator import SHOPS, GeneratorConfig
from scheduler_core.methods import DEVICES, METHODS

_DEVICE_HELP = "where the policy runs; auto takes a GPU where there is one"
_SNAPSHOT_HELP = (
    f"snapshot file, or a published instance ({', '.join(commands.INSTANCE_SUFFIXES)}) "
    "whose unit of time is taken for an hour"
)

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 wrong input, 2 wrong usage."""
    options = build_parser().parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()  # a reader that has gone is found out here, not by Python at exit
    except SchedulerError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # A reader that has gone, such as head, has read enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # A rename that fails names two files: the one written aside, and the one asked for.
        path = error.filename2 or error.filename
        print(f"{path}: {error.strerror}; check the path", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what had been written by then is kept", file=sys.stderr)
        return INTERRUPTED
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(prog="scheduler", description="Schedule families of tasks.")
    add = parser.add_subparsers(metavar="COMMAND", required=True).add_parser
    _add_schedule(add("schedule", help="make a schedule and print its figures"))
    _add_validate(add("validate", help="check a snapshot, and a schedule of it"))
    _add_compare(add("compare", help="compare methods on snapshots"))
    _add_evaluate(add("evaluate", help="measure a policy against EDD and the best rule"))
    training.add_train(add("train", help="train a policy"))
    curriculum.add_parser(add("curriculum", help="train a policy stage by stage"))
    transfer.add_parser(add("transfer", help="measure what a policy is worth on new problems"))
    training.add_stop(add("stop", help="ask runs to stop; they can go on later"))
    training.add_runs(add("runs", help="list runs and where they stand"))
    sweep.add_parser(add("sweep", help="search for settings, or train several seeds"))
    _add_generate(add("generate", help="make a synthetic snapshot"))
    _add_bench(add("bench", help="measure how fast the simulator is"))
    return parser


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshot", type=Path, help=_SNAPSHOT_HELP)
    parser.add_argument("--method", choices=METHODS, default="ppo", metavar="METHOD",
                        help=f"one of: {', '.join(METHODS)}")  # fmt: skip
    parser.add_argument("--out", type=_file, required=True, help="schedule file to write")
    _add_common(parser)
    parser.set_defaults(run=commands.schedule)


def _add_validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshot", type=Path, help=_SNAPSHOT_HELP)
    parser.add_argument("schedule", type=Path, nargs="?", help="schedule file")
    parser.set_defaults(run=commands.validate)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshots", type=Path, nargs="+", help=_SNAPSHOT_HELP)
    parser.add_argument("--methods", choices=METHODS, nargs="+", metavar="METHOD",
                        default=list(METHODS), help="default: all")  # fmt: skip
    parser.add_argument("--json", type=_file, help="file for the figures")
    _add_common(parser)
    parser.set_defaults(run=commands.compare)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help=_SNAPSHOT_HELP)
    parser.add_argument("--json", type=_file, help="file for the figures")
    _add_common(parser)
    parser.set_defaults(run=commands.evaluate)


def _add_generate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("families", type=int, nargs="?", default=100, help="default: 100")
    parser.add_argument("--seed", type=_seed, default=0, help="default: 0")
    parser.add_argument("--shop", choices=SHOPS, default=SHOPS[0],
                        help=f"default: {SHOPS[0]}")  # fmt: skip
    machines = GeneratorConfig().num_machines
    parser.add_argument("--machines", type=int, default=machines, help=f"default: {machines}")
    for name, meaning in _SHARES.items():
        parser.add_argument(f"--{name}", type=_share, default=0.0, metavar="SHARE",
                            help=f"share of {meaning}, 0 to 1; default: 0")  # fmt: skip
    parser.add_argument("--holidays", type=int, default=0,
                        help="weekdays on which no shift begins; default: 0")  # fmt: skip
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", type=_file, help="snapshot file to write")
    target.add_argument("--samples", type=Path, help="directory for the sample snapshots")
    parser.set_defaults(run=commands.generate)


_SHARES = {
    "shifts": "machines that work in shifts",
    "downtime": "machines that stand still once or twice",
    "running": "families whose first task is running",
    "locked": "tasks that planners have locked to a machine and a start",
    "flexible": "tasks that 2 to 4 machines can do",
}


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", choices=bench.PARTS, nargs="+", metavar="PART",
                        help=f"some of: {', '.join(bench.PARTS)}; default: all")  # fmt: skip
    parser.add_argument("--instance", type=Path, default=bench.INSTANCE,
                        help="job shop to measure on; default: ta41")  # fmt: skip
    parser.add_argument("--rivals", action="store_true",
                        help="measure job-shop-lib and JSSEnv too, in an environment of their "
                        "own, which takes 770 MB and a network to install")  # fmt: skip
    parser.add_argument("--json", type=_file, help="file for the figures")
    parser.set_defaults(run=bench.bench)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, help="checkpoint; default: the one that ships")
    parser.add_argument("--weights", type=Path,
                        help="reward weights as YAML or JSON; default: the usual ones, for an "
                        "instance the makespan alone")  # fmt: skip
    parser.add_argument("--seed", type=_seed, default=0, help="for methods that draw; default: 0")
    parser.add_argument("--device", choices=DEVICES, default="cpu", help=_DEVICE_HELP)


def _seed(text: str) -> int:
    """Return a seed that every random generator, and every file, can hold."""
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 2**63 - 1, got {text}")
    return int(text)


def _share(text: str) -> float:
    """Return a share, from 0 to 1."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"must be a share from 0 to 1, got {text}")
    return share


def _file(text: str) -> Path:
    """Return the path of a file to write, refusing one that can only be a directory."""
    path = Path(text)
    if not path.name:
        raise argparse.ArgumentTypeError(f"must name a file, got {text!r}")
    return path
