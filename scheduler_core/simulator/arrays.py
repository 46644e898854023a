"""The compiled boundary: problems, objectives and simulator states as flat arrays.

Several problems lie side by side, ragged and without padding; each is an *environment* with index
e. A family, task or machine index is global: it says where the thing lies in the joined arrays.
Times are int64 seconds. E, F, T, M, K, B count environments, families, tasks, machines, modes
(a task on one of its capable machines) and reservations (locked tasks on their machines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import SECONDS_PER_DAY, Family, Problem

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class ProblemArrays(NamedTuple):
    """What is given."""

    env_family: Ints  # (E + 1,) families of e are env_family[e] .. env_family[e + 1] - 1
    env_machine: Ints  # (E + 1,)
    family_task: Ints  # (F + 1,)
    first_task: Ints  # (F,) first task that is not locked
    first_ready: Ints  # (F,) when it can start: time zero, release, end of the last locked task;
    # the completion of a family that is all locked
    release: Ints  # (F,)
    due: Ints  # (F,)
    weight: Floats  # (F,) of the family, without urgency
    urgent: npt.NDArray[np.bool_]  # (F,)
    task_mode: Ints  # (T + 1,)
    mode_machine: Ints  # (K,)
    mode_duration: Ints  # (K,)
    nominal: Floats  # (T,) mean duration over the capable machines
    tail: Floats  # (T,) nominal work of the task and all later ones of its family
    short_tail: Ints  # (T,) the same with the shortest durations
    lock_start: Ints  # (T,) start of a locked task, 0 otherwise
    lock_machine: Ints  # (T,) machine of a locked task, -1 otherwise
    machine_reserve: Ints  # (M + 1,)
    reserve_start: Ints  # (B,) in order of start on each machine
    reserve_end: Ints  # (B,)
    scale: Floats  # (E,) mean nominal duration: the unit of time of what a policy sees

    @property
    def num_envs(self) -> int:
        """Number of problems side by side."""
        return len(self.env_family) - 1


class Objective(NamedTuple):
    """What is wanted: the score of `scheduler_core.objective`, in points per second."""

    weight: Floats  # (F,) w of the score formula, urgency included
    on_time: Floats  # (E,) points
    early: Floats  # (E,) points per second early, >= 0
    late: Floats  # (E,) points per second late, <= 0
    makespan: Floats  # (E,) points per second of makespan, <= 0


class State(NamedTuple):
    """How far each simulation has come. The kernels change it in place."""

    delta: Floats  # (E,) 0: non-delay schedules, 1: active schedules
    next_task: Ints  # (F,) first task not yet placed; the family's end when all are
    ready: Ints  # (F,) when that task can start; the completion when all are placed
    mode: Ints  # (F,) mode with the earliest completion for that task
    est: Ints  # (F,) earliest start in that mode
    ect: Ints  # (F,) earliest completion in that mode; `NEVER` when all are placed
    free: Ints  # (M,) end of the last task placed here by the simulator
    load: Ints  # (M,) work of unplaced tasks that only this machine can do
    queue: Ints  # (M,) the part of it that belongs to the families' next tasks
    start: Ints  # (T,) start of placed tasks
    machine: Ints  # (T,) machine of placed tasks, -1 before
    candidate: Ints  # (F,) the conflict set of e, from env_family[e] on, in order of index
    num_candidates: Ints  # (E,)
    conflict_machine: Ints  # (E,) machine that decides, -1 at the end
    time: Ints  # (E,) earliest start among the candidates
    remaining: Ints  # (E,) tasks not yet placed
    makespan: Ints  # (E,) end of the last task placed so far


def to_arrays(problem: Problem) -> ProblemArrays:
    """Return one problem as arrays."""
    index = {machine.name: i for i, machine in enumerate(problem.machines)}
    families = problem.families
    tasks = [task for family in families for task in family.tasks]
    rows: dict[int, Ints] = {}  # tasks that any machine can do share one tuple of names
    for task in tasks:
        if id(task.machines) not in rows:
            rows[id(task.machines)] = np.array([index[name] for name in task.machines], np.int64)
    durations = [np.array(task.durations, np.int64) for task in tasks]
    nominal = np.array([sum(task.durations) / len(task.durations) for task in tasks])
    reserve, starts, ends = _reservations(problem, index)
    return ProblemArrays(
        env_family=np.array([0, len(families)], np.int64),
        env_machine=np.array([0, len(problem.machines)], np.int64),
        family_task=_offsets([len(family.tasks) for family in families]),
        first_task=_offsets([len(family.tasks) for family in families])[:-1]
        + np.array([family.num_locked for family in families], np.int64),
        first_ready=np.array([_first_ready(family) for family in families], np.int64),
        release=np.array([family.release for family in families], np.int64),
        due=np.array([family.due for family in families], np.int64),
        weight=np.array([family.weight for family in families], np.float64),
        urgent=np.array([family.is_urgent for family in families], np.bool_),
        task_mode=_offsets([len(task.machines) for task in tasks]),
        mode_machine=_concatenate([rows[id(task.machines)] for task in tasks]),
        mode_duration=_concatenate(durations),
        nominal=nominal,
        tail=_backward_sums(families, nominal).astype(np.float64),
        short_tail=_backward_sums(
            families, np.array([task.shortest for task in tasks], np.int64)
        ).astype(np.int64),
        lock_start=np.array([task.lock.start if task.lock else 0 for task in tasks], np.int64),
        lock_machine=np.array(
            [index[task.lock.machine] if task.lock else -1 for task in tasks], np.int64
        ),
        machine_reserve=reserve,
        reserve_start=starts,
        reserve_end=ends,
        scale=np.array([nominal.mean() if len(nominal) else 1.0]),
    )


# Which count each field's values are shifted by when problems are joined; others stay as they are.
_OFFSETS = {"env_family": "family", "env_machine": "machine", "family_task": "task",
            "first_task": "task", "task_mode": "mode", "mode_machine": "machine",
            "machine_reserve": "reserve"}  # fmt: skip
_POINTERS = ("env_family", "env_machine", "family_task", "task_mode", "machine_reserve")


def join(parts: Sequence[ProblemArrays]) -> ProblemArrays:
    """Return several problems side by side, as environments in the order given."""
    if len(parts) == 1:
        return parts[0]
    sizes: dict[str, Callable[[ProblemArrays], int]] = {
        "family": lambda part: len(part.due),
        "machine": lambda part: len(part.machine_reserve) - 1,
        "task": lambda part: len(part.nominal),
        "mode": lambda part: len(part.mode_machine),
        "reserve": lambda part: len(part.reserve_start),
    }
    shifts = {key: _offsets([size(part) for part in parts]) for key, size in sizes.items()}
    joined = {}
    for name in ProblemArrays._fields:
        pieces = [getattr(part, name) for part in parts]
        if name in _OFFSETS:
            shift = shifts[_OFFSETS[name]]
            pieces = [piece + shift[i] for i, piece in enumerate(pieces)]
        if name in _POINTERS:
            pieces = [pieces[0][:1], *(piece[1:] for piece in pieces)]
        elif name == "lock_machine":
            shift = shifts["machine"]
            pieces = [np.where(p < 0, p, p + shift[i]) for i, p in enumerate(pieces)]
        joined[name] = np.concatenate(pieces)
    return ProblemArrays(**joined)


def make_objective(arrays: ProblemArrays, weights: Sequence[RewardWeights]) -> Objective:
    """Return the objective of each environment, one set of weights each."""
    counts = np.diff(arrays.env_family)
    urgency = np.repeat([each.urgent_multiplier for each in weights], counts)
    return Objective(
        weight=arrays.weight * np.where(arrays.urgent, urgency, 1.0),
        on_time=np.array([each.on_time_reward for each in weights], np.float64),
        early=np.array([each.early_bonus_per_day for each in weights]) / SECONDS_PER_DAY,
        late=np.array([each.late_penalty_per_day for each in weights]) / SECONDS_PER_DAY,
        makespan=np.array([each.makespan_penalty_per_day for each in weights]) / SECONDS_PER_DAY,
    )


def empty_state(arrays: ProblemArrays, delta: float) -> State:
    """Return a state with room for the problems; `reset` brings each to its start."""
    envs, families = arrays.num_envs, len(arrays.due)
    machines, tasks = len(arrays.machine_reserve) - 1, len(arrays.nominal)

    def zeros(size: int) -> Ints:
        return np.zeros(size, np.int64)

    return State(
        delta=np.full(envs, delta),
        next_task=zeros(families),
        ready=zeros(families),
        mode=zeros(families),
        est=zeros(families),
        ect=zeros(families),
        free=zeros(machines),
        load=zeros(machines),
        queue=zeros(machines),
        start=zeros(tasks),
        machine=zeros(tasks),
        candidate=zeros(families),
        num_candidates=zeros(envs),
        conflict_machine=zeros(envs),
        time=zeros(envs),
        remaining=zeros(envs),
        makespan=zeros(envs),
    )


def _first_ready(family: Family) -> int:
    if family.num_locked == len(family.tasks):  # complete when its locks say, even before release
        return family.unhindered_completion
    time = max(0, family.release)
    for task in family.tasks[: family.num_locked]:
        if task.lock is not None:
            time = max(time, task.lock.start + task.duration_on(task.lock.machine))
    return time


def _reservations(problem: Problem, index: dict[str, int]) -> tuple[Ints, Ints, Ints]:
    locks = sorted(
        (index[task.lock.machine], task.lock.start, task.duration_on(task.lock.machine))
        for family in problem.families
        for task in family.tasks[: family.num_locked]
        if task.lock is not None
    )
    table = np.array(locks, np.int64).reshape(-1, 3)
    counts = np.bincount(table[:, 0], minlength=len(problem.machines))
    return _offsets(counts.tolist()), table[:, 1].copy(), table[:, 1] + table[:, 2]


def _backward_sums(families: tuple[Family, ...], values: Floats | Ints) -> Floats | Ints:
    """Return for each task its value plus those of the later tasks of its family."""
    sums = values.copy()
    end = len(values)
    for family in reversed(families):
        for task in range(end - 2, end - len(family.tasks) - 1, -1):
            sums[task] = values[task] + sums[task + 1]
        end -= len(family.tasks)
    return sums


def _offsets(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)


def _concatenate(pieces: Sequence[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *pieces])
