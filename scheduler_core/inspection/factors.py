"""What the policy sees of a candidate, in the words of a planner."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler_core.observation.names import CANDIDATE_FEATURES


@dataclass(frozen=True, slots=True)
class Factor:
    """Columns of `CANDIDATE_FEATURES` that say the same thing in several ways."""

    name: str
    meaning: str
    features: tuple[str, ...]

    @property
    def columns(self) -> list[int]:
        """Where its features lie among all."""
        return [CANDIDATE_FEATURES.index(name) for name in self.features]


FACTORS = (
    Factor(
        "Length of the step",
        "How long the machine would be taken.",
        ("duration", "duration_to_mean", "rank_duration"),
    ),
    Factor(
        "Earliest start",
        "Whether it can start at once, or the machine would have to wait for it.",
        ("wait_for_start",),
    ),
    Factor(
        "Time waited so far",
        "How long it has been ready for this step.",
        ("time_in_queue",),
    ),
    Factor(
        "Work left after it",
        "How many steps of its family come behind this one, and how long they take.",
        ("later_work", "later_tasks", "is_last", "rank_work"),
    ),
    Factor(
        "Due date",
        "How far away the due date of its family is.",
        ("due", "rank_due"),
    ),
    Factor(
        "Time to spare",
        "What is left until the due date once all its work is done: with nobody in its way, with "
        "the queues as they are, and behind all who must be done earlier.",
        (
            "critical_ratio", "slack", "slack_busy", "slack_queued", "slack_contended", "is_late",
            "is_at_risk", "is_late_contended", "rank_slack_contended", "makespan_slack",
            "completion_to_latest",
        ),
    ),
    Factor(
        "Crowd at its later machines",
        "How much work waits, or will wait, at the machines that it goes to next.",
        ("queued_ahead", "contended_ahead", "next_queue", "next_load", "heaviest_ahead"),
    ),
    Factor(
        "Next machine idle or busy",
        "Whether the machine of its next step would stand idle until it comes.",
        ("next_idle",),
    ),
    Factor(
        "More pressing work here",
        "How much of the work to come on this machine has to be done before it.",
        ("contended_here",),
    ),
    Factor(
        "Importance for its length",
        "The weight of its family, and how urgent it is, for each hour of the machine's time.",
        (
            "weight", "weight_per_duration", "rank_weight_per_duration", "atc", "rank_atc",
            "covert",
        ),
    ),
    Factor(
        "Cost of making it wait",
        "Points that its family would lose by going later.",
        (
            "delay_cost", "long_delay_cost", "delay_cost_contended", "delay_cost_index",
            "delay_cost_index_contended", "rank_delay_cost_index_contended",
        ),
    ),
    Factor(
        "Cost to the others",
        "Points that the other candidates would lose if it went first, and with how many of them "
        "the order pays.",
        (
            "harm", "harm_to_largest", "rank_harm", "pairs_won", "pairs_won_contended",
            "pairs_gain", "pairs_gain_contended",
        ),
    ),
    Factor(
        "Another machine",
        "Whether it would be sent to another machine than the one that decides.",
        ("is_elsewhere",),
    ),
)  # fmt: skip
"""Every candidate feature belongs to one of them."""
