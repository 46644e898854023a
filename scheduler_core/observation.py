"""What a policy sees of a decision: features of each candidate and of the shop, compiled.

Every feature is relative to the shop's own scale (its mean processing time, the other candidates,
the machines' loads), so that one policy serves every number of families and machines, and the
reward weights are part of what it sees, so that one policy serves every objective. Ratios and
times go through sign(x) * log(1 + |x|), ranks are in [0, 1].

`CANDIDATE_FEATURES` and `CONTEXT_FEATURES` name the columns. `FEATURE_VERSION` changes when their
meaning does; a checkpoint names the one it was trained with.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from scheduler_core.compiled import kernel
from scheduler_core.rules.priorities import (
    ATC_LEAD,
    atc_index,
    covert_index,
    work_in_next_queue,
)
from scheduler_core.simulator import Batch, Objective, ProblemArrays, State

FEATURE_VERSION = 1

CANDIDATE_FEATURES = (
    "duration",  # / scale
    "duration_to_mean",  # / mean of the candidates
    "wait_for_start",  # earliest start - decision time, / mean of the candidates
    "later_work",  # work behind this task / scale
    "later_tasks",
    "slack",  # due - time - remaining work, this task's with its pauses, / scale
    "due",  # due - time, / scale
    "critical_ratio",  # (due - time) / remaining work
    "is_late",  # slack < 0
    "is_at_risk",  # slack < mean duration of the candidates
    "congested_slack",  # slack - work queued before the later tasks, / scale
    "queued_ahead",  # that work / scale
    "time_in_queue",  # decision time - ready time, / scale
    "weight",  # / mean of the candidates
    "atc",  # / largest of the candidates
    "covert",
    "weight_per_duration",
    "next_queue",  # work waiting for the next machine / scale
    "next_load",  # all work to come on the next machine / scale
    "next_idle",  # (when the next machine is free - decision time - duration) / scale
    "is_last",
    "heaviest_ahead",  # heaviest load among the later machines / load of this one
    "rank_duration",
    "rank_due",
    "rank_slack",
    "rank_work",
    "rank_atc",
    "rank_weight_per_duration",
)

CONTEXT_FEATURES = (
    "share_on_time",  # of the objective: reward, bonus, penalty and makespan over ten scales
    "share_early",
    "share_late",
    "share_makespan",
    "num_candidates",
    "share_done",  # tasks placed / tasks
    "machine_load",  # work to come on the deciding machine / scale
    "machine_load_share",  # / heaviest of all machines
    "late_candidates",  # share of candidates with slack < 0
    "at_risk_candidates",
    "mean_slack",  # of the candidates / scale
    "mean_duration",  # of the candidates / scale
)

NUM_CANDIDATE_FEATURES = len(CANDIDATE_FEATURES)
NUM_CONTEXT_FEATURES = len(CONTEXT_FEATURES)

_HORIZON = 10.0  # scales of time over which the terms of the objective are weighed up


@kernel
def _squash(x: float) -> float:
    return math.copysign(math.log1p(abs(x)), x)


@kernel
def _ranks(values: npt.NDArray[np.float64], out: npt.NDArray[np.float32]) -> None:
    """Write the share of the other values that are smaller."""
    ordered = np.sort(values)
    others = max(1, len(values) - 1)
    for i in range(len(values)):
        out[i] = np.searchsorted(ordered, values[i]) / others


@kernel
def _mean_duration(p: ProblemArrays, s: State, e: int) -> float:
    """Return the mean duration of the candidates."""
    first, total = p.envs[e].first_row, 0.0
    for row in range(first, first + s.envs[e].num_candidates):
        total += p.modes[s.rows[row].mode].duration
    return float(total / s.envs[e].num_candidates)


@kernel
def _look_ahead(p: ProblemArrays, s: State, family: int) -> tuple[float, float, float, float]:
    """Return work queued before the later tasks, heaviest load there, next load, next free time."""
    queued = heaviest = next_load = next_free = 0.0
    first = s.families[family].next_task + 1
    for task in range(first, p.families[family].last_task):
        k = p.tasks[task].first_mode
        machine = p.modes[k].machine
        for other in range(k + 1, p.details[task].last_mode):
            if s.machines[p.modes[other].machine].free < s.machines[machine].free:
                machine = p.modes[other].machine
        queued += s.machines[machine].queue
        heaviest = max(heaviest, float(s.machines[machine].load))
        if task == first:
            next_load, next_free = float(s.machines[machine].load), float(s.machines[machine].free)
    return queued, heaviest, next_load, next_free


@kernel
def _observe_candidate(
    p: ProblemArrays,
    s: State,
    e: int,
    row: int,
    mean: float,
    out: npt.NDArray[np.float32],
) -> None:
    """Write those features of a candidate that do not depend on the others' one by one."""
    scale, time = p.envs[e].scale, s.envs[e].time
    family, duration = s.rows[row].family, float(p.modes[s.rows[row].mode].duration)
    task, due = s.families[family].next_task, s.families[family].due
    later = p.tasks[task].after
    work = float(s.rows[row].ect - s.rows[row].est) + later
    slack = due - time - work
    queued, heaviest, next_load, next_free = _look_ahead(p, s, family)
    is_last = task + 1 == s.families[family].last_task
    out[0] = _squash(duration / scale)
    out[1] = _squash(duration / mean)
    out[2] = _squash((s.rows[row].est - time) / mean)
    out[3] = _squash(later / scale)
    out[4] = math.log1p(p.families[family].last_task - task - 1)
    out[5] = _squash(slack / scale)
    out[6] = _squash((due - time) / scale)
    out[7] = _squash((due - time) / work)
    out[8] = slack < 0
    out[9] = slack < mean
    out[10] = _squash((slack - queued) / scale)
    out[11] = _squash(queued / scale)
    out[12] = _squash((time - s.families[family].ready) / scale)
    out[17] = _squash(work_in_next_queue(p, s, family) / scale)
    out[18] = _squash(next_load / scale)
    out[19] = 0.0 if is_last else _squash((next_free - time - duration) / scale)
    out[20] = is_last
    out[21] = _squash(heaviest / (s.machines[s.envs[e].machine].load + scale))


