"""What a scenario moves, family by family and task by task, and the new plan as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence

import streamlit as st

from scheduler_core.methods import load_policy
from scheduler_core.replanning import Move, Scenario, effects, scenario_bytes
from scheduler_core.schedule_file import schedule_csv, schedule_document
from ui.bench import Bench
from ui.part import part
from ui.plans import Plan, datable
from ui.whatif import memory, tables
from ui.whatif.bar import suggestion
from ui.whatif.outcomes import Outcome

_TABS = ["Moved tasks", "Families", "Downloads"]


@part
def show_details(
    bench: Bench, base: Plan, draft: memory.Draft, outcome: Outcome, changes: Sequence[Move]
) -> None:
    """Draw one tab; to open another one does not run the page again."""
    before, after = base.schedule, outcome.plan.schedule
    stand = effects(outcome.plan.changed, before, after)
    problem = datable(outcome.plan.changed, [before, after])
    moved, families, files = st.tabs(_TABS, key="whatif_tab", on_change="rerun")
    if moved.open:
        with moved:
            tables.show_moved_tasks(problem, changes, stand)
    if families.open:
        with families:
            tables.show_families(problem, stand)
    if files.open:
        with files:
            _show_files(bench, base, draft, outcome)


def _show_files(bench: Bench, base: Plan, draft: memory.Draft, outcome: Outcome) -> None:
    """Draw the buttons that take the new plan away; a file is made when its button is pressed."""
    with st.container(horizontal=True, key="whatif_files"):
        st.download_button(
            "New plan as JSON", lambda: _json(bench, base, draft, outcome),
            file_name="schedule-scenario.json", mime="application/json",
            key="whatif_json", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        st.download_button(
            "New plan as CSV", lambda: schedule_csv(outcome.plan.changed, outcome.plan.schedule),
            file_name="schedule-scenario.csv", mime="text/csv",
            key="whatif_csv", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
    st.caption("Times count from the moment of the snapshot. The JSON names the events too.")


def _json(bench: Bench, base: Plan, draft: memory.Draft, outcome: Outcome) -> str:
    """Return the schedule file, with the scenario in its certificate."""
    scenario = Scenario(draft.name or suggestion(draft), draft.events, draft.now)
    certificate: dict[str, object] = {"scenario": json.loads(scenario_bytes(scenario))}
    if base.method == "ppo":
        certificate["checkpoint_sha256"] = load_policy(bench.model).sha256
    document = schedule_document(
        bench.snapshot, outcome.plan.schedule, bench.weights, outcome.metrics, certificate
    )
    return json.dumps(document, indent=1, ensure_ascii=False)
