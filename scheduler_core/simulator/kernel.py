"""Compiled kernels of the simulator. Arrays and scalars only; all state changes are in place.

One step looks at the conflict set of Giffler and Thompson (Operations Research 8(4), 1960): the
machine on which some ready task could finish first, and the tasks there that could start before
that. The parameter delta (Bierwirth and Mattfeld, Evolutionary Computation 7(1), 1999) narrows
the set from the one of active schedules (1) to the one of non-delay schedules (0).

Locked tasks are reservations on their machine. Other tasks go around them.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined, lean_kernel
from scheduler_core.problem import NEVER
from scheduler_core.simulator.arrays import MOST_SHARED, Objective, ProblemArrays, State
from scheduler_core.simulator.queues import (
    arrive,
    choose_again,
    enter,
    in_pool,
    is_candidate,
    leave,
    place_at,
    points,
    queue_of,
    renew,
    set_free,
    times_at,
)
from scheduler_core.simulator.timing import alone, fit


@lean_kernel
def reset(p: ProblemArrays, o: Objective, s: State, e: int) -> None:
    """Bring environment ``e`` to time zero, its locked tasks placed."""
    first_machine, last_machine = p.envs[e].first_machine, p.envs[e].last_machine
    for machine in range(first_machine, last_machine):
        s.machines[machine].plain = p.machines[machine].plain
        s.machines[machine].first_place = p.machines[machine].first_place
        s.machines[machine].shared = p.machines[machine].shared
        set_free(p, s, machine, p.machines[machine].first_free)
        s.machines[machine].waiting, s.machines[machine].shortest = 0, NEVER
        s.machines[machine].load = s.machines[machine].queue = 0
        s.machines[machine].shared_load = 0.0
        s.machines[machine].length = s.machines[machine].movable = 0
        s.machines[machine].first_est = NEVER
    tree, count = 2 * first_machine, last_machine - first_machine
    for node in range(2 * count - 1, 0, -1):  # all alike: the first of the machines wins
        left = s.winners[tree + 2 * node].machine if node < count else first_machine + node - count
        s.winners[tree + node].machine = left
        s.winners[tree + node].ect = s.winners[tree + node].est = NEVER
    s.envs[e].remaining = s.envs[e].makespan = s.envs[e].time = s.envs[e].num_candidates = 0
    s.envs[e].machine = s.envs[e].pool_machine = -1
    s.envs[e].pool_length, s.envs[e].pool_shortest = 0, NEVER
    first, last = p.envs[e].first_family, p.envs[e].last_family
    for family in range(first, last):
        _reset_family(p, s, e, family)
    s.envs[e].bound_makespan = s.envs[e].makespan
    s.envs[e].bound = o.points[e].makespan * s.envs[e].makespan
    for family in range(first, last):  # as if each ended when it is due, until it is rated
        s.families[family].end = s.families[family].due
        s.envs[e].bound += o.weight[family] * o.points[e].on_time
    for family in range(first, last):
        arrive(p, o, s, e, family)


@lean_kernel
def _reset_family(p: ProblemArrays, s: State, e: int, family: int) -> None:
    s.families[family].next_task = p.families[family].first_open
    s.families[family].last_task = p.families[family].last_task
    s.families[family].due = p.families[family].due
    s.families[family].ready = p.families[family].first_ready
    for task in range(p.families[family].first_task, p.families[family].first_open):
        s.placed[task].start, s.placed[task].end = p.locks[task].start, p.locks[task].end
        s.placed[task].machine = p.locks[task].machine
        s.envs[e].makespan = max(s.envs[e].makespan, p.locks[task].end)
    for task in range(p.families[family].first_open, p.families[family].last_task):
        s.placed[task].machine = -1
        s.envs[e].remaining += 1
        machine = p.tasks[task].machine
        if machine >= 0:
            s.machines[machine].load += p.tasks[task].duration
        else:
            share_load(p, s, task, 1)


@lean_kernel
def share_load(p: ProblemArrays, s: State, task: int, sign: int) -> None:
    """Add a task with several modes to its machines' loads, or take it off again (-1)."""
    first, last = p.tasks[task].first_mode, p.details[task].last_mode
    if last - first <= MOST_SHARED:
        for k in range(first, last):
            share = sign * p.modes[k].duration / (last - first)
            s.machines[p.modes[k].machine].shared_load += share


@inlined
def conflict(p: ProblemArrays, s: State, e: int) -> int:
    """Find which machine decides in ``e``, and how long it may wait; return it, -1 at the end."""
    machine = -1
    if s.envs[e].remaining > 0:
        root = 2 * p.envs[e].first_machine + 1
        machine = s.winners[root].machine
        s.envs[e].time = s.machines[machine].first_est
        s.envs[e].window = s.envs[e].delta * (s.winners[root].ect - s.envs[e].time)
    s.envs[e].machine = machine
    return machine


