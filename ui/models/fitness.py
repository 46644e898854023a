"""Whether a model is fit for use: measured against EDD and the best rule on many snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from scheduler_core.errors import CheckpointError, ConfigError, ProblemError
from scheduler_core.evaluation import Case, ModelCheck, check_model, evaluate_command
from scheduler_core.generator import generate_snapshot
from scheduler_core.library import ModelRecord
from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Problem
from scheduler_core.snapshot import Snapshot, read_snapshot
from ui import home, objective, snapshots
from ui.bench import Bench
from ui.escaping import escaped
from ui.models.entries import Entry

MAX_FAMILIES = 3_000
"""Most families of all snapshots of an evaluation: some two seconds of one core."""
_BENCH = "bench"
_SIZES = (10, 20, 40, 60, 100, 200)
_MAX_GENERATED = 30
_RESULTS = "models_results"
_MAX_RESULTS = 32
_RELATIONS = {">=": "at least", "<=": "at most", "<": "below"}


@dataclass(frozen=True, slots=True)
class Task:
    """What a model is measured on."""

    files: tuple[str, ...]
    """Names of samples, or ``bench``."""
    size: int
    """Families of each generated snapshot."""
    count: int
    """How many of these."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an evaluation found, and of what."""

    data: str
    """The snapshots, in words."""
    weights: str
    key: tuple[object, ...]
    """Equal for two models that met the same snapshots and weights."""
    check: ModelCheck


def result_of(record: ModelRecord | None) -> Result | None:
    """Return the last evaluation of a model in this session."""
    return _results().get(record.sha256) if record else None


def show_evaluation(bench: Bench, entry: Entry) -> None:
    """Draw what to measure on, the button that does, and what came out last."""
    if entry.record is None or entry.fault is not None:
        st.info(
            f"This model cannot make schedules here: {escaped(entry.fault or 'it is damaged')}."
        )
        return
    task = _choose_task(bench)
    cases_size = _num_families(bench, task)
    fits = 0 < cases_size <= MAX_FAMILIES
    pressed = st.button(
        "Evaluate",
        type="primary",
        icon=":material/fact_check:",
        disabled=not fits,
        help="Schedules every snapshot with the model, with EDD and with every rule, and checks "
        "all schedules. It takes a few seconds.",
    )
    if not fits:
        st.caption(_why_not(cases_size))
    if pressed:
        _evaluate(bench, entry, entry.record, task)
    found = result_of(entry.record)
    if found is None:
        st.caption("Not evaluated yet. Press Evaluate to see whether it is fit for use.")
    else:
        _show(found)
    _show_command(bench, entry, task)


def _choose_task(bench: Bench) -> Task:
    with st.container(horizontal=True, vertical_alignment="bottom", key="models_task"):
        count = st.number_input(
            "Generated snapshots", 0, _MAX_GENERATED, 10,
            key="models_count", persist_state="session", width=170,
            help="Synthetic shops that no model was trained on, the same ones each time.",
        )  # fmt: skip
        size = st.selectbox(
            "of so many families", _SIZES, index=_SIZES.index(40),
            key="models_size", persist_state="session", width=170,
            help="More families show more, and take longer.",
        )  # fmt: skip
        files = st.multiselect(
            "and these", [_BENCH, *snapshots.sample_names()],
            format_func=lambda name: _file_label(bench, name),
            key="models_files", persist_state="session", placeholder="No other snapshot",
            help="The snapshot on the bench is the one chosen on the left.",
        )  # fmt: skip
    return Task(tuple(files), int(size or 40), int(count))


def _file_label(bench: Bench, name: str) -> str:
    if name == _BENCH:
        return f"On the bench: {bench.snapshot.name}"
    size, _, kind = name.partition("_")
    return f"Sample, {size} families" + (" in shifts" if kind == "shifts" else "")


def _num_families(bench: Bench, task: Task) -> int:
    on_file = (
        len(bench.problem.families) if name == _BENCH else int(name.partition("_")[0])
        for name in task.files
    )
    return task.size * task.count + sum(on_file)


