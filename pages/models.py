"""Page Models."""

import streamlit as st

st.header("Models", anchor=False)
