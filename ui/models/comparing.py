"""Two models side by side: schedules of one snapshot, evaluations, settings of their training."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import streamlit as st

from scheduler_core.charts import gantt, row_names
from scheduler_core.differences import differences
from scheduler_core.errors import CheckpointError
from scheduler_core.library import Library, StoredModel
from scheduler_core.schedule import Schedule
from ui import plans, policies
from ui.bench import Bench
from ui.escaping import escaped
from ui.gantt import draw
from ui.glossary import FIGURES, MORE_FIGURES
from ui.models.entries import Entry, entry_of
from ui.models.fitness import Result, result_of
from ui.plans import Plan

OTHER = "models_other"
_ROWS = 12


def show_comparison(library: Library, bench: Bench, entry: Entry) -> None:
    """Draw the picker of the other model, and what differs between the two."""
    others = [model for model in _usable(library) if model.path != entry.model.path]
    if entry.fault is not None or not others:
        st.info("Two models that can be used here are needed. Import one, or train one.")
        return
    names = [model.name for model in others]
    default = policies.default_model(bench.weights)
    paths = [model.path for model in others]
    name = st.selectbox(
        "Compare it with",
        names,
        index=paths.index(default) if default in paths else 0,
        key=OTHER,
        persist_state="session",
        width=320,
        help="Any other model that can be used here.",
    )
    other = entry_of(others[names.index(name) if name in names else 0])
    try:
        one, two = _plan(bench, entry), _plan(bench, other)
    except CheckpointError as error:
        st.error(escaped(str(error)))
        return
    st.markdown(_in_a_sentence(entry, other, one, two))
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_figures(entry, other, one, two)
    with right:
        _show_evaluations(entry, other)
        _show_settings(entry, other)
    _show_charts(bench, entry, other, one, two)


def _usable(library: Library) -> list[StoredModel]:
    models = [*library.models(), library.default()]
    distinct = {model.path: model for model in models if model is not None}
    return [model for model in distinct.values() if entry_of(model).fault is None]


def _plan(bench: Bench, entry: Entry) -> Plan:
    return plans.plan_of(replace(bench, model=entry.model.path), "ppo")


def _in_a_sentence(entry: Entry, other: Entry, one: Plan, two: Plan) -> str:
    ours, theirs = one.metrics.delay_cost, two.metrics.delay_cost
    if ours == theirs:
        verdict = "Both cost the same in delays"
    else:
        better, worse = (entry, other) if ours < theirs else (other, entry)
        share = 1 - min(ours, theirs) / max(ours, theirs)
        verdict = f"**{better.title}** costs {share:.1%} less in delays than {worse.title}"
    return f"{verdict} on this snapshot. {_moved(one.schedule, two.schedule)}"


def _moved(one: Schedule, two: Schedule) -> str:
    moved = len(one.moved_from(two))
    return f"{moved:,} of {len(one):,} tasks start at another time or on another machine."


def _show_figures(entry: Entry, other: Entry, one: Plan, two: Plan) -> None:
    rows = []
    for figure in (*FIGURES, *MORE_FIGURES):
        ours, theirs = figure.value(one.metrics), figure.value(two.metrics)
        texts = figure.text(ours), figure.text(theirs), figure.change(ours - theirs)
        rows.append((figure.label, *texts, figure.judge(ours - theirs) or ""))
    names = entry.model.name, other.model.name
    frame = pd.DataFrame(rows, columns=["Figure", *names, "Difference", f"{names[0]} is"])
    st.markdown("**On the snapshot on the bench**")
    st.dataframe(
        frame, hide_index=True, height="content",
        alt=f"Figures of the schedules of {names[0]} and {names[1]}, and their difference",
    )  # fmt: skip


def _show_evaluations(entry: Entry, other: Entry) -> None:
    st.markdown("**On many snapshots**")
    results = result_of(entry.record), result_of(other.record)
    if results[0] is None or results[1] is None:
        missing = entry if results[0] is None else other
        st.caption(f"{missing.title} is not evaluated yet: see tab Fit for use.")
        return
    if results[0].key != results[1].key:
        st.caption(
            "The two were evaluated on different snapshots or weights, which does not compare. "
            "Evaluate both on the same ones."
        )
        return
    names = entry.model.name, other.model.name
    cells = [_evaluation_cells(each) for each in results if each is not None]
    frame = pd.DataFrame(
        {"Figure": list(cells[0])}
        | {n: list(c.values()) for n, c in zip(names, cells, strict=True)}
    )
    st.caption(f"On {escaped(results[0].data)}, weights {escaped(results[0].weights)}.")
    st.dataframe(
        frame, hide_index=True, height="content",
        alt=f"What the evaluations of {names[0]} and {names[1]} found",
    )  # fmt: skip


def _evaluation_cells(result: Result) -> dict[str, str]:
    found = result.check.found
    cells = {}
    for name, rival in (("Cost / EDD's", "edd"), ("Cost / best rule's", "best_rule")):
        against = found.against(rival)
        low, high = against.interval
        cells[name] = f"{against.mean_ratio:.3f} ({low:.3f} to {high:.3f})"
    cells["Beats the best rule"] = f"{found.against('best_rule').wins} of {found.snapshots}"
    cells["On time"] = f"{found.on_time_rate:.1%}"
    cells["Fit for use"] = "yes" if result.check.verdict.passed else "no"
    return cells


def _show_settings(entry: Entry, other: Entry) -> None:
    st.markdown("**Settings in which their trainings differ**")
    if entry.record is None or other.record is None:
        return
    found = differences([entry.record.config, other.record.config])
    if not found:
        st.caption("None: they differ in seeds of chance, or in how long they trained.")
        return
    names = entry.model.name, other.model.name
    rows = [(name, *map(_value_text, values)) for name, values in found.items()]
    st.dataframe(
        pd.DataFrame(rows, columns=["Setting", *names]),
        hide_index=True, height="content" if len(rows) < 9 else 330,
        alt=f"Settings in which the trainings of {names[0]} and {names[1]} differ",
    )  # fmt: skip


def _value_text(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return value if isinstance(value, str) else json.dumps(value)[:200]


def _show_charts(bench: Bench, entry: Entry, other: Entry, one: Plan, two: Plan) -> None:
    schedules = {_title(entry, one): one.schedule, _title(other, two): two.schedule}
    rows = row_names(bench.problem, schedules.values(), "machine")
    figure = gantt(
        bench.problem,
        schedules,
        rows=rows[:_ROWS],
        dark=st.context.theme.type == "dark",
    )
    draw(figure, "models_charts", f"Gantt charts of {' and '.join(schedules)}")
    if len(rows) > _ROWS:
        st.caption(f"The busiest {_ROWS} of {len(rows):,} machines in use.")


def _title(entry: Entry, plan: Plan) -> str:
    late = plan.metrics.late_families
    return f"{entry.model.name} · {late:,} late famil{'y' if late == 1 else 'ies'}"
