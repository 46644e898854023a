"""The decisions of PPO on the bench, and where others would have led: made once, then kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from scheduler_core.errors import CheckpointError
from scheduler_core.executors import count_cores
from scheduler_core.inspection import (
    Alternative,
    Change,
    Decision,
    Episode,
    Reason,
    costs_of,
    force,
    reasons,
    walk,
)
from scheduler_core.methods import load_policy
from scheduler_core.objective import RewardWeights
from scheduler_core.policy import PPOScheduler
from scheduler_core.problem import Problem
from ui import plans
from ui.bench import Bench
from ui.links import link

_TASKS_AT_ONCE = 15_000
"""How many tasks may be scheduled anew to price the choices of one decision: half a second."""

_TASKS_IN_A_WALK = 300_000
"""The same to price a rule's choices at all decisions: a second or two on one core."""

_Key = tuple[str, RewardWeights, Path, int]
"""What determines all decisions: snapshot, reward weights, model and when that was changed."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The decisions on the page."""

    policy: PPOScheduler
    episode: Episode
    problem: Problem
    """As dates can show it."""
    key: _Key

    def alternatives(self, decision: Decision, wanted: int) -> dict[int, Alternative]:
        """Return where some choices of a decision would have led, by position.

        The one wanted, then those of the rules, then the likeliest, as many as are quick.
        """
        most = max(1, _TASKS_AT_ONCE // max(1, self.problem.num_tasks))
        others = [at for at in range(len(decision.candidates)) if at != decision.pick]
        others.sort(key=lambda at: _rank(decision, at, wanted))
        found = _forced(self.key, decision.index, tuple(others[:most]), self.policy, self.episode)
        return {each.position: each for each in found}

    def reasons(self, decision: Decision, instead: int) -> list[Reason]:
        """Return what speaks for the choice that was taken over another one."""
        return _reasons(self.key, decision.index, instead, self.policy, self.episode)

    def costs(self, rule: str) -> dict[int, Change]:
        """Return what a rule's choice changes where it is another one.

        In a large shop only where PPO thought least of it, as many as are quick.
        """
        most = max(1, _TASKS_IN_A_WALK // max(1, self.problem.num_tasks))
        return _costs(self.key, rule, most, self.policy, self.episode)


def _rank(decision: Decision, at: int, wanted: int) -> tuple[bool, bool, float]:
    one = decision.candidates[at]
    return at != wanted, not one.rules, -one.probability


def open_episode(bench: Bench) -> Inspection:
    """Return the decisions of PPO; where there are none the page says why, and ends."""
    model = bench.model
    key = (bench.snapshot.sha256, bench.weights, model, plans.stamp(model))
    try:
        with st.spinner(plans.waiting_text(bench.problem, ["ppo"])):
            policy = load_policy(model)
            episode = _episode(key, policy, bench.problem)
            plan = plans.plan_of(bench, "ppo")
    except CheckpointError as error:
        st.warning(
            "PPO is not available here, so there is no decision of it to look at: pick another "
            "model on the left, or train one on page Training.",
            icon=":material/model_training:",
        )
        st.text(str(error))
        link("models", "See the models at hand")
        st.stop()
    if not len(episode):
        st.info(
            "There is nothing to decide in this shop: at every step only one task could be next. "
            "Pick a larger snapshot on the left to see choices."
        )
        st.stop()
    problem = plans.datable(bench.problem, [plan.schedule])
    return Inspection(policy, episode, problem, key)


# Shared and not copied: they are frozen, and a copy of an episode would take longer than a click.
@st.cache_resource(max_entries=6, show_spinner=False)
def _episode(key: _Key, _policy: PPOScheduler, _problem: Problem) -> Episode:
    return walk(_policy, _problem, key[1])


@st.cache_resource(max_entries=64, show_spinner=False)
def _forced(
    key: _Key,  # noqa: ARG001
    index: int,
    positions: Sequence[int],
    _policy: PPOScheduler,
    _episode: Episode,
) -> list[Alternative]:
    return force(_policy, _episode, index, positions)


@st.cache_resource(max_entries=256, show_spinner=False)
def _reasons(
    key: _Key,  # noqa: ARG001
    index: int,
    instead: int,
    _policy: PPOScheduler,
    _episode: Episode,
) -> list[Reason]:
    return reasons(_policy, _episode, index, int(_episode.picks[index]), instead)


@st.cache_resource(max_entries=32, show_spinner=False)
def _costs(
    key: _Key,  # noqa: ARG001
    rule: str,
    most: int,
    _policy: PPOScheduler,
    _episode: Episode,
) -> dict[int, Change]:
    return costs_of(_policy, _episode, rule, most, count_cores())
