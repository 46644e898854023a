"""What a reward weight can do on a snapshot, and what policies know of it from training."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler_core.objective import TRAINING_RANGES, RewardWeights
from scheduler_core.problem import Family, Problem

_AGENT = {
    "sequence_violation": "It is paid for an illegal step in training, and no schedule has one.",
    "action_taken_bonus": "It is earned once a task, and all schedules have the same tasks.",
}


def weights_without_effect(problem: Problem, weights: RewardWeights) -> dict[str, str]:
    """Return the weights that provably cannot matter on a snapshot, with the reason of each.

    However large such a weight is, the others as they are, no comparison of two complete and valid
    schedules by score comes out differently. Where the reason says so, all that matters is whether
    the weight is 0. What is not in the answer may matter, and need not.

    Parameters
    ----------
    problem
        The snapshot's.
    weights
        Those at hand: what one of them can do may depend on the others.

    Returns
    -------
    Reasons, a sentence each, by the names of the weights.
    """
    return _AGENT | dict(_Effects(problem, weights).reasons())


class _Effects:
    """Which points can differ between two complete and valid schedules."""

    def __init__(self, problem: Problem, weights: RewardWeights) -> None:
        self.weights = weights
        self.alone = problem.unhindered_completions()
        """No schedule completes a family sooner."""
        self.free = [each for each in problem.families if each.num_locked < len(each.tasks)]
        """The others complete when they complete, and with them their points are a constant."""

    def reasons(self) -> Iterator[tuple[str, str]]:
        """Yield the weights without effect, and why."""
        if not self.free:
            names = (*self._differing(), "urgent_multiplier")
            reason = "Every task is running or locked, so there is only one schedule."
            yield from ((name, reason) for name in names)
            return
        if not any(map(self._can_be_on_time, self.free)):
            yield "on_time_reward", "No family that can still move can be on time, even alone."
        if not any(map(self._can_be_early, self.free)):
            reason = "No family that can still move can end before its due time, even alone."
            yield "early_bonus_per_day", reason
        differing = [name for name, differs in self._differing().items() if differs]
        if len(differing) == 1:
            reason = "Nothing else counts here, so only whether it is 0 matters, not its size."
            yield differing[0], reason
        if reason := self._no_effect_of_urgency():
            yield "urgent_multiplier", reason

    def _differing(self) -> dict[str, bool]:
        """Return whether schedules can differ in the points of each weight."""
        weights = self.weights
        return {
            "on_time_reward": weights.on_time_reward > 0
            and any(map(self._can_be_on_time, self.free)),
            "early_bonus_per_day": weights.early_bonus_per_day > 0
            and any(map(self._can_be_early, self.free)),
            "late_penalty_per_day": weights.late_penalty_per_day < 0 and bool(self.free),
            "makespan_penalty_per_day": weights.makespan_penalty_per_day < 0 and bool(self.free),
        }

    def _no_effect_of_urgency(self) -> str:
        urgent = [family for family in self.free if family.is_urgent]
        others = [family for family in self.free if not family.is_urgent]
        if not urgent:
            return "No family that can still move is urgent."
        if not any(map(self._earns, urgent)):
            return "Urgent families earn the same points under every schedule."
        if not any(map(self._earns, others)) and not self.weights.makespan_penalty_per_day:
            return "Only urgent families make a difference, so it multiplies all that counts."
        return ""

    def _can_be_on_time(self, family: Family) -> bool:
        return self.alone[family.id] <= family.due

    def _can_be_early(self, family: Family) -> bool:
        return self.alone[family.id] < family.due

    def _earns(self, family: Family) -> bool:
        """Return whether the points of a family that can still move depend on the schedule."""
        weights = self.weights
        return (
            weights.late_penalty_per_day < 0
            or (weights.early_bonus_per_day > 0 and self._can_be_early(family))
            or (weights.on_time_reward > 0 and self._can_be_on_time(family))
        )


def outside_training(weights: RewardWeights) -> dict[str, str]:
    """Return the weights that lie outside what policies are trained under, with the reason of each.

    Policies see proportions: weights that are all twice as large are the same to them, the urgent
    multiplier apart. So what counts is a weight's proportion to the late penalty. Where nothing but
    the makespan counts there is none, and policies for the makespan are trained under that alone.

    Returns
    -------
    Reasons, a sentence each, by the names of the weights.
    """
    found = {}
    low, high = TRAINING_RANGES["urgent_multiplier"]
    if not low <= weights.urgent_multiplier <= high:
        reason = f"The dispatcher was trained with {low:g} to {high:g}."
        found["urgent_multiplier"] = reason
    if not any((weights.on_time_reward, weights.early_bonus_per_day, weights.late_penalty_per_day)):
        return found
    least = -TRAINING_RANGES["late_penalty_per_day"][1]
    for name in ("on_time_reward", "early_bonus_per_day", "makespan_penalty_per_day"):
        most = max(map(abs, TRAINING_RANGES[name])) / least
        if abs(getattr(weights, name)) > most * abs(weights.late_penalty_per_day):
            found[name] = (
                f"The dispatcher was trained with up to {most:,.0f} times the late penalty."
            )
    return found
