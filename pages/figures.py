"""Page About the figures: what each number means and how methods are compared."""

import streamlit as st

from ui import figures

st.header("About the figures", anchor=False)
st.write(
    "Every schedule, whatever made it, is measured by the same few lines of code and checked by "
    "the same validator. This page says what the numbers mean."
)
figures.show_colours()
figures.show_working_time()
figures.show_definitions()
figures.show_score()
figures.show_comparison()
figures.show_validator()
figures.show_decision()
