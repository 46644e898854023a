"""From the outlook of the candidates to the columns that `names` lists."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from scheduler_core.compiled import kernel
from scheduler_core.observation.names import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES
from scheduler_core.observation.outlook import OUTLOOK, cost_of_delay, look_out, work_to_come
from scheduler_core.observation.pairs import compare_pairs
from scheduler_core.rules.priorities import ATC_LEAD, atc_index, covert_index
from scheduler_core.simulator import Batch, Objective, ProblemArrays, State
from scheduler_core.simulator.arrays import Records

_HORIZON = 10.0  # scales of time over which the terms of the objective are weighed up
_TINY = 1e-30


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
def family_worth(p: ProblemArrays, o: Objective, e: int) -> float:
    """Return what a family of mean weight loses by missing its due time by one scale."""
    first, last = p.envs[e].first_family, p.envs[e].last_family
    slope = o.points[e].early - o.points[e].late - o.points[e].makespan
    weight = o.weight[first:last].sum() / (last - first)
    return float(weight * (o.points[e].on_time + slope * p.envs[e].scale))


@kernel
def _last_end(p: ProblemArrays, s: State, e: int) -> float:
    """Return when the last machine is done if each does all its work without idling."""
    end = 0.0
    for machine in range(p.envs[e].first_machine, p.envs[e].last_machine):
        end = max(end, s.machines[machine].free + work_to_come(s, machine))
    return end


@kernel
def _write_own(
    p: ProblemArrays,
    o: Objective,
    s: State,
    e: int,
    seen: Records,
    i: int,
    mean: float,
    unit: float,
    last_end: float,
    out: npt.NDArray[np.float32],
) -> None:
    """Write those features of a candidate that do not depend on the others' one by one."""
    scale, time = p.envs[e].scale, float(s.envs[e].time)
    family, due, later = seen[i].family, float(seen[i].due), seen[i].later
    work = seen[i].alone - seen[i].est
    slack = due - time - work
    here = work_to_come(s, s.envs[e].machine) + scale
    out[0] = _squash(seen[i].duration / scale)
    out[1] = _squash(seen[i].duration / mean)
    out[2] = _squash((seen[i].est - time) / mean)
    out[3] = _squash(later / scale)
    out[4] = math.log1p(s.families[family].last_task - s.families[family].next_task - 1)
    out[5] = _squash((due - time) / scale)
    out[6] = _squash((due - time) / work)
    out[7] = _squash(slack / scale)
    out[8] = _squash((due - seen[i].busy) / scale)
    out[9] = _squash((due - seen[i].queued) / scale)
    out[10] = _squash((due - seen[i].contended) / scale)
    out[11] = slack < 0
    out[12] = slack < mean
    out[13] = due < seen[i].contended
    out[14] = _squash(seen[i].queued_ahead / scale)
    out[15] = _squash(seen[i].contended_ahead / scale)
    out[16] = seen[i].contended_here / here
    out[17] = _squash((time - s.families[family].ready) / scale)
    out[22] = _squash(seen[i].next_queue / scale)
    out[23] = _squash(seen[i].next_load / scale)
    out[24] = (
        0.0 if seen[i].is_last else _squash((seen[i].next_free - time - seen[i].duration) / scale)
    )
    out[25] = seen[i].is_last
    out[26] = _squash(seen[i].heaviest / here)
    out[27] = _squash((last_end - seen[i].alone) / scale)
    long_delay = cost_of_delay(o, e, seen[i].weight, due - seen[i].busy, 4 * mean)
    out[29] = _squash(seen[i].stake / unit)
    out[30] = _squash(long_delay / unit)
    out[31] = _squash(seen[i].stake_contended / unit)
    out[34] = _squash(seen[i].harm / unit)
    out[36], out[37] = seen[i].wins, seen[i].wins_contended
    out[38], out[39] = seen[i].gain, seen[i].gain_contended
    out[48] = seen[i].elsewhere


