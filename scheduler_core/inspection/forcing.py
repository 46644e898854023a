"""What another choice at one decision would have led to, the policy deciding from there on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np

from scheduler_core.executors import LocalExecutor
from scheduler_core.inspection.episode import Episode, Ints
from scheduler_core.policy import PPOScheduler
from scheduler_core.problem import SECONDS_PER_HOUR
from scheduler_core.rules import ALL_RULES
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import Simulator, State, bound_score


@dataclass(frozen=True, slots=True)
class Change:
    """By how much a schedule differs from the one that was made."""

    tardiness_hours: float
    """Hours late, all families together; positive: more."""
    late_families: int
    points: float
    """Of the score; negative: worse. The delay cost changes by the same with the other sign."""
    makespan_hours: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """A schedule with one decision changed."""

    position: int
    """Of the candidate that was forced."""
    schedule: Schedule
    change: Change


class _Figures(NamedTuple):
    tardiness: int  # seconds
    late: int
    points: float
    makespan: int  # seconds


def force(
    policy: PPOScheduler, episode: Episode, index: int, positions: Sequence[int]
) -> list[Alternative]:
    """Return where some candidates of a decision would have led.

    What was decided before stays, and the policy decides what comes after.

    Parameters
    ----------
    policy
        Who decided, and goes on to.
    episode
        Its decisions.
    index
        The decision to change.
    positions
        Of the candidates to force, one after the other.
    """
    simulator = policy.simulator(episode.problem, episode.weights)
    for pick in episode.picks[:index].tolist():
        simulator.step(pick)
    before = _copy(simulator.state)
    policy.run(simulator)
    made = _figures(simulator)
    found = []
    for position in positions:
        _restore(simulator.state, before)
        simulator.step(position)
        policy.run(simulator)
        change = _change(made, _figures(simulator))
        found.append(Alternative(position, simulator.schedule("ppo"), change))
    return found


def costs_of(
    policy: PPOScheduler,
    episode: Episode,
    rule: str,
    most: int | None = None,
    threads: int = 1,
) -> dict[int, Change]:
    """Return what a rule's choice changes, by decision at which it is another one, in their order.

    Each is changed alone, as in `force`.

    Parameters
    ----------
    policy
        Who decided, and goes on to.
    episode
        Its decisions.
    rule
        Whose choice is tried.
    most
        How many decisions to try: those at which the policy held the rule's choice for the least
        likely against its own. All if None.
    threads
        Among which the work is shared, >= 1.
    """
    other = episode.rule_picks[:, ALL_RULES.index(rule)]
    first, scores = episode.first[:-1], episode.scores
    behind = scores[first + other] - scores[first + episode.picks]
    differing = episode.disagreements(rule)
    tried = np.sort(differing[np.argsort(behind[differing], kind="stable")][:most]).tolist()

    def walk(share: Sequence[int]) -> list[tuple[int, Change]]:
        return list(_costs_on_the_way(policy, episode, share, other))

    # The earlier a decision, the more comes after it: each thread gets some of every time.
    shares = [tried[start::threads] for start in range(threads)]
    found = LocalExecutor(threads).map(walk, shares)
    return dict(sorted(chain.from_iterable(found)))


def _costs_on_the_way(
    policy: PPOScheduler, episode: Episode, tried: Sequence[int], other: Ints
) -> Iterator[tuple[int, Change]]:
    """Yield what other choices change, in one walk through the episode."""
    simulator = policy.simulator(episode.problem, episode.weights)
    ahead = policy.simulator(episode.problem, episode.weights)
    _restore(ahead.state, simulator.state)
    policy.run(ahead)
    made, remaining = _figures(ahead), set(tried)
    for index, pick in enumerate(episode.picks.tolist()):
        if index in remaining:
            _restore(ahead.state, simulator.state)
            ahead.step(int(other[index]))
            policy.run(ahead)
            yield index, _change(made, _figures(ahead))
        simulator.step(pick)


def _copy(state: State) -> State:
    return State(*(part.copy() for part in state))


def _restore(state: State, old: State) -> None:
    """Bring a state back to an old one, in place."""
    for part, before in zip(state, old, strict=True):
        part[...] = before


def _figures(simulator: Simulator) -> _Figures:
    """Return the figures of a simulation at its end."""
    arrays, state = simulator.arrays, simulator.state
    late = np.maximum(0, state.families["ready"] - arrays.families["due"])
    points = bound_score(arrays, simulator.objective, state, 0)
    makespan = int(state.envs["makespan"][0])
    return _Figures(int(late.sum()), int((late > 0).sum()), float(points), makespan)


def _change(made: _Figures, forced: _Figures) -> Change:
    return Change(
        tardiness_hours=(forced.tardiness - made.tardiness) / SECONDS_PER_HOUR,
        late_families=forced.late - made.late,
        points=forced.points - made.points,
        makespan_hours=(forced.makespan - made.makespan) / SECONDS_PER_HOUR,
    )
