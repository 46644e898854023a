"""Compiled kernels of the simulator. Arrays and scalars only; all state changes are in place.

One step looks at the conflict set of Giffler and Thompson (Operations Research 8(4), 1960): the
machine on which some ready task could finish first, and the tasks there that could start before
that. The parameter delta (Bierwirth and Mattfeld, Evolutionary Computation 7(1), 1999) narrows
the set from the one of active schedules (1) to the one of non-delay schedules (0).

Locked tasks are reservations on their machine. Other tasks go around them.
"""

from __future__ import annotations

from scheduler_core.compiled import kernel
from scheduler_core.simulator.arrays import Floats, Ints, Objective, ProblemArrays, State

NEVER = 1 << 62


# Kernels take arrays out of the named tuples before a loop, not in it: each access by name counts
# references, which in an inner loop costs more than the work itself.


@kernel
def _first_fit(starts: Ints, ends: Ints, first: int, last: int, time: int, duration: int) -> int:
    """Return the earliest start at or after ``time`` that overlaps no reservation."""
    for b in range(first, last):
        if time + duration <= starts[b]:
            break
        time = max(time, ends[b])
    return time


@kernel
def _choose_mode(p: ProblemArrays, s: State, family: int) -> None:
    """Give the family's next task the machine where it completes first.

    Ties go to the machine with less remaining load, then to the lower index.
    """
    machines, durations, free, load = p.mode_machine, p.mode_duration, s.free, s.load
    reserve, starts, ends = p.machine_reserve, p.reserve_start, p.reserve_end
    task, ready = s.next_task[family], s.ready[family]
    best_est = best_ect = best_load = NEVER
    best_mode = p.task_mode[task]
    for k in range(p.task_mode[task], p.task_mode[task + 1]):
        machine, duration = machines[k], durations[k]
        est = max(ready, free[machine])
        if est + duration > best_ect:
            continue
        est = _first_fit(starts, ends, reserve[machine], reserve[machine + 1], est, duration)
        ect = est + duration
        if ect == best_ect:
            less = load[machine] - best_load
            better = less < 0 or (less == 0 and machine < machines[best_mode])
        else:
            better = ect < best_ect
        if better:
            best_est, best_ect, best_mode, best_load = est, ect, k, load[machine]
    s.est[family], s.ect[family], s.mode[family] = best_est, best_ect, best_mode


@kernel
def _sole_machine(p: ProblemArrays, task: int) -> int:
    """Return the only capable machine of a task, or -1 where there are several."""
    first = p.task_mode[task]
    return p.mode_machine[first] if p.task_mode[task + 1] - first == 1 else -1


@kernel
def _enqueue(p: ProblemArrays, s: State, family: int) -> None:
    """Make the family's next task ready, or mark the family as complete."""
    task = s.next_task[family]
    if task == p.family_task[family + 1]:
        s.est[family] = s.ect[family] = NEVER
        return
    machine = _sole_machine(p, task)
    if machine >= 0:
        s.queue[machine] += p.mode_duration[p.task_mode[task]]
    _choose_mode(p, s, family)


@kernel
def reset(p: ProblemArrays, s: State, e: int) -> None:
    """Bring environment ``e`` to time zero, its locked tasks placed."""
    for machine in range(p.env_machine[e], p.env_machine[e + 1]):
        s.free[machine] = s.load[machine] = s.queue[machine] = 0
    s.remaining[e] = s.makespan[e] = s.time[e] = s.num_candidates[e] = 0
    s.conflict_machine[e] = -1
    first, last = p.env_family[e], p.env_family[e + 1]
    for family in range(first, last):
        s.next_task[family] = p.first_task[family]
        s.ready[family] = p.first_ready[family]
        for task in range(p.family_task[family], p.first_task[family]):
            s.start[task], s.machine[task] = p.lock_start[task], p.lock_machine[task]
        for task in range(p.first_task[family], p.family_task[family + 1]):
            s.machine[task] = -1
            s.remaining[e] += 1
            machine = _sole_machine(p, task)
            if machine >= 0:
                s.load[machine] += p.mode_duration[p.task_mode[task]]
    for machine in range(p.env_machine[e], p.env_machine[e + 1]):
        for b in range(p.machine_reserve[machine], p.machine_reserve[machine + 1]):
            s.makespan[e] = max(s.makespan[e], p.reserve_end[b])
    for family in range(first, last):
        _enqueue(p, s, family)


@kernel
def _first_to_finish(p: ProblemArrays, s: State, e: int) -> int:
    """Return the ready family that could finish its task first.

    Ties go to the earlier start, then to the lower machine: they decide which machine acts.
    """
    est, ect, mode, machines = s.est, s.ect, s.mode, p.mode_machine
    best = p.env_family[e]
    for family in range(p.env_family[e] + 1, p.env_family[e + 1]):
        if ect[family] > ect[best]:
            continue
        if ect[family] < ect[best] or est[family] < est[best]:
            best = family
        elif est[family] < NEVER and est[family] == est[best]:
            best = family if machines[mode[family]] < machines[mode[best]] else best
    return best


