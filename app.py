"""The workbench in the browser: the frame around all pages, and the way between them."""

import streamlit as st

from ui.links import PAGES

st.set_page_config(page_title="Scheduling workbench", page_icon="ui/icon.svg", layout="wide")
st.logo("ui/logo.svg", size="large", icon_image="ui/icon.svg")
page = st.navigation(
    [
        st.Page(f"pages/{name}.py", title=title, icon=icon, default=name == "schedule")
        for name, (title, icon) in PAGES.items()
    ],
    position="top",  # the sidebar is for what follows the planner from page to page
)
page.run()
