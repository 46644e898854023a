"""From a plan to times and points, compiled: everything anew, or what a move has changed.

Each task starts as soon as its predecessors in the family and on its machine let it, around pauses
and locked tasks, as in the simulator. Arguments p, o, s, w: problem, objective, a simulator state
that only lends its clocks, plan.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined, lean_kernel
from scheduler_core.search.arrays import Plan
from scheduler_core.simulator import Objective, ProblemArrays, State
from scheduler_core.simulator.arrays import Records
from scheduler_core.simulator.queues import points
from scheduler_core.simulator.timing import fit


@inlined
def ready(w: Plan, task: int) -> int:
    """Return when a task's predecessors let it start."""
    return max(w.nodes[w.nodes[task].before].end, w.nodes[w.nodes[task].prev].end)


@inlined
def rate(o: Objective, w: Plan, family: int, end: int) -> tuple[float, float]:
    """Return a family's points and its guide, if it completes at ``end``.

    Points for being on time are a cliff, and on the plateau behind it nothing shows the way back.
    The guide has a slope instead, ``width`` seconds long.
    """
    slack, width = w.targets[family].due - end, w.status[0].width
    score = points(slack, o.points[0].on_time, o.points[0].early, o.points[0].late)
    guide = score
    if -width < slack < 0:
        guide += o.points[0].on_time * (1.0 + slack / width)
    return w.targets[family].weight * score, w.targets[family].weight * guide


@lean_kernel
def decode(p: ProblemArrays, o: Objective, s: State, w: Plan) -> None:
    """Work out all times and points anew."""
    for i in range(w.status[0].num_tasks):
        task = w.order[i]
        machine, duration = w.nodes[task].machine, w.nodes[task].duration
        w.nodes[task].end = fit(p, s, machine, ready(w, task), duration)[1]
    score = guide = 0.0
    for family in range(len(w.targets)):
        node = w.status[0].first_family + family
        last = w.nodes[node].before
        end = w.nodes[last].end if last >= 0 else w.nodes[node].end
        w.targets[family].score, w.targets[family].guide = rate(o, w, family, end)
        w.targets[family].ideal = rate(o, w, family, w.targets[family].least)[1]
        score += w.targets[family].score
        guide += w.targets[family].guide
    find_makespan(w)
    w.status[0].score = score + o.points[0].makespan * w.status[0].makespan
    w.status[0].guide = guide + o.points[0].makespan * w.status[0].makespan


@lean_kernel
def write_placed(p: ProblemArrays, s: State, w: Plan, placed: Records) -> None:
    """Write start, end and machine of the open tasks of a decoded plan, (T,) PLACED."""
    for i in range(w.status[0].num_tasks):
        task = w.order[i]
        machine, duration = w.nodes[task].machine, w.nodes[task].duration
        start, end = fit(p, s, machine, ready(w, task), duration)
        placed[task].start, placed[task].end, placed[task].machine = start, end, machine


@lean_kernel
def find_makespan(w: Plan) -> None:
    """Note the makespan, and the first family that ends then."""
    makespan, family = w.status[0].locked_makespan, -1
    for node in range(w.status[0].first_family, len(w.nodes)):
        last = w.nodes[node].before
        if last >= 0 and w.nodes[last].end > makespan:
            makespan, family = w.nodes[last].end, node - w.status[0].first_family
    w.status[0].makespan, w.status[0].last_family = makespan, family


@inlined
def ask(w: Plan, node: int) -> None:
    """Let a task be decoded again; asked of a machine or a family, that does nothing."""
    position = w.nodes[node].position
    w.due_bits[position >> 5] |= 1 << (position & 31)


@inlined
def update(p: ProblemArrays, o: Objective, s: State, w: Plan) -> None:
    """Work out what has changed since some tasks were asked, and what that gains."""
    _propagate(p, s, w)
    w.status[0].score_change = w.status[0].guide_change = 0.0
    for i in range(w.status[0].num_rated):
        family = w.rated[i]
        old_score, old_guide = w.targets[family].score, w.targets[family].guide
        end = w.nodes[w.nodes[w.status[0].first_family + family].before].end
        score, guide = rate(o, w, family, end)
        w.targets[family].old_score, w.targets[family].old_guide = old_score, old_guide
        w.targets[family].score, w.targets[family].guide = score, guide
        w.status[0].score_change += score - old_score
        w.status[0].guide_change += guide - old_guide
    if o.points[0].makespan != 0.0:
        old = w.status[0].makespan
        w.status[0].old_makespan, w.status[0].old_last_family = old, w.status[0].last_family
        find_makespan(w)
        change = o.points[0].makespan * (w.status[0].makespan - old)
        w.status[0].score_change += change
        w.status[0].guide_change += change


@inlined
def _propagate(p: ProblemArrays, s: State, w: Plan) -> None:
    """Decode the tasks that were asked and whom they delay or let start earlier, in order."""
    num_tasks, first_family = w.status[0].num_tasks, w.status[0].first_family
    num_changed = num_rated = 0
    word = w.status[0].low >> 5
    w.due_bits[num_tasks >> 5] |= 1 << (num_tasks & 31)  # where the search for bits ends
    while True:
        bits = w.due_bits[word]
        if bits == 0:
            word += 1
            continue
        bit = bits & -bits
        w.due_bits[word] = bits ^ bit
        position = (word << 5) + w.bit_of[bit % 37]
        if position == num_tasks:
            break
        task = w.order[position]
        machine, duration = w.nodes[task].machine, w.nodes[task].duration
        end, old = fit(p, s, machine, ready(w, task), duration)[1], w.nodes[task].end
        if end == old:
            continue
        w.nodes[task].end = end
        w.changed[num_changed], w.old_ends[num_changed] = task, old
        num_changed += 1
        behind = w.nodes[task].behind
        ask(w, behind)
        ask(w, w.nodes[task].next)
        if behind >= first_family:
            w.rated[num_rated] = behind - first_family
            num_rated += 1
    w.status[0].num_changed, w.status[0].num_rated = num_changed, num_rated


@inlined
def take_back_update(o: Objective, w: Plan) -> None:
    """Bring times and points back to what they were before `update`."""
    for i in range(w.status[0].num_changed):
        w.nodes[w.changed[i]].end = w.old_ends[i]
    for i in range(w.status[0].num_rated):
        family = w.rated[i]
        w.targets[family].score = w.targets[family].old_score
        w.targets[family].guide = w.targets[family].old_guide
    if o.points[0].makespan != 0.0:
        w.status[0].makespan = w.status[0].old_makespan
        w.status[0].last_family = w.status[0].old_last_family
