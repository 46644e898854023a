"""Page Training."""

import streamlit as st

st.header("Training", anchor=False)
