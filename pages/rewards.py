"""Page Rewards: what the business wants, and what that makes of the schedule."""

import streamlit as st

from ui import plans
from ui.bench import open_page
from ui.rewards import controls, results, saving, stored

bench = open_page("Rewards")
with st.spinner(plans.waiting_text(bench.problem, ["ppo", plans.STAND_IN])):
    comparison = plans.compare(bench, ["ppo"])
    shelf = stored.shelf(bench, comparison.leader)
    board = results.judge(bench, shelf)

left, right = st.columns([5, 9], gap="medium")
with left:
    controls.show_presets(bench.weights)
    controls.show_sliders(bench)
    saving.show_saving(bench.weights)
with right:
    plans.show_unavailable(comparison)
    results.show_tiles(board)
    results.show_change(bench, board)
    results.show_views(bench, board)
