"""The compiled boundary: problems, objectives and simulator states as flat arrays of records.

Several problems lie side by side, ragged and without padding; each is an *environment* with index
e. A family, task or machine index is global: it says where the thing lies in the joined arrays.
Times are int64 seconds. E, F, T, M, K, V, B, W, C, Q, R count environments, families, tasks,
machines, modes (a task on one of its machines), those of tasks with few, reservations (locked tasks
on their machines), windows of working time, clocks, places in the machines' queues, and rows of
candidates.

What a step needs of a machine, a family or a task lies in one record, and so in one line of the
processor's cache: with an array for each field, large problems spend their time on memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scheduler_core.objective import RewardWeights
from scheduler_core.problem import SECONDS_PER_DAY

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Records = npt.NDArray[np.void]


MOST_SHARED = 8
"""A task that more machines can do than this weighs on none of them in particular."""

UNKNOWN = -1
"""Stands for a time that has to be worked out."""


def record(integers: str, floats: str = "") -> np.dtype[np.void]:
    """Return a record of 8-byte fields with the given names, which are attributes of elements."""
    fields = [(name, np.int64) for name in integers.split()]
    return np.dtype((np.record, [*fields, *((name, np.float64) for name in floats.split())]))


class ProblemArrays(NamedTuple):
    """What is given. A task's modes are those on machines that have shifts.

    Fields named ``first_`` and ``last_`` delimit a range; the last is no longer part of it.
    """

    envs: Records  # (E,) ENVS
    families: Records  # (F,) FAMILIES
    tasks: Records  # (T,) TASKS
    details: Records  # (T,) DETAILS
    modes: Records  # (K,) MODES
    wants: Records  # (V,) WANTS
    machines: Records  # (M,) MACHINES
    locks: Records  # (T,) LOCKS
    reserve_start: Ints  # (B,) in order of start on each machine
    reserve_end: Ints  # (B,)
    window_start: Ints  # (W,) see `WorkingTime`
    window_end: Ints  # (W,)
    weight: Floats  # (F,) of the family, without urgency
    urgent: Bools  # (F,)

    @property
    def num_envs(self) -> int:
        """Number of problems side by side."""
        return len(self.envs)


ENVS = record("first_family last_family first_machine last_machine first_task last_task first_row "
              "num_rows first_pool num_pool", "scale")  # fmt: skip
"""``first_row``, ``num_rows``: room for candidates; ``first_pool``, ``num_pool``: places for the
pool, see `queues`. ``scale``: mean nominal duration, the unit of time of what a policy sees."""

FAMILIES = record("first_task last_task first_open first_ready release due", "work")
"""``first_open``: first task that is not locked. ``first_ready``: when it can start (time zero,
release, end of the last locked task), or the completion of a family that is all locked. ``work``:
nominal seconds of all tasks, see `TASKS`."""

TASKS = record("machine first_mode duration", "after")
"""``machine``: the only one of a task with one mode, -1 where there are several; ``duration``: on
it, or in the first mode. ``after``: nominal seconds of all later tasks of the family, each with the
mean over its modes of the time that the work takes, pauses included."""

DETAILS = record("last_mode pooled least_after pauses_after")
"""What few steps ask of a task. ``pooled``: whether it may wait in the pool, see `queues`.
``least_after``: the shortest durations of all later tasks of the family, without pauses;
``pauses_after``: whether a machine of one of them pauses."""

MODES = record("machine duration")
"""``duration``: seconds of work."""

WANTS = record("task family", "latest work")
"""Who wants a machine, in order of machine and ``latest``: the due time less all later work of the
family. ``work``: the task's duration here, shared out evenly among its modes; tasks with more than
`MOST_SHARED` of them are left out."""

MACHINES = record("plain shared always first_place num_places first_free first_reserve "
                  "last_reserve first_window last_window week_window until week clock first_want "
                  "last_want")  # fmt: skip
"""``always``: works round the clock; ``shared``: has no reservation; ``plain``: both.
``first_place``, ``num_places``: room for the queue, a place for each family that may wait here.
``first_free``: end of what runs at time zero. Machines with equal working time share windows and a
clock; ``until`` and ``week`` (seconds of work): see `WorkingTime`; ``week_window``: first window
behind ``until``."""

LOCKS = record("start end machine")
"""Of a locked task; the machine is -1 for all others."""


class Objective(NamedTuple):
    """What is wanted: the score of `scheduler_core.objective`."""

    weight: Floats  # (F,) w of the score formula, urgency included
    points: Records  # (E,) POINTS


POINTS = record("", "on_time early late makespan")
"""Points for being on time; per second early, >= 0; per second late and of makespan, <= 0."""


class State(NamedTuple):
    """How far each simulation has come. The kernels change it in place."""

    envs: Records  # (E,) ENV_STATES
    families: Records  # (F,) FAMILY_STATES
    machines: Records  # (M,) MACHINE_STATES
    clocks: Records  # (C,) CLOCKS
    winners: Records  # (2 M,) WINNERS
    places: Records  # (Q,) PLACES
    placed: Records  # (T,) PLACED
    rows: Records  # (R,) ROWS

    @property
    def num_candidates(self) -> Ints:
        """Number of candidates of each environment, (E,)."""
        return self.envs["num_candidates"]


ENV_STATES = record("choose track num_candidates machine time remaining makespan bound_makespan "
                    "pool_machine pool_length pool_shortest", "delta window bound")  # fmt: skip
"""``choose``: whether other sensible machines of a candidate are candidates too. ``track``: whether
``bound`` is kept equal to `bound_score`; ``bound_makespan`` is the makespan in it. ``machine``: the
one that decides, -1 at the end; ``time``: the earliest start on it; candidates start then, or less
than ``window`` later. ``remaining``: tasks not yet placed. ``makespan``: end of the last one that
is. ``pool_machine``: the one that the pool waits for, -1 while it is empty; ``pool_length``: who
waits in it; ``pool_shortest``: as in `MACHINE_STATES`. ``delta``: 0 for non-delay schedules, 1 for
active ones."""

FAMILY_STATES = record("next_task last_task due ready mode sent place end")
"""``last_task``, ``due``: as in `FAMILIES`. ``next_task``: first task not yet placed, or
``last_task``; ``ready``: when it can start, or the completion; ``mode``: on the machine that it
waits for, -1 when all are placed; ``sent``: whether a choice, not the earliest completion, has put
it there; ``place``: in that machine's queue; ``end``: completion if from here on the family had
the shop to itself, while ``track`` says so."""

MACHINE_STATES = record("plain shared first_place free start load queue length movable waiting "
                        "shortest first_est", "shared_load")  # fmt: skip
"""``first_place``: as in `MACHINES`; ``plain``, ``shared``: likewise, but reservations behind
``free`` do not count. ``free``: end of the last task placed here by the simulator; ``start``: when
the machine works from then on. ``load``: work of unplaced tasks that only this machine can do;
``shared_load``: the work in `WANTS` of unplaced tasks that others can do too; ``queue``: the part
of ``load`` that belongs to next tasks. ``length``: families in the queue; ``movable``: those of
them that may yet take another machine; ``waiting``: those, in front, that could start at ``start``,
if the machine is shared; ``shortest``: the shortest duration of these, `NEVER` or `UNKNOWN`.
``first_est``: earliest start of all."""

CLOCKS = record("time est window shift duration ect")
"""What was last asked of a working time: when work from ``time`` on starts (in a window, shifted by
some weeks), and when ``duration`` seconds of it end."""

WINNERS = record("machine ect est")
"""Tournament tree over each environment's machines: node 1 is the root, i the parent of 2 i and
2 i + 1, and machine i, counted within the environment of n, is node n + i. ``ect``: the earliest
completion of those who wait for the machine, ``est``: the earliest start of those with it."""

PLACES = record("family ready duration movable due est ect next_machine", "after")
"""Who is in a queue; ``movable``: it may take another machine; ``est``, ``ect``: earliest start and
completion of those who do not wait, see `queues`; ``next_machine``: the only one of the family's
task behind, -1 where there are several, `NEVER` where there is none; ``after``: as in `TASKS`."""

PLACED = record("start end machine")
"""Of a placed task; the machine is -1 before."""

ROWS = record("family mode est ect")
"""The candidates of e, from ``first_row`` on, in order of family."""


def make_objective(arrays: ProblemArrays, weights: Sequence[RewardWeights]) -> Objective:
    """Return the objective of each environment, one set of weights each."""
    counts = arrays.envs["last_family"] - arrays.envs["first_family"]
    urgency = np.repeat([each.urgent_multiplier for each in weights], counts)
    points = np.zeros(len(weights), POINTS)
    points["on_time"] = [each.on_time_reward for each in weights]
    points["early"] = [each.early_bonus_per_day / SECONDS_PER_DAY for each in weights]
    points["late"] = [each.late_penalty_per_day / SECONDS_PER_DAY for each in weights]
    points["makespan"] = [each.makespan_penalty_per_day / SECONDS_PER_DAY for each in weights]
    return Objective(arrays.weight * np.where(arrays.urgent, urgency, 1.0), points)


def num_places(arrays: ProblemArrays) -> int:
    """Return the room for all queues and pools."""
    return int(arrays.machines["num_places"].sum() + arrays.envs["num_pool"].sum())


def num_clocks(arrays: ProblemArrays) -> int:
    """Return the number of distinct working times."""
    return int(arrays.machines["clock"].max(initial=-1)) + 1


def empty_state(
    arrays: ProblemArrays,
    delta: float | Sequence[float],
    *,
    choose_machines: bool = False,
    track: bool = False,
) -> State:
    """Return a state with room for the problems; `reset` brings each to its start.

    Parameters
    ----------
    arrays
        The problems.
    delta
        Of all environments, or of each.
    choose_machines
        Whether other sensible machines of a candidate are candidates too.
    track
        Whether to keep the bound score up to date, which a trainer's rewards are made of.
    """
    state = State(
        envs=np.zeros(arrays.num_envs, ENV_STATES),
        families=np.zeros(len(arrays.families), FAMILY_STATES),
        machines=np.zeros(len(arrays.machines), MACHINE_STATES),
        clocks=np.zeros(num_clocks(arrays), CLOCKS),
        winners=np.zeros(2 * len(arrays.machines), WINNERS),
        places=np.zeros(num_places(arrays), PLACES),
        placed=np.zeros(len(arrays.tasks), PLACED),
        rows=np.zeros(arrays.envs["num_rows"].sum(), ROWS),
    )
    state.clocks["time"] = -1
    state.envs["delta"] = delta
    state.envs["choose"] = choose_machines
    state.envs["track"] = track
    return state
