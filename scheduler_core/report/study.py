"""A study as a page: the gate's verdict, the table, the plots, and how it was measured."""

from __future__ import annotations

import os
from html import escape
from pathlib import PurePath

import numpy as np

from scheduler_core.evaluation import (
    BOOTSTRAP_SAMPLES,
    Aggregate,
    Comparison,
    Evaluation,
    Study,
    Verdict,
)
from scheduler_core.evaluation.files import package_versions, processor
from scheduler_core.objective import RewardWeights
from scheduler_core.report.figures import paints, ratio_figure, runtime_figure, strip_figure
from scheduler_core.report.page import (
    badge,
    cell,
    details,
    facts,
    note,
    page,
    plot,
    section,
    table,
)

_SIGNS = {">=": "≥", "<=": "≤", "<": "<"}
_SUMMED: dict[Aggregate, str] = {"mean": "mean", "iqm": "interquartile mean"}


def study_page(study: Study) -> str:
    """Return a study as HTML of one file."""
    measured = _listed(tuple(study.verdicts))
    snapshots = f"{len(study.cases)} snapshot{'s' if len(study.cases) != 1 else ''}"
    families = [len(case.problem.families) for case in study.cases]
    span = f"{min(families)}" if min(families) == max(families) else (
        f"{min(families)} to {max(families)}"
    )  # fmt: skip
    lead = (
        f"Measured on {snapshots} of {span} families, against {_listed(study.rivals)} "
        "on the same snapshots."
    )
    parts = [_gate(study), _results(study), _ratios(study), _on_time(study), _runtimes(study)]
    return page(f"Evaluation of {measured}", lead, [*parts, _protocol(study)])


def _gate(study: Study) -> str:
    parts = [_verdict(name, verdict) for name, verdict in study.verdicts.items()]
    return section("Fit for use?", *parts)


def _verdict(name: str, verdict: Verdict) -> str:
    rows = [
        [cell(each.criterion), each.figure_text,
         escape(f"{_SIGNS[each.relation]} {each.limit_text}"), badge(each.passed)]
        for each in verdict.checks
    ]  # fmt: skip
    heading = f"<h3>{escape(name)} &nbsp;{badge(verdict.passed)}</h3>"
    return heading + table(["criterion", "figure", "limit", ""], rows)


def _results(study: Study) -> str:
    head = ["", *(f"delay cost / {rival}" for rival in study.rivals)]
    head += ["families on time", "tasks placed", "violations", "seconds, slowest"]
    rows = [_row(study, each) for each in study.results.values()]
    measured = [name in study.verdicts for name in study.results]
    how = (
        f"Ratios are the {_SUMMED[study.aggregate]} over snapshots, below 1 is better; beneath, "
        "the 95 % bootstrap interval, and on how many schedules the method costs less, the same, "
        "more. Tasks placed are those of the worst schedule."
    )
    return section("Results", note(how), table(head, rows, measured))


def _row(study: Study, found: Evaluation) -> list[str]:
    ratios = [
        "" if each.rival == found.method else _ratio(each, study.aggregate)
        for each in found.comparisons
    ]
    return [
        cell(found.method), *ratios, f"{found.on_time_rate:.1%}", f"{found.completion_rate:.0%}",
        str(found.constraint_violations), f"{found.max_runtime_seconds:.3f}",
    ]  # fmt: skip


def _ratio(each: Comparison, aggregate: Aggregate) -> str:
    low, high = each.interval_of(aggregate)
    interval = f"{low:.3f} to {high:.3f}"
    counts = f"{each.wins} won, {each.ties} tied, {each.losses} lost"
    return cell(f"{each.ratio(aggregate):.3f}", interval) + f"<small>{counts}</small>"


def _ratios(study: Study) -> str:
    names = [case.name for case in study.cases]
    looks = paints(list(study.results))
    parts = []
    for i, name in enumerate(study.verdicts):
        ratios = {rival: study.ratios(name, rival) for rival in study.rivals if rival != name}
        if not ratios:
            continue
        lost = sum(int((~np.isfinite(each)).sum()) for each in ratios.values())
        parts.append(f"<h3>{escape(name)}</h3>" if len(study.verdicts) > 1 else "")
        parts.append(plot(ratio_figure(ratios, names, looks), f"ratios-{i}"))
        if lost:
            parts.append(note(f"{lost} not shown: there the rival has no delay cost at all."))
    how = "A dot for each snapshot and rival; below the line the method costs less than the rival."
    return section("Delay cost on each snapshot", note(how), *parts)


def _on_time(study: Study) -> str:
    values = {name: study.by_snapshot(name, "on_time_rate") for name in study.results}
    names = [case.name for case in study.cases]
    dots = dict.fromkeys(values, names)
    figure = strip_figure(values, dots, paints(list(values)), "families on time", percent=True)
    how = "A dot for each snapshot, the mean of its schedules; the bar is the mean of all."
    return section("Families on time", note(how), plot(figure, "on-time"))


def _runtimes(study: Study) -> str:
    limit = study.gate.max_runtime_seconds
    figure = runtime_figure(study.trials, paints(list(study.results)), limit)
    how = "A dot for each schedule. Reading files, compiling and judging are left out."
    return section("Time to make a schedule", note(how), plot(figure, "runtimes"))


def _protocol(study: Study) -> str:
    """Return what was measured on what, so that another can do it again."""
    pairs = [
        ("Delay cost", "the score if each family had the shop to itself, minus the schedule's"),
        ("Schedules", escape(_schedules(study))),
        ("Judge", "a validator that shares no code with what makes schedules"),
        ("Intervals", f"percentile bootstrap, {BOOTSTRAP_SAMPLES:,} draws of whole snapshots"),
        ("Weights", "<br>".join(escape(_weights(each)) for each in _distinct_weights(study))),
        ("Checkpoints", "<br>".join(
            f"{escape(PurePath(path).name)} <code>{escape(sha256)}</code>"
            for path, sha256 in study.checkpoints.items()) or "none"),
        ("Versions", escape(", ".join(
            f"{name} {number}" for name, number in package_versions(study).items()))),
        ("Machine", escape(f"{processor()}, {os.cpu_count()} cores")),
    ]  # fmt: skip
    rows = [
        [cell(case.name), str(len(case.problem.families)), str(case.problem.num_tasks),
         f"<code>{escape(case.sha256[:16])}</code>"]
        for case in study.cases
    ]  # fmt: skip
    files = table(["snapshot", "families", "tasks", "SHA-256 begins with"], rows)
    return section("How it was measured", facts(pairs), details("The snapshots", files))


def _schedules(study: Study) -> str:
    number = len(study.seeds) * study.episodes
    if number == 1:
        return "one of each snapshot, greedy"
    seeds = ", ".join(map(str, study.seeds))
    return (
        f"{number} of each snapshot by a policy (seeds {seeds}; {study.episodes} for each): "
        "the first one greedy, the others drawn; rules without chance make one"
    )


def _distinct_weights(study: Study) -> list[RewardWeights]:
    return list(dict.fromkeys(case.weights for case in study.cases))


def _weights(weights: RewardWeights) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value or 0:g}"
        for name, value in weights.to_dict().items()
        if name not in ("sequence_violation", "action_taken_bonus")
    )


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
