"""Schedules as files to take away."""

from __future__ import annotations

import json

import streamlit as st

from scheduler_core.methods import load_policy
from scheduler_core.schedule_file import replay_command, schedule_csv, schedule_document
from ui.bench import Bench
from ui.plans import Comparison, Plan
from ui.snapshots import SAMPLES


def show_downloads(bench: Bench, comparison: Comparison) -> None:
    """Draw two buttons per plan; a file is written when its button is pressed, not before."""
    with st.container(horizontal=True, vertical_alignment="center", key="downloads"):
        for plan in comparison.plans:
            st.download_button(
                f"{plan.label} as JSON",
                lambda plan=plan: _json(bench, plan),
                file_name=f"schedule-{plan.method}.json",
                mime="application/json",
                key=f"json_{plan.method}",
                on_click="ignore",
                icon=":material/download:",
            )
            st.download_button(
                f"{plan.label} as CSV",
                lambda plan=plan: schedule_csv(bench.problem, plan.schedule),
                file_name=f"schedule-{plan.method}.csv",
                mime="text/csv",
                key=f"csv_{plan.method}",
                on_click="ignore",
                icon=":material/download:",
            )


def _json(bench: Bench, plan: Plan) -> str:
    certificate: dict[str, object] = {"replay": _replay_command(bench, plan)}
    if plan.method == "ppo":
        certificate["checkpoint_sha256"] = load_policy(bench.model).sha256
    document = schedule_document(
        bench.snapshot, plan.schedule, bench.weights, plan.metrics, certificate
    )
    return json.dumps(document, indent=1, ensure_ascii=False)


def _replay_command(bench: Bench, plan: Plan) -> str:
    """Return the command that makes the schedule again, run from the folder of the workbench."""
    sample = SAMPLES / f"{bench.snapshot.name}.json"
    path = f"{SAMPLES.name}/{sample.name}" if sample.exists() else bench.snapshot.name
    return replay_command(path, plan.method, plan.schedule.seed, f"schedule-{plan.method}.json")
