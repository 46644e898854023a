"""From problems to arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from scheduler_core.compiled import lean_kernel
from scheduler_core.problem import Problem, WorkingTime
from scheduler_core.simulator.arrays import (
    DETAILS,
    ENVS,
    FAMILIES,
    LOCKS,
    MACHINES,
    MODES,
    MOST_SHARED,
    TASKS,
    WANTS,
    Bools,
    Floats,
    Ints,
    ProblemArrays,
    Records,
    num_clocks,
    num_places,
)


def to_arrays(problem: Problem) -> ProblemArrays:
    """Return one problem as arrays."""
    working = [machine.working_time for machine in problem.machines]
    distinct = list({id(each): each for each in working}.values())
    modes = _modes(problem, working)
    locks = _locks(problem)
    families = _families(problem, locks)
    tasks, details = _tasks(families, modes, working)
    machines = _machines(working, distinct)
    reserve_start, reserve_end = _reserve(machines, locks)
    _make_room(machines, families, modes)
    wants = _wants(machines, families, tasks, modes)
    envs = _envs(problem, families, modes)
    envs["first_pool"], envs["num_pool"] = machines["num_places"].sum(), 1  # one to spare
    if machines["plain"].all():
        _make_pool(envs, families, details, modes)
    return ProblemArrays(
        envs=envs,
        families=families,
        tasks=tasks,
        details=details,
        modes=modes.records,
        wants=wants,
        machines=machines,
        locks=locks,
        reserve_start=reserve_start,
        reserve_end=reserve_end,
        window_start=np.concatenate([each.starts for each in distinct]),
        window_end=np.concatenate([each.ends for each in distinct]),
        weight=np.array([family.weight for family in problem.families], np.float64),
        urgent=np.array([family.is_urgent for family in problem.families], np.bool_),
    )


class _Modes(NamedTuple):
    """Tasks on their machines."""

    first: Ints  # (T + 1,)
    records: Records  # (K,) MODES
    nominal: Floats  # (T,) mean over the modes of the time that the work takes, pauses included


def _modes(problem: Problem, working: Sequence[WorkingTime]) -> _Modes:
    index = {machine.name: i for i, machine in enumerate(problem.machines)}
    tasks = [task for family in problem.families for task in family.tasks]
    known: dict[int, list[int]] = {}  # tasks that any machine can do share one tuple of names
    for task in tasks:
        if id(task.machines) not in known:
            known[id(task.machines)] = [index[name] for name in task.machines]
    counts = np.array([len(task.machines) for task in tasks], np.int64)
    records = np.empty(int(counts.sum()), MODES)
    machines = chain.from_iterable(known[id(task.machines)] for task in tasks)
    durations = chain.from_iterable(task.durations for task in tasks)
    records["machine"] = np.fromiter(machines, np.int64, len(records))
    records["duration"] = np.fromiter(durations, np.int64, len(records))
    usable = np.array([each.week_work > 0 for each in working])[records["machine"]]
    if not usable.all():
        counts = np.add.reduceat(usable, offsets(counts)[:-1], dtype=np.int64)
        records = records[usable]
    first = offsets(counts)
    stretch = np.array([each.stretch for each in working])[records["machine"]]
    nominal = np.empty(len(tasks))
    _write_means(first, records["duration"] * stretch, nominal)
    return _Modes(first, records, nominal)


@lean_kernel
def _write_means(first: Ints, values: Floats, out: Floats) -> None:
    """Write the mean of each range of values, summed one by one."""
    for i in range(len(out)):
        total = 0.0
        for k in range(first[i], first[i + 1]):
            total += values[k]
        out[i] = total / (first[i + 1] - first[i])


def _locks(problem: Problem) -> Records:
    index = {machine.name: i for i, machine in enumerate(problem.machines)}
    locks = np.zeros(problem.num_tasks, LOCKS)
    locks["machine"] = -1
    ends, number = problem.lock_ends(), 0
    for family in problem.families:
        for position, task in enumerate(family.tasks[: family.num_locked]):
            if task.lock is not None:
                end = ends[family.id, task.sequence]
                locks[number + position] = (task.lock.start, end, index[task.lock.machine])
        number += len(family.tasks)
    return locks


def _families(problem: Problem, locks: Records) -> Records:
    families = np.zeros(len(problem.families), FAMILIES)
    edges = offsets([len(family.tasks) for family in problem.families])
    num_locked = np.array([family.num_locked for family in problem.families], np.int64)
    families["first_task"], families["last_task"] = edges[:-1], edges[1:]
    families["first_open"] = edges[:-1] + num_locked
    families["release"] = [family.release for family in problem.families]
    families["due"] = [family.due for family in problem.families]
    families["first_ready"] = families["release"]
    for i in np.flatnonzero(num_locked):
        family = families[i]
        end = locks["end"][family["first_open"] - 1]
        is_complete = family["first_open"] == family["last_task"]
        family["first_ready"] = end if is_complete else max(family["first_ready"], end)
    return families


def _tasks(
    families: Records, modes: _Modes, working: Sequence[WorkingTime]
) -> tuple[Records, Records]:
    """Return the tasks and their details, and write the families' work."""
    tasks, details = np.zeros(len(modes.nominal), TASKS), np.zeros(len(modes.nominal), DETAILS)
    if len(tasks):
        first, machines = modes.first[:-1], modes.records["machine"]
        tasks["first_mode"], details["last_mode"] = first, modes.first[1:]
        tasks["machine"] = np.where(np.diff(modes.first) == 1, machines[first], -1)
        tasks["duration"] = modes.records["duration"][first]
        pausing = np.array([not each.is_always for each in working])[machines]
        pauses = np.logical_or.reduceat(pausing, first)
        shortest = np.minimum.reduceat(modes.records["duration"], first)
        _write_tails(families, tasks, details, modes.nominal, shortest, pauses)
    return tasks, details


