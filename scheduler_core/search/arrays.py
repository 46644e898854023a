"""A plan: in which order each machine does its tasks, as linked records for compiled code.

The *nodes* are the tasks, then the machines, then the families (T, M, F of them), numbered through.
A machine's node stands before its first task and behind its last one, a family's likewise: what
ends at a task's predecessors says when it can start, with no special case for the first one.
N counts the open tasks, those that are not locked. Times are seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scheduler_core.simulator import Objective, ProblemArrays, State
from scheduler_core.simulator.arrays import Ints, Records, record

NODES = record("before behind prev next machine duration position end")
"""``before``, ``behind``: neighbours in the family; ``prev``, ``next``: on the machine, by index of
node. ``position``: in the order, N for all that is not an open task. ``end``: of a task; when a
machine or a family can start, for theirs. One record is one line of the processor's cache."""

TARGETS = record("due least", "weight score guide ideal old_score old_guide")
"""Of a family. ``least``: a bound below every completion. ``score``: its points; ``guide``: the
points that the search follows, see `decoding.rate`; ``ideal``: these at ``least``; ``old_score``,
``old_guide``: before the move that is being tried."""

STATUS = record(
    "num_tasks first_machine first_family low high num_changed num_rated num_moved makespan "
    "last_family old_makespan old_last_family locked_makespan random",
    "width makespan_share score guide score_change guide_change best",
)
"""``num_tasks``: N; ``first_machine``, ``first_family``: their first nodes. Of the move that is
being tried: ``low``, ``high``: stretch of the order that it changed; ``num_changed``,
``num_rated``: tasks and families with another end; ``num_moved``: tasks that it moved;
``score_change``, ``guide_change``: what it gained. ``makespan``: of all tasks; ``last_family``:
whose it is, -1 where a locked task ends last, at ``locked_makespan``; both only where the makespan
counts. ``random``: state of the generator. ``width``: see `decoding.rate`. ``makespan_share``: of
the moves, those that are to shorten the makespan. ``score``, ``guide``: the plan's totals;
``best``: the best score so far."""

MOVED = record("task prev mode")
"""A task that a move has moved, and the node behind which and the mode in which it was."""


class Plan(NamedTuple):
    """A plan of one problem, the best one so far, and room to try moves in."""

    status: Records  # (1,) STATUS
    nodes: Records  # (T + M + F,) NODES
    targets: Records  # (F,) TARGETS
    order: Ints  # (N,) open tasks, each behind those that it waits for
    modes: Ints  # (T,) of the open tasks
    due_bits: Ints  # bit i % 32 of word i // 32: the task at position i has to be decoded again
    bit_of: Ints  # (37,) number of a bit, by its value modulo 37
    changed: Ints  # (N,) tasks with another end, and
    old_ends: Ints  # (N,) the ends that they had
    rated: Ints  # (F,) families with another completion
    moved: Records  # (N,) MOVED, in the order in which they left their machines
    path: Ints  # (2 N,) room for the choices along a chain, and for tasks that move together
    old_order: Ints  # (N,) the stretch of the order that a move changed
    marked: Ints  # (T + M + F,) 1 where a search has come by, 0 between searches
    best_order: Ints  # (N,)
    best_modes: Ints  # (T,)


def make_plan(p: ProblemArrays, o: Objective, start: State) -> Plan:
    """Return the plan that a finished simulation of one problem has followed.

    The machines' own links are left to `links.relink`.
    """
    open_tasks = np.flatnonzero(p.locks["machine"] < 0)
    order = open_tasks[np.argsort(start.placed["start"][open_tasks], kind="stable")]
    num_tasks, num_nodes = len(order), len(p.tasks) + len(p.machines) + len(p.families)
    plan = Plan(
        status=np.zeros(1, STATUS),
        nodes=np.zeros(num_nodes, NODES),
        targets=_targets(p, o),
        order=order,
        modes=_modes(p, start),
        due_bits=np.zeros(num_tasks // 32 + 1, np.int64),
        bit_of=_bit_numbers(),
        changed=np.zeros(num_tasks, np.int64),
        old_ends=np.zeros(num_tasks, np.int64),
        rated=np.zeros(len(p.families), np.int64),
        moved=np.zeros(num_tasks, MOVED),
        path=np.zeros(2 * num_tasks, np.int64),
        old_order=np.zeros(num_tasks, np.int64),
        marked=np.zeros(num_nodes, np.int64),
        best_order=order.copy(),
        best_modes=np.zeros(len(p.tasks), np.int64),
    )
    plan.status["num_tasks"] = num_tasks
    plan.status["first_machine"] = len(p.tasks)
    plan.status["first_family"] = len(p.tasks) + len(p.machines)
    plan.status["locked_makespan"] = p.locks["end"].max(initial=0)
    _fill_nodes(p, plan)
    return plan


def _fill_nodes(p: ProblemArrays, plan: Plan) -> None:
    """Write the families' links, and when machines and families can start."""
    nodes, num_tasks = plan.nodes, len(p.tasks)
    first_family = num_tasks + len(p.machines)
    nodes["position"] = plan.status["num_tasks"]
    nodes["before"][:num_tasks] = np.arange(num_tasks) - 1
    nodes["behind"][:num_tasks] = np.arange(num_tasks) + 1
    ends = np.arange(first_family, len(nodes))
    some = p.families["first_open"] < p.families["last_task"]
    nodes["before"][p.families["first_open"][some]] = ends[some]
    nodes["behind"][p.families["last_task"][some] - 1] = ends[some]
    nodes["before"][ends] = np.where(some, p.families["last_task"] - 1, -1)
    nodes["end"][ends] = p.families["first_ready"]
    nodes["end"][num_tasks:first_family] = p.machines["first_free"]


def _targets(p: ProblemArrays, o: Objective) -> Records:
    targets = np.zeros(len(p.families), TARGETS)
    targets["due"], targets["weight"] = p.families["due"], o.weight
    targets["least"] = p.families["first_ready"]
    for family in np.flatnonzero(p.families["first_open"] < p.families["last_task"]):
        task = p.families["first_open"][family]
        modes = p.modes["duration"][p.tasks["first_mode"][task] : p.details["last_mode"][task]]
        targets["least"][family] += modes.min() + p.details["least_after"][task]
    return targets


def _modes(p: ProblemArrays, start: State) -> Ints:
    """Return the mode of each open task on the machine that it was placed on, (T,)."""
    counts = p.details["last_mode"] - p.tasks["first_mode"]
    tasks = np.repeat(np.arange(len(p.tasks)), counts)
    taken = p.modes["machine"] == start.placed["machine"][tasks]
    modes = np.zeros(len(p.tasks), np.int64)
    modes[tasks[taken]] = np.flatnonzero(taken)
    return modes


def _bit_numbers() -> Ints:
    """Return the number of each of 32 bits by its value modulo 37: 2 is a primitive root of it."""
    numbers = np.zeros(37, np.int64)
    numbers[[2**bit % 37 for bit in range(32)]] = np.arange(32)
    return numbers
