"""Page Schedule: a snapshot under several methods, what is late and why, files to take away."""

import streamlit as st

from ui import desk, kpis, plans
from ui.bench import open_page

bench = open_page("Schedule")
with st.sidebar:
    methods = plans.choose_methods()
with st.spinner(plans.waiting_text(bench.problem, methods)):
    comparison = plans.compare(bench, methods)

plans.show_unavailable(comparison)
kpis.show_tiles(comparison)
kpis.show_verdict(comparison)
desk.show_desk(bench, plans.datable(bench.problem, comparison.schedules().values()), comparison)
