"""Page Schedule: a snapshot under two methods, what is late, and the files to take away."""

import streamlit as st

from scheduler_core.objective import RewardWeights
from ui import downloads, gantt, kpis, plans, snapshots, tables

with st.sidebar:
    snapshot = snapshots.choose_snapshot()
    methods = plans.choose_methods()

if snapshot is None:
    st.header("Schedule", anchor=False)
    snapshots.show_rejection()
    st.info("There is no sample here. Upload a snapshot on the left to see its schedule.")
    st.stop()

problem = snapshot.problem
snapshots.show_title(snapshot)
snapshots.show_rejection()
if not problem.families:
    st.info("No family of this snapshot has a task to do: there is nothing left to schedule.")
    st.stop()

weights = RewardWeights()
with st.spinner(plans.waiting_text(problem, methods)):
    comparison = plans.compare(snapshot, methods, weights)

plans.show_unavailable(comparison)
kpis.show_tiles(comparison)
kpis.show_verdict(comparison)
problem = plans.datable(problem, comparison)
gantt.show_charts(problem, comparison)

late, tasks, figures, files = st.tabs(["Late families", "All tasks", "All figures", "Downloads"])
with late:
    tables.show_late_families(problem, comparison)
with tasks:
    for plan in comparison.plans:
        st.subheader(plan.label, anchor=False)
        tables.show_all_tasks(problem, plan)
with figures:
    tables.show_all_figures(comparison)
with files:
    downloads.show_downloads(snapshot, comparison, weights)
