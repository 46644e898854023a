"""Page Training: start runs, watch them, pause, stop and resume them."""

import streamlit as st

from ui.bench import open_page
from ui.training import form, memory, page

open_page("Training")
runs, new = st.tabs([memory.RUNS, memory.NEW_RUN], key=memory.TAB, on_change="rerun")
if runs.open:
    with runs:
        page.show_runs()
if new.open:
    with new:
        memory.show_problem()
        form.show_form()
