"""What follows the planner from page to page: the snapshot, the reward weights, the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import Problem
from scheduler_core.snapshot import Snapshot
from ui import frame, objective, policies, snapshots


@dataclass(frozen=True, slots=True)
class Bench:
    """What lies on the bench: all that schedules depend on, but for the method."""

    snapshot: Snapshot
    weights: RewardWeights
    model: Path
    """The checkpoint of the learned dispatcher."""

    @property
    def problem(self) -> Problem:
        """What is to be scheduled."""
        return self.snapshot.problem


def open_page(title: str) -> Bench:
    """Draw the pickers in the sidebar and the head of a page; return what was picked.

    Where there is nothing to schedule the page says so, and ends.
    """
    frame.ensure()
    with st.sidebar:
        snapshot = snapshots.choose_snapshot()
        weights = objective.choose_weights()
        model = policies.choose_model(weights)
    if snapshot is None:
        st.header(title, anchor=False)
        snapshots.show_rejection()
        st.info("There is no sample here. Upload a snapshot on the left to see its schedule.")
        st.stop()
    snapshots.show_title(title, snapshot)
    snapshots.show_rejection()
    if not snapshot.problem.families:
        st.info("No family of this snapshot has a task to do: there is nothing left to schedule.")
        st.stop()
    return Bench(snapshot, weights, model)
