"""Page Decisions: what PPO chose at one decision, why, and what other choices would have cost."""

import streamlit as st

from ui import decisions
from ui.bench import open_page

bench = open_page("Decisions")
inspection = decisions.open_episode(bench)
decision, rule = decisions.choose_decision(inspection)
decisions.show_headline(inspection, decision, rule)
instead = decisions.choose_instead(decision, rule)
left, right = st.columns([9, 11], gap="medium")
with left:
    decisions.show_chances(decision, instead)
with right:
    decisions.show_reasons(inspection, decision, instead)
decisions.show_alternative(inspection, decision, instead, rule)
