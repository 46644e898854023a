"""Parsing of the command line, and what happens to errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from scheduler_core.cli import bench, commands, curriculum, evaluation, sweep, training, transfer
from scheduler_core.cli.options import SNAPSHOT_HELP, add_common, file, seed, share
from scheduler_core.cli.outputs import FORMATS
from scheduler_core.errors import SchedulerError
from scheduler_core.generator import SHOPS, GeneratorConfig
from scheduler_core.methods import METHODS

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
    evaluation.add_compare(add("compare", help="compare methods on snapshots"))
    evaluation.add_evaluate(
        add("evaluate", help="measure policies against rivals, and judge them at a gate")
    )
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
    parser.add_argument("snapshot", type=Path, help=SNAPSHOT_HELP)
    parser.add_argument("--method", choices=METHODS, default="ppo", metavar="METHOD",
                        help=f"one of: {', '.join(METHODS)}")  # fmt: skip
    parser.add_argument("--out", type=file, required=True,
                        help="file to write, JSON unless its name ends in "
                        f"{', '.join(FORMATS)} (a zip of calendars, one a machine)")  # fmt: skip
    parser.add_argument("--seed", type=seed, default=0, help="for methods that draw; default: 0")
    add_common(parser, "the best schedule is kept unless --ensemble says otherwise")
    parser.set_defaults(run=commands.schedule)


def _add_validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshot", type=Path, help=SNAPSHOT_HELP)
    parser.add_argument("schedule", type=Path, nargs="?", help="schedule file")
    parser.set_defaults(run=commands.validate)


def _add_generate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("families", type=int, nargs="?", default=100, help="default: 100")
    parser.add_argument("--seed", type=seed, default=0, help="default: 0")
    parser.add_argument("--shop", choices=SHOPS, default=SHOPS[0],
                        help=f"default: {SHOPS[0]}")  # fmt: skip
    machines = GeneratorConfig().num_machines
    parser.add_argument("--machines", type=int, default=machines, help=f"default: {machines}")
    for name, meaning in _SHARES.items():
        parser.add_argument(f"--{name}", type=share, default=0.0, metavar="SHARE",
                            help=f"share of {meaning}, 0 to 1; default: 0")  # fmt: skip
    parser.add_argument("--holidays", type=int, default=0,
                        help="weekdays on which no shift begins; default: 0")  # fmt: skip
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", type=file, help="snapshot file to write")
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
    parser.add_argument("--json", type=file, help="file for the figures")
    parser.set_defaults(run=bench.bench)
