"""Page What if: events that change the shop, the plan that answers them, scenarios kept."""

import streamlit as st

from scheduler_core.errors import ConfigError, ProblemError
from scheduler_core.replanning import Scenario, moves
from ui import plans
from ui.bench import open_page
from ui.whatif import bar, builder, details, kept, memory, result
from ui.whatif.outcomes import outcome_of

bench = open_page("What if")
with st.sidebar:
    methods = plans.choose_methods()
with st.spinner(plans.waiting_text(bench.problem, methods[:1])):
    comparison = plans.compare(bench, methods[:1])
plans.show_unavailable(comparison)
base = comparison.leader
draft = memory.draft_of(bench.snapshot.sha256)

outcome = None
complaint = ""
if draft.events:
    try:
        outcome = outcome_of(bench, base, draft.events, draft.now)
    except (ConfigError, ProblemError) as error:
        complaint = str(error)

left, right = st.columns(2, gap="medium", border=True)
with left:
    builder.show_builder(bench, base, draft)
with right:
    bar.show_draft(bench, base, draft)
    bar.show_actions(bench, draft, outcome)

if draft.events:
    st.empty()  # in the place of the plan, which goes at once: not only once all else is drawn
else:
    result.show_plan(base, bench.problem, draft.now)
with st.container():  # always there, so that what is kept stays in its place below
    if complaint:
        with st.container(border=True, key="whatif_misfit"):
            st.markdown(":material/report: **This scenario does not fit the plan**")
            st.text(complaint)
    if outcome is not None:
        scenario = Scenario(draft.name or "Scenario", draft.events, draft.now)
        changes = moves(base.schedule, outcome.plan.schedule)
        result.show_summary(base, outcome, scenario)
        result.show_tiles(base, outcome)
        result.show_charts(base, outcome, scenario, changes)
        details.show_details(bench, base, draft, outcome, changes)
kept.show_kept(bench, base)
