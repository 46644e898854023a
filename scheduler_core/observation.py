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
    atc_index,
    covert_index,
    mean_duration,
    tail_after,
    work_in_next_queue,
)
from scheduler_core.simulator import Objective, ProblemArrays, State

FEATURE_VERSION = 1

CANDIDATE_FEATURES = (
    "duration",  # / scale
    "duration_to_mean",  # / mean of the candidates
    "wait_for_start",  # earliest start - decision time, / mean of the candidates
    "later_work",  # work behind this task / scale
    "later_tasks",
    "slack",  # due - time - remaining work, / scale
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
    "next_idle",  # (when the next machine is free - when this task would end) / scale
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
def _look_ahead(p: ProblemArrays, s: State, family: int) -> tuple[float, float, float, float]:
    """Return work queued before the later tasks, heaviest load there, next load, next free time."""
    queued = heaviest = next_load = next_free = 0.0
    first = s.next_task[family] + 1
    for task in range(first, p.family_task[family + 1]):
        k = p.task_mode[task]
        machine = p.mode_machine[k]
        for other in range(k + 1, p.task_mode[task + 1]):
            if s.free[p.mode_machine[other]] < s.free[machine]:
                machine = p.mode_machine[other]
        queued += s.queue[machine]
        heaviest = max(heaviest, float(s.load[machine]))
        if task == first:
            next_load, next_free = float(s.load[machine]), float(s.free[machine])
    return queued, heaviest, next_load, next_free


@kernel
def _observe_family(
    p: ProblemArrays,
    s: State,
    e: int,
    family: int,
    mean: float,
    row: npt.NDArray[np.float32],
) -> None:
    """Write those features of a candidate that do not depend on the others' one by one."""
    scale, time = p.scale[e], s.time[e]
    task, due = s.next_task[family], p.due[family]
    duration = float(p.mode_duration[s.mode[family]])
    is_last = task + 1 == p.family_task[family + 1]
    later = tail_after(p, family, task)
    slack = due - time - duration - later
    queued, heaviest, next_load, next_free = _look_ahead(p, s, family)
    row[0] = _squash(duration / scale)
    row[1] = _squash(duration / mean)
    row[2] = _squash((s.est[family] - time) / mean)
    row[3] = _squash(later / scale)
    row[4] = math.log1p(p.family_task[family + 1] - task - 1)
    row[5] = _squash(slack / scale)
    row[6] = _squash((due - time) / scale)
    row[7] = _squash((due - time) / (duration + later))
    row[8] = slack < 0
    row[9] = slack < mean
    row[10] = _squash((slack - queued) / scale)
    row[11] = _squash(queued / scale)
    row[12] = _squash((time - s.ready[family]) / scale)
    row[17] = _squash(work_in_next_queue(p, s, family) / scale)
    row[18] = _squash(next_load / scale)
    row[19] = 0.0 if is_last else _squash((next_free - time - duration) / scale)
    row[20] = is_last
    row[21] = _squash(heaviest / (s.load[s.conflict_machine[e]] + scale))


@kernel
def _observe_candidates(
    p: ProblemArrays, o: Objective, s: State, e: int, out: npt.NDArray[np.float32]
) -> None:
    """Write the candidates' features, (num_candidates, NUM_CANDIDATE_FEATURES)."""
    first, count = p.env_family[e], s.num_candidates[e]
    mean, time = mean_duration(p, s, e), s.time[e]
    keys = np.empty((6, count))  # what the candidates are ranked by
    covert = np.empty(count)
    weights = 0.0
    for i in range(count):
        family = s.candidate[first + i]
        _observe_family(p, s, e, family, mean, out[i])
        duration = float(p.mode_duration[s.mode[family]])
        work = duration + tail_after(p, family, s.next_task[family])
        keys[0, i], keys[1, i] = duration, p.due[family]
        keys[2, i], keys[3, i] = p.due[family] - time - work, work
        keys[4, i] = atc_index(p, o, s, family, time, mean)
        keys[5, i] = o.weight[family] / duration
        covert[i] = covert_index(p, o, s, family, time)
        weights += o.weight[family]
    for i in range(count):
        row = out[i]
        row[13] = math.log(o.weight[s.candidate[first + i]] * count / weights)
        row[14] = keys[4, i] / (keys[4].max() + 1e-300)
        row[15] = covert[i] / (covert.max() + 1e-30)
        row[16] = keys[5, i] / keys[5].max()
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
    scale, count = p.scale[e], len(rows)
    span = _HORIZON * scale
    terms = (o.on_time[e], o.early[e] * span, -o.late[e] * span, -o.makespan[e] * span)
    total = terms[0] + terms[1] + terms[2] + terms[3] + 1e-30
    for i in range(4):
        out[i] = terms[i] / total
    tasks = p.family_task[p.env_family[e + 1]] - p.family_task[p.env_family[e]]
    heaviest = 1
    for machine in range(p.env_machine[e], p.env_machine[e + 1]):
        heaviest = max(heaviest, s.load[machine])
    load = s.load[s.conflict_machine[e]]
    out[4] = math.log1p(count)
    out[5] = 1.0 - s.remaining[e] / tasks
    out[6] = _squash(load / scale)
    out[7] = load / heaviest
    out[8] = rows[:, 8].sum() / count
    out[9] = rows[:, 9].sum() / count
    out[10] = rows[:, 5].sum() / count
    out[11] = _squash(mean_duration(p, s, e) / scale)


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
    count = int(s.num_candidates[e])
    rows = candidates[:count]
    _observe_candidates(p, o, s, e, rows)
    _observe_context(p, o, s, e, rows, context)
    return count


@kernel
def observe_batch(
    p: ProblemArrays,
    o: Objective,
    s: State,
    envs: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.float32],
    context: npt.NDArray[np.float32],
    counts: npt.NDArray[np.int64],
) -> int:
    """Write what the policy sees of the decisions before ``envs``, one after the other.

    Row i of ``context``, and entry i of ``counts``, belong to ``envs[i]``; its candidates follow
    those of ``envs[i - 1]``. Returns the number of rows written to ``candidates``.
    """
    rows = 0
    for i in range(len(envs)):
        counts[i] = observe(p, o, s, envs[i], candidates[rows:], context[i])
        rows += counts[i]
    return rows
