"""The workbench in the browser: the frame around all pages, and the way between them."""

import streamlit as st

st.set_page_config(page_title="Scheduling workbench", page_icon="ui/icon.svg", layout="wide")
st.logo("ui/logo.svg", size="large", icon_image="ui/icon.svg")
page = st.navigation(
    [
        st.Page(
            "pages/schedule.py", title="Schedule", icon=":material/view_timeline:", default=True
        ),
        st.Page("pages/figures.py", title="About the figures", icon=":material/help:"),
    ]
)
page.run()