def _why_not(num_families: int) -> str:
    if not num_families:
        return "Choose at least one snapshot, or some generated ones."
    return (
        f"Together these have {num_families:,} families; this page evaluates at most "
        f"{MAX_FAMILIES:,} at once. Choose fewer, or use the command below."
    )


def _evaluate(bench: Bench, entry: Entry, record: ModelRecord, task: Task) -> None:
    with st.status("Making the snapshots …", expanded=True) as status:
        bar = st.progress(0.0)

        def told(done: int, total: int) -> None:
            bar.progress(done / total)
            status.update(label=f"{done} of {total} snapshots scheduled and checked")

        try:
            cases = _cases(bench, task)
            check = check_model(entry.model.path, cases, told)
        except (CheckpointError, ConfigError, ProblemError) as error:
            status.update(label="The model could not be evaluated", state="error")
            st.error(escaped(str(error)))
            return
        status.update(label=f"Evaluated on {len(cases)} snapshots", state="complete")
    results = _results()
    key = (tuple(case.sha256 for case in cases), bench.weights)
    results[record.sha256] = Result(
        _in_words(bench, task), objective.text_of(bench.weights), key, check
    )
    for oldest in list(results)[:-_MAX_RESULTS]:
        del results[oldest]


def _results() -> dict[str, Result]:
    """Return the evaluations of this session by the hash of the model."""
    results: dict[str, Result] = st.session_state.setdefault(_RESULTS, {})
    return results


def _cases(bench: Bench, task: Task) -> list[Case]:
    chosen: list[Snapshot] = [
        bench.snapshot if name == _BENCH else _sample(name) for name in task.files
    ]
    distinct = {snapshot.sha256: snapshot for snapshot in chosen}
    cases = [
        Case(snapshot.name, snapshot.problem, bench.weights, sha256)
        for sha256, snapshot in distinct.items()
    ]
    for seed in range(task.count):
        problem, sha256 = _generated(task.size, seed)
        name = f"{task.size} families, test seed {seed}"
        cases.append(Case(name, problem, bench.weights, sha256))
    return cases


def _sample(name: str) -> Snapshot:
    path = snapshots.SAMPLES / f"{name}.json"
    return _read(path, path.stat().st_mtime_ns)


@st.cache_resource(max_entries=8, show_spinner=False)  # nobody changes a snapshot
def _read(path: Path, stamp: int) -> Snapshot:  # noqa: ARG001  # a changed file is read anew
    return read_snapshot(path)


@st.cache_resource(max_entries=64, show_spinner=False)
def _generated(size: int, seed: int) -> tuple[Problem, str]:
    made = generate_snapshot(size, seed, purpose="test")
    return made.problem, made.sha256


def _in_words(bench: Bench, task: Task) -> str:
    parts = [_file_label(bench, name) for name in task.files]
    if task.count:
        kind = "snapshot" if task.count == 1 else "snapshots"
        parts.append(f"{task.count} generated {kind} of {task.size} families")
    return "; ".join(parts)


def _show(result: Result) -> None:
    check = result.check
    if check.verdict.passed:
        st.markdown(":green[:material/verified: **Fit for use**]: every limit below is kept.")
    else:
        failed = [each.criterion for each in check.verdict.checks if not each.passed]
        st.markdown(f":red[:material/block: **Not fit for use**]: {escaped('; '.join(failed))}.")
    st.caption(f"On {escaped(result.data)}, weights {escaped(result.weights)}.")
    _show_tiles(check)
    rows = [
        {
            "": "kept" if each.passed else "NOT KEPT",
            "Limit": each.criterion,
            "Found": each.figure_text,
            "Asked for": f"{_RELATIONS[each.relation]} {each.limit_text}",
        }
        for each in check.verdict.checks
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content",
        alt="The limits of the gate, what was found, and whether each is kept",
    )  # fmt: skip
    with st.expander("Snapshot by snapshot"):
        _show_snapshots(check)


