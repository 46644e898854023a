"""Schedules as files to take away."""

from __future__ import annotations

import json

import streamlit as st

from scheduler_core.methods import load_policy, shipped_model
from scheduler_core.objective import RewardWeights
from scheduler_core.schedule_file import replay_command, schedule_csv, schedule_document
from scheduler_core.snapshot import Snapshot
from ui.plans import Comparison, Plan
from ui.snapshots import SAMPLES


def show_downloads(snapshot: Snapshot, comparison: Comparison, weights: RewardWeights) -> None:
    """Draw two buttons per plan; a file is written when its button is pressed, not before."""
    with st.container(horizontal=True, vertical_alignment="center", key="downloads"):
        for plan in comparison.plans:
            st.download_button(
                f"{plan.label} as JSON",
                lambda plan=plan: _json(snapshot, plan, weights),
                file_name=f"schedule-{plan.method}.json",
                mime="application/json",
                key=f"json_{plan.method}",
                on_click="ignore",
                icon=":material/download:",
            )
            st.download_button(
                f"{plan.label} as CSV",
                lambda plan=plan: schedule_csv(snapshot.problem, plan.schedule),
                file_name=f"schedule-{plan.method}.csv",
                mime="text/csv",
                key=f"csv_{plan.method}",
                on_click="ignore",
                icon=":material/download:",
            )


def _json(snapshot: Snapshot, plan: Plan, weights: RewardWeights) -> str:
    certificate = {"replay": _replay_command(snapshot, plan)}
    if plan.method == "ppo":
        certificate["checkpoint_sha256"] = load_policy(shipped_model(weights)).sha256
    document = schedule_document(snapshot, plan.schedule, weights, plan.metrics, certificate)
    return json.dumps(document, indent=1, ensure_ascii=False)


def _replay_command(snapshot: Snapshot, plan: Plan) -> str:
    """Return the command that makes the schedule again, run from the folder of the workbench."""
    sample = SAMPLES / f"{snapshot.name}.json"
    path = f"{SAMPLES.name}/{sample.name}" if sample.exists() else snapshot.name
    return replay_command(path, plan.method, plan.schedule.seed, f"schedule-{plan.method}.json")