@inlined
def place_inline(p: ProblemArrays, o: Objective, s: State, e: int, family: int) -> None:
    """Put a candidate's task at its earliest start on the machine that decides."""
    task, where, machine = s.families[family].next_task, s.families[family].place, s.envs[e].machine
    start, end = times_at(p, s, e, machine, where)
    duration = s.places[where].duration
    if not s.places[where].movable and not s.families[family].sent:
        s.machines[machine].load -= duration
        s.machines[machine].queue -= duration
    if p.tasks[task].machine < 0:
        share_load(p, s, task, -1)
    leave(p, s, e, family, machine)
    s.placed[task].start, s.placed[task].end, s.placed[task].machine = start, end, machine
    s.families[family].ready = end
    set_free(p, s, machine, end)
    s.envs[e].makespan = max(s.envs[e].makespan, end)
    s.envs[e].remaining -= 1
    s.families[family].next_task = task + 1
    arrive(p, o, s, e, family)
    if s.machines[machine].movable > 0 or s.envs[e].pool_machine == machine:
        choose_again(p, o, s, e, machine)
    renew(p, o, s, e, machine)


@lean_kernel
def place(p: ProblemArrays, o: Objective, s: State, e: int, family: int) -> None:
    """Do the same as a function of its own, for those to whom it is not all of the work."""
    place_inline(p, o, s, e, family)


@lean_kernel
def send(p: ProblemArrays, o: Objective, s: State, e: int, family: int, mode: int) -> None:
    """Make a candidate wait for the machine of another of its task's modes, for good."""
    old, machine, duration = s.envs[e].machine, p.modes[mode].machine, p.modes[mode].duration
    leave(p, s, e, family, old)
    s.families[family].sent, s.families[family].mode = 1, mode
    time = max(s.families[family].ready, s.machines[machine].free)
    est, ect = fit(p, s, machine, time, duration)
    enter(p, o, s, e, family, machine, duration, 0, est, ect)
    renew(p, o, s, e, old)


@lean_kernel
def list_candidates(p: ProblemArrays, s: State, e: int) -> int:
    """Write the candidates of the machine that decides in ``e`` to their rows; return how many.

    In order of family; of a family first the machine that decides, then others in order of mode.
    """
    machine = s.envs[e].machine
    first, own, pool = queue_of(s, e, machine)
    row, count = p.envs[e].first_row, 0
    for i in range(own + pool):
        place_ = place_at(p, e, first, own, i)
        if is_candidate(p, s, e, machine, place_):
            s.rows[row + count].family = s.places[place_].family
            count += 1
    _sort_families(s, row, count)
    options = 0
    if s.envs[e].choose and s.machines[machine].movable > 0:
        options = _list_options(p, s, e, row, count)
    else:
        for i in range(row, row + count):
            _write_chosen(p, s, e, i, s.rows[i].family)
    s.envs[e].num_candidates = count + options
    return count + options


@lean_kernel
def _sort_families(s: State, first: int, count: int) -> None:
    """Sort rows by family, of which they hold nothing else yet.

    In place: Shell, Communications of the ACM 2(7), 1959.
    """
    gap = 1
    while gap < count // 9:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(first + gap, first + count):
            family, j = s.rows[i].family, i
            while j >= first + gap and s.rows[j - gap].family > family:
                s.rows[j].family = s.rows[j - gap].family
                j -= gap
            s.rows[j].family = family
        gap //= 3


@inlined
def _write_chosen(p: ProblemArrays, s: State, e: int, row: int, family: int) -> None:
    """Write a candidate on the machine that it waits for to a row."""
    place_, task = s.families[family].place, s.families[family].next_task
    mode = s.families[family].mode
    if in_pool(p, s, e, family):  # which has moved from machine to machine since
        mode = p.tasks[task].first_mode + s.envs[e].pool_machine - p.envs[e].first_machine
    s.rows[row].family, s.rows[row].mode = family, mode
    s.rows[row].est, s.rows[row].ect = times_at(p, s, e, s.envs[e].machine, place_)


@lean_kernel
def _list_options(p: ProblemArrays, s: State, e: int, row: int, count: int) -> int:
    """Write the candidates, families in the first rows, with their other sensible machines.

    From the last row to the first, which needs to know how many options come before. Returns
    the number of rows added.
    """
    added = 0
    for i in range(row, row + count):
        added += _options(p, s, e, s.rows[i].family, -1)
    last = row + count + added
    for i in range(row + count - 1, row - 1, -1):
        family = s.rows[i].family
        last -= 1 + _options(p, s, e, family, -1)
        _write_chosen(p, s, e, last, family)
        _options(p, s, e, family, last + 1)
    return added


