"""Page Schedule: a snapshot under two methods, what is late, and the files to take away."""

import streamlit as st

from ui import downloads, gantt, kpis, plans, tables
from ui.bench import open_page

bench = open_page("Schedule")
with st.sidebar:
    methods = plans.choose_methods()
with st.spinner(plans.waiting_text(bench.problem, methods)):
    comparison = plans.compare(bench, methods)

plans.show_unavailable(comparison)
kpis.show_tiles(comparison)
kpis.show_verdict(comparison)
problem = plans.datable(bench.problem, comparison)
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
    downloads.show_downloads(bench, comparison)
