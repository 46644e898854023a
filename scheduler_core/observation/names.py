"""The columns of what a policy sees.

Times and ratios go through sign(x) * log(1 + |x|), ranks and shares are in [0, 1]. *Scale* is the
problem's mean processing time, *mean* that of the candidates, *latest* is when a task must be done
for its family to be on time if nobody is in its way: the due time less all later work.

Four estimates of a family's completion, if the candidate goes first, are compared with its due
time, see `outlook`. The cost of a delay is what the objective takes off for it, in units of what a
family of mean weight loses by missing its due time by one scale.
"""

from __future__ import annotations

FEATURE_VERSION = 2
"""Changes when the meaning of a column does; a checkpoint names the one it was trained with."""

CANDIDATE_FEATURES = (
    "duration",  # / scale
    "duration_to_mean",  # / mean
    "wait_for_start",  # earliest start - decision time, / mean
    "later_work",  # work behind this task / scale
    "later_tasks",  # log(1 + number)
    "due",  # due - time, / scale
    "critical_ratio",  # (due - time) / remaining work
    "slack",  # due - completion with nobody in the way, / scale
    "slack_busy",  # due - completion around what is placed, / scale
    "slack_queued",  # due - completion behind who waits for the later machines now, / scale
    "slack_contended",  # due - completion behind all who must be done earlier there, / scale
    "is_late",  # slack < 0
    "is_at_risk",  # slack < mean
    "is_late_contended",  # slack_contended < 0
    "queued_ahead",  # work that waits for the later machines now / scale
    "contended_ahead",  # work on the later machines with an earlier latest / scale
    "contended_here",  # work on this machine with an earlier latest, / (that machine's + scale)
    "time_in_queue",  # decision time - ready time, / scale
    "weight",  # log of it / mean of the candidates
    "atc",  # / largest of the candidates
    "covert",  # / largest
    "weight_per_duration",  # / largest
    "next_queue",  # work waiting for the next machine / scale
    "next_load",  # all work to come on the next machine / scale
    "next_idle",  # (when the next machine is free - decision time - duration) / scale
    "is_last",
    "heaviest_ahead",  # heaviest load among the later machines / (load of this one + scale)
    "makespan_slack",  # (latest end of a machine's work - completion, nobody in the way) / scale
    "completion_to_latest",  # completion, nobody in the way, - latest of the candidates', / scale
    "delay_cost",  # of a mean, around what is placed
    "long_delay_cost",  # of four means
    "delay_cost_contended",  # of a mean, behind all who must be done earlier
    "delay_cost_index",  # delay cost / duration, / largest
    "delay_cost_index_contended",
    "harm",  # what it costs the others that this one goes first
    "harm_to_largest",  # / largest
    "pairs_won",  # share of the others with whom it is better that this one goes first
    "pairs_won_contended",
    "pairs_gain",  # what is gained by that, with all others / the same without signs
    "pairs_gain_contended",
    "rank_duration",
    "rank_due",
    "rank_slack_contended",
    "rank_work",
    "rank_atc",
    "rank_weight_per_duration",
    "rank_delay_cost_index_contended",
    "rank_harm",
    "is_elsewhere",  # on another machine than the one that decides
)

CONTEXT_FEATURES = (
    "share_on_time",  # of the objective: reward, bonus, penalty and makespan over ten scales
    "share_early",
    "share_late",
    "share_makespan",
    "num_candidates",  # log(1 + number)
    "share_done",  # tasks placed / tasks
    "machine_load",  # work to come on the deciding machine / scale
    "machine_load_share",  # / heaviest of all machines
    "machine_end",  # when its work could be done, / latest of all machines, both from now on
    "load_waiting",  # share of its work that waits for it now
    "late_candidates",  # share with slack < 0
    "at_risk_candidates",
    "late_contended_candidates",
    "mean_slack",  # mean over the candidates of the column
    "mean_slack_contended",
    "mean_delay_cost",
    "mean_duration",  # of the candidates / scale
)

NUM_CANDIDATE_FEATURES = len(CANDIDATE_FEATURES)
NUM_CONTEXT_FEATURES = len(CONTEXT_FEATURES)