@lean_kernel
def _write_tails(
    families: Records,
    tasks: Records,
    details: Records,
    nominal: Floats,
    shortest: Ints,
    pauses: Bools,
) -> None:
    """Write what lies behind each task in its family, summed from the last task back."""
    for family in range(len(families)):
        after, least, any_pause = 0.0, 0, False
        for task in range(families[family].last_task - 1, families[family].first_task - 1, -1):
            tasks[task].after, details[task].least_after = after, least
            details[task].pauses_after = any_pause
            after, least = nominal[task] + after, least + shortest[task]
            any_pause = any_pause or pauses[task]
        families[family].work = after


def _machines(working: Sequence[WorkingTime], distinct: Sequence[WorkingTime]) -> Records:
    """Return the machines, those with equal working time with the same windows."""
    machines = np.zeros(len(working), MACHINES)
    edges = offsets([len(each.starts) for each in distinct]).tolist()
    at = {id(each): edges[i : i + 2] for i, each in enumerate(distinct)}
    machines["first_window"], machines["last_window"] = zip(
        *(at[id(each)] for each in working), strict=True
    )
    numbers = {id(each): i for i, each in enumerate(distinct)}
    machines["clock"] = [numbers[id(each)] for each in working]
    in_week = [np.searchsorted(each.starts, each.until) for each in working]
    machines["week_window"] = machines["first_window"] + in_week
    machines["always"] = [each.is_always for each in working]
    machines["until"] = [each.until for each in working]
    machines["week"] = [each.week_work for each in working]
    return machines


def _reserve(machines: Records, locks: Records) -> tuple[Ints, Ints]:
    """Return start and end of the machines' reservations, and write whose they are.

    What runs at time zero only makes its machine free later.
    """
    later, running = (np.flatnonzero(of) for of in _later_and_running(locks))
    np.maximum.at(machines["first_free"], locks["machine"][running], locks["end"][running])
    order = later[np.lexsort((locks["start"][later], locks["machine"][later]))]
    edges = offsets(np.bincount(locks["machine"][order], minlength=len(machines)))
    machines["first_reserve"], machines["last_reserve"] = edges[:-1], edges[1:]
    machines["shared"] = np.diff(edges) == 0
    machines["plain"] = machines["always"] & machines["shared"]
    return locks["start"][order], locks["end"][order]


def _later_and_running(locks: Records) -> tuple[Bools, Bools]:
    is_locked, is_later = locks["machine"] >= 0, locks["start"] > 0
    return is_locked & is_later, is_locked & ~is_later


def _make_room(machines: Records, families: Records, modes: _Modes) -> None:
    """Write where the machines' queues lie: a family waits for one task at a time."""
    owners = _owners(families)
    seen = np.full(len(machines), -1, np.int64)
    _count_places(np.repeat(owners, np.diff(modes.first)), modes.records, seen, machines)
    machines["first_place"] = offsets(machines["num_places"])[:-1]


def _owners(families: Records) -> Ints:
    """Return the family of each task, (T,)."""
    return np.repeat(np.arange(len(families)), families["last_task"] - families["first_task"])


