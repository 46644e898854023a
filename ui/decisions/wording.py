"""Decisions and their price in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from scheduler_core.charts.decisions import choice_names, percent_text, times_as_likely
from scheduler_core.inspection import Change, Decision, Reason
from scheduler_core.moments import moment_text
from scheduler_core.problem import Problem
from ui.escaping import escaped
from ui.plans import label

_SLIGHT = 0.1  # of a score: 10 % more or less likely is not worth a word

_NOTICED = 0.5  # points: less would be shown as none


def headline(problem: Problem, decision: Decision, rule: str) -> str:
    """Return what was decided, as Markdown."""
    names = [escaped(name) for name in choice_names(decision)]
    count = len({(one.family_id, one.sequence) for one in decision.candidates})
    what = (
        f"{count} tasks wait" if count > 1 else f"1 task has {len(names)} machines to choose from"
    )
    other = decision.pick_of(rule)
    rival = (
        "so would " + label(rule)
        if other == decision.pick
        else (f"{label(rule)} would take {names[other]}")
    )
    at = moment_text(problem.created_at, decision.time)
    return (
        f"{at}, machine {escaped(decision.machine)}: {what}. PPO takes "
        f"{names[decision.pick]} with {_percent(decision.taken.probability)}; {rival}."
    )


def _percent(share: float) -> str:
    return percent_text(share).replace(" %", "\N{NO-BREAK SPACE}%")


def price(change: Change, choice: str, who: str) -> str:
    """Return what another choice would have changed, as Markdown.

    Parameters
    ----------
    change
        Of the figures, forced against made.
    choice
        Name of the candidate, escaped.
    who
        The rule that would have made it; empty for none.
    """
    subject = f"{who}'s choice here, {choice}," if who else f"Taking {choice} here"
    hours, points = change.tardiness_hours, change.points
    costs = _told("cost", [*_lateness(hours), *_points(-points)])
    gains = [*_told("save", _lateness(-hours)), *_told("earn", _points(points))]
    if not costs and not gains:
        return f"{subject} would come to the same points and lateness in the end."
    better = ": by the reward weights PPO's choice was not the best one here"
    told = " but ".join(" and ".join(each) for each in (costs, gains) if each)
    return f"{subject} would {told}{better if points >= _NOTICED else ''}."


def _told(verb: str, amounts: Sequence[str]) -> list[str]:
    return [f"{verb} {' and '.join(amounts)}"] if amounts else []


def _lateness(hours: float) -> list[str]:
    """Return hours in words, nothing where they are not noticeably above zero."""
    return [f"{hours:,.1f} h of lateness"] if hours >= 0.05 else []


def _points(points: float) -> list[str]:
    """Return points in words, nothing where they are not noticeably above zero."""
    return [f"{points:,.0f} points"] if points >= _NOTICED else []


def because(found: Sequence[Reason], taken: str, instead: str) -> str:
    """Return the strongest reasons for one choice over another; names escaped."""
    speaks = _named([reason for reason in found if reason.value > _SLIGHT][:3])
    against = _named([reason for reason in found if reason.value < -_SLIGHT][:2])
    text = f"PPO held {taken} {_odds(sum(reason.value for reason in found))} {instead}."
    text += f" What speaks for it most: {speaks}." if speaks else ""
    return text + (f" Against it: {against}." if against else "")


def _odds(score: float) -> str:
    factor = exp(min(score, 20.0))
    if factor < 1.05:
        return "hardly more likely than"
    times = "over 1,000" if factor > 1_000 else f"{factor:,.1f}"
    return f"{times} times as likely as"


def _named(some: Sequence[Reason]) -> str:
    return ", ".join(
        f"{reason.factor.name.lower()} ({times_as_likely(reason.value)})" for reason in some
    )
