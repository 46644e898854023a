"""Page About the figures: what each number means and how methods are compared."""

import streamlit as st

from ui import about, frame

frame.ensure()
st.header("About the figures", anchor=False)
st.write(
    "Every schedule, whatever made it, is measured by the same few lines of code and checked by "
    "the same validator. This page says what the numbers mean."
)
about.show_colours()
about.show_working_time()
about.show_definitions()
about.show_score()
about.show_comparison()
about.show_validator()
about.show_decision()
