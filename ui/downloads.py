"""Schedules as files to take away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import streamlit as st
import yaml

from scheduler_core.export import (
    Record,
    calendar_ics,
    calendars_zip,
    file_stem,
    machines_in_use,
    schedule_xlsx,
)
from scheduler_core.methods import load_policy, shipped_model
from scheduler_core.objective import RewardWeights
from scheduler_core.report import schedule_page
from scheduler_core.schedule_file import replay_command, schedule_csv, schedule_document
from ui import home, objective
from ui.bench import Bench
from ui.plans import Comparison, Plan, datable
from ui.snapshots import SAMPLES, shelf

_PLAN = "downloads_plan"
_MACHINE = "downloads_machine"
_ALL = "All machines"
_WEIGHTS = "weights.yaml"


def show_downloads(bench: Bench, comparison: Comparison) -> None:
    """Draw a picker of plans with a button per format; a file is written when its is pressed."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="downloads"):
        plan = _choose_plan(comparison)
        name = f"schedule-{plan.method}"
        _button("Excel", f"{name}.xlsx", lambda: schedule_xlsx(_record(bench, plan)),
                "Sheets of tasks, families, KPIs and machines, with real dates.")  # fmt: skip
        _button("CSV", f"{name}.csv", lambda: schedule_csv(bench.problem, plan.schedule),
                "One row for each task.")  # fmt: skip
        _button("JSON", f"{name}.json", lambda: _json(_record(bench, plan)),
                "The schedule file of this workbench: figures and origin included.")  # fmt: skip
        _button("Report of all plans", "schedules.html", lambda: _report(bench, comparison),
                "A web page of one file, with the Gantt charts, to mail or to print.")  # fmt: skip
    _show_calendars(bench, comparison, plan)
    _show_replay(bench, plan)


def _choose_plan(comparison: Comparison) -> Plan:
    plans = {plan.label: plan for plan in comparison.plans}
    label = st.segmented_control(
        "Plan",
        list(plans),
        default=comparison.leader.label,
        required=True,
        key=_PLAN,
        help="The schedule that the files hold; the report holds all of them.",
    )
    return plans.get(label or "", comparison.leader)


def _button(
    label: str, name: str, data: Callable[[], str | bytes], meaning: str, *, disabled: bool = False
) -> None:
    st.download_button(
        label,
        data,
        file_name=name,
        key=f"download_{label}",
        on_click="ignore",
        icon=":material/download:",
        help=meaning,
        disabled=disabled,
    )


def _show_calendars(bench: Bench, comparison: Comparison, plan: Plan) -> None:
    """Draw a button for the calendar of a machine, or of all; it needs dates."""
    record = _record(bench, plan, certify=False)
    # A plan may also go beyond the last date there is.
    dated = datable(bench.problem, comparison.schedules().values()).created_at is not None
    with st.container(horizontal=True, vertical_alignment="bottom", key="calendars"):
        machine = st.selectbox(
            "Calendar of",
            [_ALL, *machines_in_use(record)],
            key=_MACHINE,
            width=300,
            disabled=not dated,
            help="Events for Outlook or any other calendar, one for each task. Importing the next "
            "plan moves them.",
        )
        if machine == _ALL:
            name, data = "calendars.zip", lambda: calendars_zip(record)
        else:
            name, data = f"{file_stem(machine)}.ics", lambda: calendar_ics(record, machine)
        meaning = "A zip file with one calendar for each machine." if machine == _ALL else ""
        if not dated:
            meaning = "Needs the date of the snapshot: created_at in its metadata."
        _button("iCalendar", name, data, meaning, disabled=not dated)


def _show_replay(bench: Bench, plan: Plan) -> None:
    """Show the command that makes a plan again, and offer the weights that it reads."""
    st.caption("The same schedule from the command line, in the folder of the workbench:")
    st.code(_replay_command(bench, plan), language="bash", wrap_lines=True)
    if _weights_file(bench.weights) == _WEIGHTS:
        text = yaml.safe_dump(bench.weights.to_dict(), sort_keys=False)
        _button("Reward weights", _WEIGHTS, lambda: text, f"The file {_WEIGHTS} of the command.")


def _record(bench: Bench, plan: Plan, *, certify: bool = True) -> Record:
    """Return a plan with what it takes to make it again, the model's hash included."""
    certificate: dict[str, object] = {}
    if certify:
        certificate["replay"] = _replay_command(bench, plan)
        if plan.method == "ppo":
            certificate["checkpoint_sha256"] = load_policy(bench.model).sha256
    return Record(
        bench.snapshot, plan.schedule, bench.weights, plan.metrics, plan.label, certificate
    )


def _json(record: Record) -> str:
    document = schedule_document(
        record.snapshot, record.schedule, record.weights, record.metrics, record.certificate
    )
    return json.dumps(document, indent=1, ensure_ascii=False)


def _report(bench: Bench, comparison: Comparison) -> str:
    return schedule_page([_record(bench, plan) for plan in comparison.plans])


def _replay_command(bench: Bench, plan: Plan) -> str:
    """Return the command that makes the schedule again, run from the folder of the workbench."""
    is_other = plan.method == "ppo" and bench.model != shipped_model(bench.weights)
    return replay_command(
        _snapshot_file(bench),
        plan.method,
        plan.schedule.seed,
        f"schedule-{plan.method}.json",
        model=_relative(bench.model) if is_other else None,
        weights=_weights_file(bench.weights),
    )


def _snapshot_file(bench: Bench) -> str:
    """Return where the snapshot on the screen lies: among the samples, or where uploads are."""
    sample = SAMPLES / f"{bench.snapshot.name}.json"
    kept = shelf().folder / f"{bench.snapshot.sha256}.json"
    found = next((path for path in (kept, sample) if path.exists()), None)
    return _relative(found) if found else bench.snapshot.name


def _weights_file(weights: RewardWeights) -> str | None:
    """Return the file of weights that are not the usual ones; a name to save them under if none."""
    if weights == RewardWeights():
        return None
    named = objective.named()
    presets = {objective.title(path): path for path in objective.PRESETS.glob("*.yaml")}
    for name, known in named.items():
        if known == weights:
            return _relative(presets.get(name, home.rewards() / f"{name}.yaml"))
    return _WEIGHTS


def _relative(path: Path) -> str:
    """Return a path as seen from the folder of the workbench."""
    return str(path.relative_to(home.ROOT) if path.is_relative_to(home.ROOT) else path)