@kernel
def conflict(p: ProblemArrays, s: State, e: int) -> int:
    """Find the conflict set of ``e``, if tasks remain, and return its size."""
    s.num_candidates[e] = 0
    s.conflict_machine[e] = -1
    if s.remaining[e] == 0:
        return 0
    est, mode, machines, candidate = s.est, s.mode, p.mode_machine, s.candidate
    first = _first_to_finish(p, s, e)
    machine, finish = machines[mode[first]], s.ect[first]
    earliest = est[first]
    begin, end = p.env_family[e], p.env_family[e + 1]
    for family in range(begin, end):
        if est[family] < earliest and machines[mode[family]] == machine:
            earliest = est[family]
    window = s.delta[e] * (finish - earliest)
    count = 0
    for family in range(begin, end):
        wait = est[family] - earliest
        if (wait == 0 or wait < window) and machines[mode[family]] == machine:
            candidate[begin + count] = family
            count += 1
    s.num_candidates[e] = count
    s.conflict_machine[e] = machine
    s.time[e] = earliest
    return count


@kernel
def place(p: ProblemArrays, s: State, e: int, family: int) -> None:
    """Put the family's next task at its earliest start on its machine."""
    task, mode = s.next_task[family], s.mode[family]
    machine, end = p.mode_machine[mode], s.ect[family]
    s.start[task], s.machine[task] = s.est[family], machine
    s.free[machine] = s.ready[family] = end
    s.makespan[e] = max(s.makespan[e], end)
    s.remaining[e] -= 1
    if p.task_mode[task + 1] - p.task_mode[task] == 1:
        s.load[machine] -= p.mode_duration[mode]
        s.queue[machine] -= p.mode_duration[mode]
    s.next_task[family] = task + 1
    _enqueue(p, s, family)
    _choose_again(p, s, e, machine)


@kernel
def _choose_again(p: ProblemArrays, s: State, e: int, machine: int) -> None:
    """Choose anew for the tasks whose choice a placement on ``machine`` may have changed.

    It made the machine later, and so only the choices of the machine itself can change; those of
    another machine can too where the two are equally good and the loads decide, which the
    machine's new load may have turned. That needs a task that the placement did not delay.
    """
    next_task, ready, ect, mode = s.next_task, s.ready, s.ect, s.mode
    task_mode, machines, free = p.task_mode, p.mode_machine, s.free[machine]
    has_gaps = p.machine_reserve[machine] < p.machine_reserve[machine + 1]
    for family in range(p.env_family[e], p.env_family[e + 1]):
        if ect[family] == NEVER:
            continue
        chosen_here = machines[mode[family]] == machine
        task = next_task[family]
        is_free = task_mode[task + 1] - task_mode[task] > 1 and (has_gaps or ready[family] >= free)
        if chosen_here or is_free:
            _choose_mode(p, s, family)


@kernel
def advance(p: ProblemArrays, s: State, e: int) -> int:
    """Go on to the next real decision and return its number of candidates, 0 at the end.

    Where there is one candidate there is nothing to decide, and it is placed. The very last task
    is left to the caller, so that every simulation has at least one step.
    """
    count = conflict(p, s, e)
    while count == 1 and s.remaining[e] > 1:
        place(p, s, e, s.candidate[p.env_family[e]])
        count = conflict(p, s, e)
    return count


@kernel
def _points(slack: int, on_time: float, early: float, late: float) -> float:
    """Return the points of a family of weight 1 that completes ``slack`` before its due time."""
    return on_time + early * slack if slack >= 0 else -late * slack


@kernel
def bound_score(p: ProblemArrays, o: Objective, s: State, e: int) -> float:
    """Return the score if from here on each family had the shop to itself.

    It never rises while tasks are placed, and at the end it is the score: its changes are a
    reward that telescopes, with credit at the decision that delays a family.
    """
    next_task, ready, ect = s.next_task, s.ready, s.ect
    last_task, short_tail = p.family_task, p.short_tail
    due, weight = p.due, o.weight
    on_time, early, late = o.on_time[e], o.early[e], o.late[e]
    total = 0.0
    makespan = s.makespan[e]
    for family in range(p.env_family[e], p.env_family[e + 1]):
        end = ready[family]
        if ect[family] < NEVER:
            end = ect[family]
            if next_task[family] + 1 < last_task[family + 1]:
                end += short_tail[next_task[family] + 1]
        makespan = max(makespan, end)
        total += weight[family] * _points(due[family] - end, on_time, early, late)
    return total + o.makespan[e] * makespan


@kernel
def earned_score(p: ProblemArrays, o: Objective, s: State, e: int) -> float:
    """Return the points of the families completed so far and of the makespan so far."""
    total = o.makespan[e] * s.makespan[e]
    for family in range(p.env_family[e], p.env_family[e + 1]):
        if s.ect[family] == NEVER:
            slack = p.due[family] - s.ready[family]
            points = _points(slack, o.on_time[e], o.early[e], o.late[e])
            total += o.weight[family] * points
    return total


@kernel
def step_batch(
    p: ProblemArrays,
    o: Objective,
    s: State,
    envs: Ints,
    families: Ints,
    bound: Floats,
    change: Floats,
) -> None:
    """Place one candidate family in each of ``envs`` and go on to their next decisions.

    Writes the new `bound_score` of each environment to ``bound``, (E,), and how much each of
    ``envs`` has changed to ``change``, (len(envs),).
    """
    for i in range(len(envs)):
        e = envs[i]
        place(p, s, e, families[i])
        advance(p, s, e)
        now = bound_score(p, o, s, e)
        change[i] = now - bound[e]
        bound[e] = now
