"""Page Compare: one plan against another, where they part, what moves and what it is worth."""

import streamlit as st

from ui import plans
from ui.bench import open_page
from ui.compare import figures, moved, pair, score, stepper

bench = open_page("Compare")
with st.sidebar:
    methods = plans.choose_methods()
with st.spinner(plans.waiting_text(bench.problem, methods)):
    comparison = plans.compare(bench, methods)

plans.show_unavailable(comparison)
chosen = pair.choose_pair(bench, comparison)
if chosen is None:
    st.info(
        f"There is nothing to compare {comparison.leader.label} with yet. Pick a second method on "
        "the left, or take a schedule from a file."
    )
    st.stop()

figures.show_verdict(chosen, comparison)
figures.show_figures(chosen, comparison)
st.subheader("Where the plans part", anchor=False)
stepper.show_steps(chosen)
tasks, late = st.tabs(["Moved tasks", "Hours late by family"])
with tasks:
    moved.show_moved(chosen)
with late:
    score.show_lateness(chosen)