@lean_kernel
def _options(p: ProblemArrays, s: State, e: int, family: int, row: int) -> int:
    """Return how many other machines are sensible; write them from ``row`` on, if that is >= 0.

    Sensible is a machine that could start before the chosen one is done, unless another one
    completes no later and works no longer. So it works for less time than the chosen one does.
    """
    task = s.families[family].next_task
    if not s.places[s.families[family].place].movable or p.details[task].pooled:
        return 0
    count, ready = 0, s.families[family].ready
    done = times_at(p, s, e, s.envs[e].machine, s.families[family].place)[1]
    longest = p.modes[s.families[family].mode].duration
    for k in range(p.tasks[task].first_mode, p.details[task].last_mode):
        machine, duration = p.modes[k].machine, p.modes[k].duration
        time = max(ready, s.machines[machine].free)
        if duration >= longest or time >= done:
            continue
        est, ect = fit(p, s, machine, time, duration)
        if est >= done or _is_dominated(p, s, family, k, ect):
            continue
        if row >= 0:
            s.rows[row + count].family, s.rows[row + count].mode = family, k
            s.rows[row + count].est, s.rows[row + count].ect = est, ect
        count += 1
    return count


@lean_kernel
def _is_dominated(p: ProblemArrays, s: State, family: int, mode: int, ect: int) -> bool:
    """Return whether another mode than this and the chosen one is as good in both respects."""
    task, ready, duration = (
        s.families[family].next_task,
        s.families[family].ready,
        p.modes[mode].duration,
    )
    for j in range(p.tasks[task].first_mode, p.details[task].last_mode):
        other, machine = p.modes[j].duration, p.modes[j].machine
        if j == mode or other > duration:
            continue
        end = fit(p, s, machine, max(ready, s.machines[machine].free), other)[1]
        if end < ect or (end == ect and (other < duration or j < mode)):
            return True
    return False


@lean_kernel
def take(p: ProblemArrays, o: Objective, s: State, e: int, choice: int) -> None:
    """Carry out a candidate, counted from 0: place it, or send it to another machine."""
    row = p.envs[e].first_row + choice
    family, mode = s.rows[row].family, s.rows[row].mode
    if p.modes[mode].machine == s.envs[e].machine:
        place(p, o, s, e, family)
    else:
        send(p, o, s, e, family, mode)


@lean_kernel
def advance(p: ProblemArrays, o: Objective, s: State, e: int) -> int:
    """Go on to the next real decision and return its number of candidates, 0 at the end.

    Where there is one candidate there is nothing to decide, and it is placed. The very last task
    is left to the caller, so that every simulation has at least one step.
    """
    while conflict(p, s, e) >= 0:
        count = list_candidates(p, s, e)
        if count > 1 or s.envs[e].remaining == 1:
            return count
        place(p, o, s, e, s.rows[p.envs[e].first_row].family)
    s.envs[e].num_candidates = 0
    return 0


@lean_kernel
def bound_score(p: ProblemArrays, o: Objective, s: State, e: int) -> float:
    """Return the score if from here on each family had the shop to itself.

    It never rises while tasks are placed, and at the end it is the score: its changes are a
    reward that telescopes, with credit at the decision that delays a family.
    """
    on_time, early, late = o.points[e].on_time, o.points[e].early, o.points[e].late
    total = 0.0
    makespan = s.envs[e].makespan
    for family in range(p.envs[e].first_family, p.envs[e].last_family):
        end = s.families[family].ready
        if s.families[family].mode >= 0:
            machine = p.modes[s.families[family].mode].machine
            if in_pool(p, s, e, family):
                machine = s.envs[e].pool_machine
            end = alone(p, s, family, times_at(p, s, e, machine, s.families[family].place)[1])
        makespan = max(makespan, end)
        total += o.weight[family] * points(s.families[family].due - end, on_time, early, late)
    return total + o.points[e].makespan * makespan


@lean_kernel
def earned_score(p: ProblemArrays, o: Objective, s: State, e: int) -> float:
    """Return the points of the families completed so far and of the makespan so far."""
    total = o.points[e].makespan * s.envs[e].makespan
    for family in range(p.envs[e].first_family, p.envs[e].last_family):
        if s.families[family].mode < 0:
            slack = s.families[family].due - s.families[family].ready
            score = points(slack, o.points[e].on_time, o.points[e].early, o.points[e].late)
            total += o.weight[family] * score
    return total