@kernel
def _observe_candidates(
    p: ProblemArrays, o: Objective, s: State, e: int, out: npt.NDArray[np.float32]
) -> None:
    """Write the candidates' features, (num_candidates, NUM_CANDIDATE_FEATURES)."""
    first, count = p.envs[e].first_row, s.envs[e].num_candidates
    mean, time = _mean_duration(p, s, e), s.envs[e].time
    keys = np.empty((6, count))  # what the candidates are ranked by
    covert = np.empty(count)
    weights = 0.0
    for i in range(count):
        row = first + i
        _observe_candidate(p, s, e, row, mean, out[i])
        family, duration = s.rows[row].family, float(p.modes[s.rows[row].mode].duration)
        span, later = (
            float(s.rows[row].ect - s.rows[row].est),
            p.tasks[s.families[family].next_task].after,
        )
        work, weight, due = span + later, o.weight[family], p.families[family].due
        keys[0, i], keys[1, i] = duration, due
        keys[2, i], keys[3, i] = due - time - work, work
        keys[4, i] = atc_index(weight, duration, due - time - span - ATC_LEAD * later, mean)
        keys[5, i] = weight / duration
        covert[i] = covert_index(weight, duration, due - time - work, work)
        weights += weight
    for i in range(count):
        line = out[i]
        line[13] = math.log(o.weight[s.rows[first + i].family] * count / weights)
        line[14] = keys[4, i] / (keys[4].max() + 1e-300)
        line[15] = covert[i] / (covert.max() + 1e-30)
        line[16] = keys[5, i] / keys[5].max()
    for column in range(6):
        _ranks(keys[column], out[:, 22 + column])


@kernel
def _observe_context(
    p: ProblemArrays,
    o: Objective,
    s: State,
    e: int,
    rows: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
) -> None:
    """Write the features of the shop and the objective, (NUM_CONTEXT_FEATURES,)."""
    scale, count = p.envs[e].scale, len(rows)
    span = _HORIZON * scale
    terms = (
        o.points[e].on_time,
        o.points[e].early * span,
        -o.points[e].late * span,
        -o.points[e].makespan * span,
    )
    total = terms[0] + terms[1] + terms[2] + terms[3] + 1e-30
    for i in range(4):
        out[i] = terms[i] / total
    tasks = p.envs[e].last_task - p.envs[e].first_task
    heaviest = 1
    for machine in range(p.envs[e].first_machine, p.envs[e].last_machine):
        heaviest = max(heaviest, s.machines[machine].load)
    load = s.machines[s.envs[e].machine].load
    out[4] = math.log1p(count)
    out[5] = 1.0 - s.envs[e].remaining / tasks
    out[6] = _squash(load / scale)
    out[7] = load / heaviest
    out[8] = rows[:, 8].sum() / count
    out[9] = rows[:, 9].sum() / count
    out[10] = rows[:, 5].sum() / count
    out[11] = _squash(_mean_duration(p, s, e) / scale)


@kernel
def observe(
    p: ProblemArrays,
    o: Objective,
    s: State,
    e: int,
    candidates: npt.NDArray[np.float32],
    context: npt.NDArray[np.float32],
) -> int:
    """Write what the policy sees of the decision before environment ``e``.

    Parameters
    ----------
    p, o, s
        Problem, objective and state.
    e
        Environment, which has a decision to make.
    candidates
        Taken over: its first rows, one per candidate, (>= num_candidates, NUM_CANDIDATE_FEATURES).
    context
        Taken over: (NUM_CONTEXT_FEATURES,).

    Returns
    -------
    Number of candidates.
    """
    count = int(s.envs[e].num_candidates)
    rows = candidates[:count]
    _observe_candidates(p, o, s, e, rows)
    _observe_context(p, o, s, e, rows, context)
    return count


@kernel
def _observe_some(
    p: ProblemArrays,
    o: Objective,
    s: State,
    envs: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.float32],
    context: npt.NDArray[np.float32],
) -> None:
    rows = 0
    for i in range(len(envs)):
        rows += observe(p, o, s, envs[i], candidates[rows:], context[i])


def observe_batch(
    batch: Batch, envs: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return what the policy sees of the decisions before some environments.

    Parameters
    ----------
    batch
        The environments.
    envs
        (B,) those of them to look at, which have a decision to make.

    Returns
    -------
    Features of all candidates, decision after decision, (R, NUM_CANDIDATE_FEATURES); context of
    each decision, (B, NUM_CONTEXT_FEATURES); number of candidates of each, (B,).
    """
    counts = batch.state.num_candidates[envs]
    first = np.concatenate([[0], np.cumsum(counts)])
    candidates = np.empty((first[-1], NUM_CANDIDATE_FEATURES), np.float32)
    context = np.empty((len(envs), NUM_CONTEXT_FEATURES), np.float32)

    def some(low: int, high: int) -> None:
        rows, part = candidates[first[low] : first[high]], slice(low, high)
        _observe_some(*batch.parts, envs[part], rows, context[part])

    batch.share_out(len(envs), some)
    return candidates, context, counts