@kernel
def _write_relative(
    s: State, e: int, scale: float, mean: float, seen: Records, out: npt.NDArray[np.float32]
) -> None:
    """Write those features of the candidates that compare them with each other."""
    count, time = len(seen), float(s.envs[e].time)
    keys = np.empty((8, count))
    covert, index = np.empty(count), np.empty(count)
    weights = latest = 0.0
    for i in range(count):
        duration, due, weight = seen[i].duration, float(seen[i].due), seen[i].weight
        span, later = float(seen[i].ect - seen[i].est), seen[i].later
        work = span + later
        keys[0, i], keys[1, i], keys[2, i], keys[3, i] = (
            duration,
            due,
            due - seen[i].contended,
            work,
        )
        keys[4, i] = atc_index(weight, duration, due - time - span - ATC_LEAD * later, mean)
        keys[5, i] = weight / duration
        keys[6, i] = seen[i].stake_contended / duration
        keys[7, i] = seen[i].harm
        covert[i] = covert_index(weight, duration, due - time - work, work)
        index[i] = seen[i].stake / duration
        weights += weight
        latest = max(latest, seen[i].alone)
    for i in range(count):
        out[i, 18] = math.log(seen[i].weight * count / weights)
        out[i, 28] = _squash((seen[i].alone - latest) / scale)
    _to_largest(keys[4], out[:, 19])
    _to_largest(covert, out[:, 20])
    _to_largest(keys[5], out[:, 21])
    _to_largest(index, out[:, 32])
    _to_largest(keys[6], out[:, 33])
    _to_largest(keys[7], out[:, 35])
    for column in range(8):
        _ranks(keys[column], out[:, 40 + column])


@kernel
def _to_largest(values: npt.NDArray[np.float64], out: npt.NDArray[np.float32]) -> None:
    """Write each value, >= 0, as a share of the largest; 0 where all are 0."""
    largest = values.max()
    for i in range(len(values)):
        out[i] = values[i] / largest if largest > 0 else 0.0


@kernel
def _write_context(
    p: ProblemArrays,
    o: Objective,
    s: State,
    e: int,
    mean: float,
    last_end: float,
    rows: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
) -> None:
    """Write the features of the shop and the objective, (NUM_CONTEXT_FEATURES,)."""
    scale, count, machine = p.envs[e].scale, len(rows), s.envs[e].machine
    span = _HORIZON * scale
    terms = (
        o.points[e].on_time,
        o.points[e].early * span,
        -o.points[e].late * span,
        -o.points[e].makespan * span,
    )
    total = terms[0] + terms[1] + terms[2] + terms[3] + _TINY
    for i in range(4):
        out[i] = terms[i] / total
    tasks = p.envs[e].last_task - p.envs[e].first_task
    heaviest = 1.0
    for other in range(p.envs[e].first_machine, p.envs[e].last_machine):
        heaviest = max(heaviest, work_to_come(s, other))
    load, time = work_to_come(s, machine), float(s.envs[e].time)
    end = s.machines[machine].free + load
    out[4] = math.log1p(count)
    out[5] = 1.0 - s.envs[e].remaining / tasks
    out[6] = _squash(load / scale)
    out[7] = load / heaviest
    out[8] = max(0.0, end - time) / max(1.0, last_end - time)
    out[9] = s.machines[machine].queue / (load + scale)
    for i, column in enumerate((11, 12, 13, 7, 10, 29)):
        out[10 + i] = rows[:, column].sum() / count
    out[16] = _squash(mean / scale)


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
    seen = np.empty(count, OUTLOOK)
    look_out(p, o, s, e, seen)
    mean = 0.0
    for i in range(count):
        mean += seen[i].duration / count
    compare_pairs(o, e, mean, seen)
    rows, unit, last_end = candidates[:count], family_worth(p, o, e) + _TINY, _last_end(p, s, e)
    for i in range(count):
        _write_own(p, o, s, e, seen, i, mean, unit, last_end, rows[i])
    _write_relative(s, e, p.envs[e].scale, mean, seen, rows)
    _write_context(p, o, s, e, mean, last_end, rows, context)
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