@lean_kernel
def _count_places(owners: Ints, modes: Records, seen: Ints, machines: Records) -> None:
    """Count for each machine the families with a mode there; the modes lie family by family."""
    for k in range(len(modes)):
        machine = modes[k].machine
        if seen[machine] != owners[k]:
            seen[machine] = owners[k]
            machines[machine].num_places += 1


def _wants(machines: Records, families: Records, tasks: Records, modes: _Modes) -> Records:
    """Return who wants which machine, and write where each machine's part lies."""
    counts = np.diff(modes.first)
    owners = _owners(families)
    few = counts <= MOST_SHARED
    index = np.repeat(np.flatnonzero(few), counts[few])
    mine = modes.records[np.repeat(few, counts)]
    wants = np.empty(len(index), WANTS)
    wants["task"], wants["family"] = index, owners[index]
    wants["latest"] = families["due"][owners[index]] - tasks["after"][index]
    wants["work"] = mine["duration"] / counts[index]
    edges = offsets(np.bincount(mine["machine"], minlength=len(machines)))
    machines["first_want"], machines["last_want"] = edges[:-1], edges[1:]
    return wants[np.lexsort((wants["latest"], mine["machine"]))]


def _make_pool(envs: Records, families: Records, details: Records, modes: _Modes) -> None:
    """Note the tasks that every machine does in the same time, and room for those who wait."""
    num_machines = int(envs["last_machine"][0])
    counts = np.diff(modes.first)
    for task in np.flatnonzero(counts == num_machines).tolist() if num_machines > 1 else []:
        mine = modes.records[modes.first[task] : modes.first[task + 1]]
        in_order = np.array_equal(mine["machine"], np.arange(num_machines))
        details["pooled"][task] = in_order and (mine["duration"] == mine["duration"][0]).all()
    if len(families):
        envs["num_pool"] += np.logical_or.reduceat(details["pooled"], families["first_task"]).sum()


def _envs(problem: Problem, families: Records, modes: _Modes) -> Records:
    envs = np.zeros(1, ENVS)
    envs["last_family"] = len(families)
    envs["last_machine"] = len(problem.machines)
    envs["last_task"] = len(modes.nominal)
    envs["scale"] = modes.nominal.mean() if len(modes.nominal) else 1.0
    # Of a family's modes that are candidates together, no two take equally long.
    options = np.ones(len(modes.nominal), np.int64)
    durations = modes.records["duration"]
    for task in np.flatnonzero(np.diff(modes.first) > 1).tolist():
        options[task] = len(np.unique(durations[modes.first[task] : modes.first[task + 1]]))
    if len(families):
        envs["num_rows"] = np.maximum.reduceat(options, families["first_task"]).sum()
    return envs


# Which count the values of a record's fields are shifted by when problems are joined.
_SHIFTS = {
    "envs": {"first_family": "families", "last_family": "families", "first_machine": "machines",
             "last_machine": "machines", "first_task": "tasks", "last_task": "tasks",
             "first_row": "rows", "first_pool": "places"},
    "families": {"first_task": "tasks", "last_task": "tasks", "first_open": "tasks"},
    "tasks": {"first_mode": "modes", "machine": "machines"},
    "details": {"last_mode": "modes"},
    "modes": {"machine": "machines"},
    "wants": {"task": "tasks", "family": "families"},
    "machines": {"first_place": "places", "first_reserve": "reserve_start",
                 "last_reserve": "reserve_start", "first_window": "window_start",
                 "last_window": "window_start", "week_window": "window_start",
                 "clock": "clocks", "first_want": "wants", "last_want": "wants"},
    "locks": {"machine": "machines"},
}  # fmt: skip
_SIZES: dict[str, Callable[[ProblemArrays], int]] = {
    "rows": lambda part: int(part.envs["num_rows"].sum()),
    "places": num_places,
    "clocks": num_clocks,
}


def join(parts: Sequence[ProblemArrays]) -> ProblemArrays:
    """Return several problems side by side, as environments in the order given."""
    if len(parts) == 1:
        return parts[0]
    joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in parts[0]._fields}
    for name, shifts in _SHIFTS.items():
        lengths = [len(getattr(part, name)) for part in parts]
        for field, of in shifts.items():
            size = _SIZES.get(of, lambda part, of=of: len(getattr(part, of)))
            shift = np.repeat(offsets([size(part) for part in parts])[:-1], lengths)
            column = joined[name][field]
            column += np.where(column >= 0, shift, 0)  # -1 stands for no machine
    return ProblemArrays(**joined)


def offsets(counts: Sequence[int] | Ints) -> Ints:
    """Return 0 and the running totals of ``counts``, (len(counts) + 1,)."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
