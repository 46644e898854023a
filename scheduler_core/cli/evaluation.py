"""The commands ``compare`` and ``evaluate``: methods side by side, and judged on many snapshots."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scheduler_core.cli import tables
from scheduler_core.cli.inputs import (
    announce_compiling,
    one_model,
    read_problem,
    read_weights,
    setting,
)
from scheduler_core.cli.options import SNAPSHOT_HELP, add_common, count, file, seed
from scheduler_core.cluster import make_executor
from scheduler_core.errors import ConfigError
from scheduler_core.evaluation import (
    AGGREGATES,
    Case,
    Contender,
    Gate,
    Trial,
    check_trials,
    run_study,
    run_trials,
    study_document,
    trials_csv,
)
from scheduler_core.evaluation.study import RIVALS
from scheduler_core.files import write_aside
from scheduler_core.generator import generate_snapshot
from scheduler_core.methods import METHODS
from scheduler_core.objective import RewardWeights

_EACH = "each is listed, unless --ensemble makes them one"


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``compare``."""
    parser.add_argument("snapshots", type=Path, nargs="+", help=SNAPSHOT_HELP)
    parser.add_argument("--methods", choices=METHODS, nargs="+", metavar="METHOD",
                        default=list(METHODS), help="default: all")  # fmt: skip
    parser.add_argument("--seed", type=seed, default=0, help="for methods that draw; default: 0")
    add_common(parser, _EACH)
    _add_files(parser, "figures")
    parser.set_defaults(run=compare)


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``evaluate``."""
    parser.add_argument("--data", type=Path, nargs="+", default=[], help=SNAPSHOT_HELP)
    parser.add_argument("--generate", type=count, nargs=2, action="append", default=[],
                        metavar=("FAMILIES", "COUNT"),
                        help="so many snapshots of so many families that nothing was trained on; "
                        "may be given more than once")  # fmt: skip
    parser.add_argument("--methods", choices=METHODS, nargs="+", metavar="METHOD",
                        default=["ppo"], help="what is measured; default: ppo")  # fmt: skip
    parser.add_argument("--rivals", choices=METHODS, nargs="*", metavar="METHOD",
                        default=list(RIVALS),
                        help=f"measured against; default: {' '.join(RIVALS)}")  # fmt: skip
    parser.add_argument("--episodes", type=count, default=1,
                        help="schedules of each snapshot for each seed, all but the very first one "
                        "drawn from the policy; default: 1")  # fmt: skip
    parser.add_argument("--seeds", type=seed, nargs="+", default=[0],
                        help="of drawn schedules; default: 0")  # fmt: skip
    parser.add_argument("--aggregate", choices=AGGREGATES, default="mean",
                        help="how the ratios of all snapshots become one: their mean, or the "
                        "interquartile mean; default: mean")  # fmt: skip
    parser.add_argument("--gate", nargs="*", metavar="NAME=LIMIT",
                        help="exit with 1 unless all measured pass; limits that differ from the "
                        "usual ones, such as max_runtime_seconds=0.5")  # fmt: skip
    parser.add_argument("--threads", type=count, default=1,
                        help="snapshots worked on at once, which makes each schedule slower; "
                        "default: 1")  # fmt: skip
    parser.add_argument("--address", default="",
                        help="of a Ray cluster to work on, such as ray://host:10001; default: "
                        "this machine")  # fmt: skip
    add_common(parser, _EACH)
    _add_files(parser, "results")
    parser.set_defaults(run=evaluate)


def _add_files(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", type=file, metavar="FILE", help=f"file for all {what}")
    parser.add_argument("--csv", type=file, metavar="FILE",
                        help="file for a table with a line for each schedule")  # fmt: skip
    parser.add_argument("--html", type=file, metavar="FILE",
                        help="file for a report with plots, which needs no network")  # fmt: skip


def compare(options: argparse.Namespace) -> int:
    """Print the figures of several methods on each snapshot."""
    contenders = _contenders(options.methods, options.model, options.ensemble)
    trials: list[Trial] = []
    for number, path in enumerate(options.snapshots):
        weights = read_weights(options.weights, [path])
        case = _case(path, weights)
        announce_compiling(options.methods, together=options.ensemble is not None)
        found = run_trials([case], contenders, seeds=[options.seed], device=options.device)
        trials += [replace(trial, snapshot=number) for trial in found]
        print(f"{path}\n{tables.figures({each.contender.name: each.metrics for each in found})}\n")
    if options.json:
        document: dict[str, dict[str, object]] = {}
        for trial in trials:
            document.setdefault(trial.case.name, {})[trial.contender.name] = trial.metrics.to_dict()
        write_aside(options.json, json.dumps(document, indent=1).encode())
    if options.csv:
        write_aside(options.csv, trials_csv(trials).encode())
    if options.html:
        from scheduler_core.report import comparison_page  # importing Plotly takes a while

        write_aside(options.html, comparison_page(trials).encode())
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Print how policies do on snapshots against rivals, and at the gate."""
    gate = Gate.from_mapping(dict(setting(text, "--gate") for text in options.gate or ()))
    contenders = _contenders(options.methods, options.model, options.ensemble)
    cases = _cases(options)
    check_trials(cases, contenders, options.seeds, options.episodes)
    together = options.ensemble is not None or options.episodes * len(options.seeds) > 1
    announce_compiling(options.methods, together=together)
    study = run_study(
        cases,
        contenders,
        rivals=options.rivals,
        seeds=options.seeds,
        episodes=options.episodes,
        aggregate=options.aggregate,
        gate=gate,
        device=options.device,
        executor=make_executor(options.address, options.threads),
    )
    print(tables.study(study))
    if options.json:
        write_aside(options.json, json.dumps(study_document(study), indent=1).encode())
    if options.csv:
        write_aside(options.csv, trials_csv(study.trials).encode())
    if options.html:
        from scheduler_core.report import study_page  # importing Plotly takes a while

        write_aside(options.html, study_page(study).encode())
    violated = any(study.results[each.name].constraint_violations for each in contenders)
    return 1 if violated or (options.gate is not None and not study.passed) else 0


def _contenders(
    names: Sequence[str], models: Sequence[Path] | None, mode: str | None
) -> list[Contender]:
    """Return the methods by name; the policy once for each of several checkpoints, or together."""
    contenders = []
    for name in dict.fromkeys(names):
        if name != "ppo":
            contenders.append(Contender(name, name))
        elif mode is None and models and len(models) > 1:
            stems = [path.stem for path in models]
            distinct = len(set(stems)) == len(stems)
            contenders += [
                Contender(stem if distinct else str(path), name, path)
                for stem, path in zip(stems, models, strict=True)
            ]
        else:
            contenders.append(Contender(name, name, one_model(models, mode)))
    return contenders


def _cases(options: argparse.Namespace) -> list[Case]:
    """Return the snapshots of the files, then those that are generated."""
    if not options.data and not options.generate:
        raise ConfigError("evaluate: needs snapshots; name files by --data, or use --generate")
    generated = [Path("generated")] * bool(options.generate)  # judged as snapshot files are
    weights = read_weights(options.weights, [*options.data, *generated])
    cases = [_case(path, weights) for path in options.data]
    for size, number in options.generate:
        for test_seed in range(number):
            made = generate_snapshot(size, test_seed, purpose="test")
            name = f"{size} families, test seed {test_seed}"
            cases.append(Case(name, made.problem, weights, made.sha256))
    return cases


def _case(path: Path, weights: RewardWeights) -> Case:
    snapshot = read_problem(path)
    return Case(str(path), snapshot.problem, weights, snapshot.sha256)