def _show_tiles(check: ModelCheck) -> None:
    edd, best = check.found.against("edd"), check.found.against("best_rule")
    with st.container(horizontal=True, gap="xsmall", key="models_tiles"):
        for name, each in (("Cost / EDD's", edd), ("Cost / best rule's", best)):
            low, high = each.interval
            st.metric(
                name, f"{each.mean_ratio:.3f}", border=True, height="stretch",
                delta=f"{low:.3f} to {high:.3f}", delta_color="off", delta_arrow="off",
                help="Delay cost as a ratio, mean over the snapshots; below 1 is better. Under it "
                "the range that holds the mean over many such snapshots with 95 % certainty.",
            )  # fmt: skip
        st.metric(
            "Beats the best rule", f"{best.wins} of {check.found.snapshots}",
            border=True, height="stretch",
            delta=f"{best.ties} even", delta_color="off", delta_arrow="off",
            help="Snapshots on which its delay cost is lower than that of the best of all rules.",
        )  # fmt: skip
        st.metric(
            "On time", f"{check.found.on_time_rate:.1%}", border=True, height="stretch",
            delta=f"{100 * (check.found.on_time_rate - check.edd.on_time_rate):+.1f} pts to EDD",
            delta_arrow="off",
            help="Share of families that end by their due time, mean over the snapshots.",
        )  # fmt: skip
        st.metric(
            "Violations", f"{check.found.constraint_violations:,}", border=True, height="stretch",
            help="Rules of the shop that its schedules break, by the independent validator.",
        )  # fmt: skip
        st.metric(
            "Slowest", f"{check.found.max_runtime_seconds:.3f} s", border=True, height="stretch",
            help="The longest that it took to make one schedule.",
        )  # fmt: skip


def _show_snapshots(check: ModelCheck) -> None:
    frame = pd.DataFrame(
        {
            "Snapshot": [each.name for each in check.snapshots],
            "Cost / EDD's": [each.ratio_to_edd for each in check.snapshots],
            "Cost / best rule's": [each.ratio_to_best_rule for each in check.snapshots],
            "On time, %": [100 * each.on_time_rate for each in check.snapshots],
            "EDD on time, %": [100 * each.edd_on_time_rate for each in check.snapshots],
        }
    )
    formats = {name: "%.1f" if "%" in name else "%.3f" for name in frame.columns[1:]}
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= 12 else 420,
        column_config={
            name: st.column_config.NumberColumn(format=form) for name, form in formats.items()
        },
        alt="Ratios and on-time rates of the model on each snapshot",
    )


def _show_command(bench: Bench, entry: Entry, task: Task) -> None:
    with st.expander("A longer study, from the command line"):
        st.caption(
            "The same measurement without this page's limits, run in the folder of the workbench: "
            "raise the numbers after --generate (families, snapshots), or name more files after "
            "--data. Add --html study.html for a report with plots."
        )
        files = [_file_path(bench, name) for name in task.files]
        weights = _weights_file(bench.weights)
        generate = (task.size, task.count) if task.count else None
        text = evaluate_command(_short(entry.model.path), files, generate, weights)
        st.code(text, language="bash", wrap_lines=True)
        if weights is None and bench.weights != RewardWeights():
            st.caption("These weights have no name: save them on page Rewards to use them there.")


def _file_path(bench: Bench, name: str) -> str:
    sample = snapshots.SAMPLES / f"{bench.snapshot.name if name == _BENCH else name}.json"
    return str(_short(sample)) if sample.exists() else bench.snapshot.name


def _weights_file(weights: RewardWeights) -> Path | None:
    """Return the file that holds some weights, None where they are the default ones or in none."""
    if weights == RewardWeights():
        return None
    folders: Sequence[Path] = (objective.PRESETS, home.rewards())
    known = objective.named()
    for path in (path for folder in folders for path in sorted(folder.glob("*.yaml"))):
        name = objective.title(path) if path.parent == objective.PRESETS else path.stem
        if known.get(name) == weights:
            return _short(path)
    return None


def _short(path: Path) -> Path:
    """Return a path as seen from the folder of the workbench, where it lies in there."""
    return path.relative_to(home.ROOT) if path.is_relative_to(home.ROOT) else path
