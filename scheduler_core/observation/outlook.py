"""What lies ahead of each candidate: later machines, completion, and what the objective says to it.

Four estimates of the family's completion, from the candidate's earliest completion on:

- alone: nobody is in the way of the later tasks;
- busy: each later machine must first finish what is placed on it;
- queued: it must also do the work that waits for it now;
- contended: it must first finish what is placed and all work to come whose *latest*, see `names`,
  is earlier.

Where several machines can do a later task, the one that is free first counts.
"""

from __future__ import annotations

from scheduler_core.compiled import lean_kernel
from scheduler_core.rules.priorities import work_in_next_queue
from scheduler_core.simulator import Objective, ProblemArrays, State
from scheduler_core.simulator.arrays import Records, record
from scheduler_core.simulator.queues import points

OUTLOOK = record(
    "family due est ect is_last elsewhere",
    "duration weight later alone busy queued contended queued_ahead contended_ahead contended_here "
    "next_queue next_load next_free heaviest harm wins wins_contended gain gain_contended "
    "stake stake_contended",
)
"""Of a candidate, in seconds and points. ``alone`` to ``contended``: completion; ``harm`` to
``stake_contended``: see `pairs`."""


@lean_kernel
def earlier_work(p: ProblemArrays, s: State, family: int, machine: int, latest: float) -> float:
    """Return the work to come on a machine that other families want done before ``latest``."""
    total = 0.0
    for i in range(p.machines[machine].first_want, p.machines[machine].last_want):
        if p.wants[i].latest >= latest:
            break
        other = p.wants[i].family
        if other != family and p.wants[i].task >= s.families[other].next_task:
            total += p.wants[i].work
    return total


@lean_kernel
def work_to_come(s: State, machine: int) -> float:
    """Return the work of unplaced tasks on a machine, and its share of what others can do too."""
    return float(s.machines[machine].load + s.machines[machine].shared_load)


@lean_kernel
def _look_ahead(p: ProblemArrays, s: State, out: Records, i: int) -> None:
    """Follow a candidate's family through its later tasks."""
    family = out[i].family
    first, last = s.families[family].next_task + 1, s.families[family].last_task
    busy = queued = contended = float(out[i].ect)
    due = float(out[i].due)
    out[i].queued_ahead = out[i].contended_ahead = out[i].heaviest = 0.0
    out[i].next_load = out[i].next_free = 0.0
    for task in range(first, last):
        k = p.tasks[task].first_mode
        machine = p.modes[k].machine
        for other in range(k + 1, p.details[task].last_mode):
            if s.machines[p.modes[other].machine].free < s.machines[machine].free:
                machine = p.modes[other].machine
        free, queue = float(s.machines[machine].free), float(s.machines[machine].queue)
        load = work_to_come(s, machine)
        ahead = earlier_work(p, s, family, machine, due - p.tasks[task].after)
        nominal = p.tasks[task - 1].after - p.tasks[task].after
        busy = max(busy, free) + nominal
        queued = max(queued, free + queue) + nominal
        contended = max(contended, free + ahead) + nominal
        out[i].queued_ahead += queue
        out[i].contended_ahead += ahead
        out[i].heaviest = max(out[i].heaviest, load)
        if task == first:
            out[i].next_load, out[i].next_free = load, free
    out[i].busy, out[i].queued, out[i].contended = busy, queued, contended


@lean_kernel
def look_out(p: ProblemArrays, o: Objective, s: State, e: int, out: Records) -> None:
    """Write the outlook of each candidate of ``e``, (num_candidates,), all but for `pairs`."""
    first_row, machine = p.envs[e].first_row, s.envs[e].machine
    for i in range(len(out)):
        family = s.rows[first_row + i].family
        task = s.families[family].next_task
        out[i].family, out[i].due = family, s.families[family].due
        out[i].est, out[i].ect = s.rows[first_row + i].est, s.rows[first_row + i].ect
        out[i].is_last = task + 1 == s.families[family].last_task
        out[i].elsewhere = p.modes[s.rows[first_row + i].mode].machine != machine
        out[i].duration = p.modes[s.rows[first_row + i].mode].duration
        out[i].weight, out[i].later = o.weight[family], p.tasks[task].after
        out[i].alone = out[i].ect + out[i].later
        out[i].next_queue = work_in_next_queue(p, s, family)
        _look_ahead(p, s, out, i)
        latest = out[i].due - out[i].later
        out[i].contended_here = earlier_work(p, s, family, machine, latest)


@lean_kernel
def cost_of_delay(o: Objective, e: int, weight: float, slack: float, delay: float) -> float:
    """Return what a family's completion ``delay`` >= 0 later costs, in points >= 0."""
    on_time, early, late = o.points[e].on_time, o.points[e].early, o.points[e].late
    before = points(slack, on_time, early, late)
    return weight * (before - points(slack - delay, on_time, early, late))
