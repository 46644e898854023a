"""Page Models: the checkpoints, how good each is, which one serves, and how others come in."""

import streamlit as st

from ui import policies
from ui.bench import open_page
from ui.models import actions, cards, comparing, fitness, history, picking

bench = open_page("Models")
library = policies.library()

picking.show_default(library, bench)
actions.show_notice()
entry = picking.choose(library, bench)
if entry is None:
    st.stop()

card, fit, compare, stages = st.tabs(
    ["Card", "Fit for use?", "Compare", "Through its training"],
    key="models_tab",
    bind="query-params",
)
if card.open:
    with card:
        cards.show_card(library, entry)
if fit.open:
    with fit:
        fitness.show_evaluation(bench, entry)
if compare.open:
    with compare:
        comparing.show_comparison(library, bench, entry)
if stages.open:
    with stages:
        history.show_history(library, bench, entry)
