"""What page What if remembers in a browser session: the scenario in the making, and what to undo.

Kept scenarios are files, so that a refresh or another session finds them again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from scheduler_core.errors import ConfigError, Fault
from scheduler_core.replanning import Event, Scenario, Store
from ui import home

MAX_UNDO = 50
_DRAFTS = "whatif_drafts"
_UNDO = "whatif_undo"
_PROBLEM = "whatif_problem"


@dataclass(frozen=True, slots=True)
class Draft:
    """The scenario in the making."""

    events: tuple[Event, ...] = ()
    now: int = 0
    """The moment of re-planning, in seconds from time zero."""
    name: str = ""
    """The kept scenario that it was opened from, none if empty."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What was done, and how things were before it."""

    what: str
    sha256: str
    draft: Draft
    added: tuple[Scenario, ...] = ()
    removed: tuple[Scenario, ...] = ()


def draft_of(sha256: str) -> Draft:
    """Return the scenario in the making for a snapshot."""
    return st.session_state.get(_DRAFTS, {}).get(sha256, Draft())


def set_draft(sha256: str, draft: Draft) -> None:
    """Put another scenario in its place, without a step to undo."""
    st.session_state[_DRAFTS] = st.session_state.get(_DRAFTS, {}) | {sha256: draft}


def kept(sha256: str) -> tuple[list[Scenario], list[Fault]]:
    """Return the scenarios kept for a snapshot, and what is wrong with files that are none."""
    return _store(sha256).scenarios()


def change(sha256: str, what: str, draft: Draft) -> None:
    """Change the scenario in the making; it can be undone."""
    _remember(_Step(what, sha256, draft_of(sha256)))
    set_draft(sha256, draft)


def keep(sha256: str, scenario: Scenario) -> None:
    """Keep a scenario and begin a new one; one of the same name gives way."""
    gives_way = _named(sha256, scenario.name)
    what = f"keep {scenario.name}"
    _store(sha256).keep(scenario)
    _remember(_Step(what, sha256, draft_of(sha256), (scenario,), gives_way))
    set_draft(sha256, Draft(now=scenario.now))


def delete(sha256: str, name: str) -> None:
    """Delete a kept scenario."""
    gone = _named(sha256, name)
    _store(sha256).remove(name)
    _remember(_Step(f"delete {name}", sha256, draft_of(sha256), (), gone))


def last_step(sha256: str) -> str | None:
    """Return what an undo would take back, None where there is nothing."""
    step = next((step for step in reversed(_steps()) if step.sha256 == sha256), None)
    return step.what if step else None


def undo(sha256: str) -> None:
    """Take the last step for a snapshot back."""
    steps = _steps()
    place = max((i for i, step in enumerate(steps) if step.sha256 == sha256), default=None)
    if place is None:
        return
    step = steps.pop(place)
    for scenario in step.added:
        _store(sha256).remove(scenario.name)
    for scenario in step.removed:
        _store(sha256).keep(scenario)
    set_draft(sha256, step.draft)


def complain(sentence: str | None) -> None:
    """Remember what went wrong in a callback, for the page to say; None forgets it."""
    st.session_state[_PROBLEM] = sentence


def complaint() -> str | None:
    """Return what went wrong in the last callback."""
    return st.session_state.get(_PROBLEM)


def _store(sha256: str) -> Store:
    return Store(home.scenarios() / sha256)


def _named(sha256: str, name: str) -> tuple[Scenario, ...]:
    return tuple(scenario for scenario in kept(sha256)[0] if scenario.name == name)


def _steps() -> list[_Step]:
    return st.session_state.setdefault(_UNDO, [])


def _remember(step: _Step) -> None:
    st.session_state[_UNDO] = [*_steps(), step][-MAX_UNDO:]


def with_event(draft: Draft, event: Event) -> Draft:
    """Return a draft with one more event.

    Raises
    ------
    ConfigError
        If it is in the scenario already, as after a second click.
    """
    if event in draft.events:
        raise ConfigError(
            "this very event is in the scenario already; change it here, or remove it on the right"
        )
    return replace(draft, events=(*draft.events, event))


def without_event(draft: Draft, place: int) -> Draft:
    """Return a draft with one event fewer."""
    return replace(draft, events=draft.events[:place] + draft.events[place + 1 :])
