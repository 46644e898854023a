"""The machines' queues, compiled: who waits where, and which machine decides next.

Each machine has a queue of the families that wait for it, with the earliest completion and the
earliest start among them; a tournament tree over the machines knows which one decides. So a step
costs what the queues that it changes are long, and the logarithm of the number of machines.

The next task of a family waits for the machine where it would complete first. That is chosen when
it becomes ready, and anew whenever something is placed on the machine chosen: what is placed
elsewhere can only make other machines later.

A queue has two parts. In front are those who *wait*: they could all start as soon as the machine
could, so their times are not stored, and the shortest of them completes first. Behind are those who
are still to come. On a machine with a locked task ahead nobody counts as waiting, because who fits
into the gap before it depends on the duration.

Tasks that every machine does in the same time would move all together from one queue to another
with each step. Those of them that are ready before any machine is free share one queue, the
*pool*, that moves as a whole; it exists where all machines work round the clock.
"""

from __future__ import annotations

from scheduler_core.compiled import inlined, lean_kernel
from scheduler_core.problem import NEVER
from scheduler_core.simulator.arrays import UNKNOWN, Objective, ProblemArrays, State
from scheduler_core.simulator.timing import alone, fit, run


@lean_kernel
def _choose_mode(p: ProblemArrays, s: State, family: int) -> tuple[int, int, int]:
    """Return the mode in which the family's next task completes first, its start and end there.

    Ties go to the machine with less remaining load, then to the lower index.
    """
    task, ready = s.families[family].next_task, s.families[family].ready
    best_est = best_ect = best_load = best_machine = NEVER
    best_mode = -1
    for k in range(p.tasks[task].first_mode, p.details[task].last_mode):
        machine, duration = p.modes[k].machine, p.modes[k].duration
        est, load = max(ready, s.machines[machine].free), s.machines[machine].load
        wins_ties = load < best_load or (load == best_load and machine < best_machine)
        if est + duration > best_ect or (est + duration == best_ect and not wins_ties):
            continue  # even without pauses
        est, ect = fit(p, s, machine, est, duration)
        if ect < best_ect or (ect == best_ect and wins_ties):
            best_est, best_ect, best_load, best_machine = est, ect, load, machine
            best_mode = k
    return best_mode, best_est, best_ect


@inlined
def node_of(p: ProblemArrays, e: int, machine: int) -> int:
    """Return a machine's node in the tournament tree."""
    return machine + p.envs[e].last_machine


@inlined
def _play(p: ProblemArrays, s: State, e: int, machine: int) -> None:
    """Bring the tournament tree up to date after a change in a machine's node.

    The machine that decides is the one with the earliest completion; ties go to the earlier start,
    then to the lower index.
    """
    tree, winners = 2 * p.envs[e].first_machine, s.winners
    node = node_of(p, e, machine) - tree
    while node > 1:
        node //= 2
        left, right = tree + 2 * node, tree + 2 * node + 1
        # Without branches, because no processor can guess who wins.
        est_ties = (winners[right].est == winners[left].est) & (
            winners[right].machine < winners[left].machine
        )
        ect_ties = (winners[right].ect == winners[left].ect) & (
            (winners[right].est < winners[left].est) | est_ties
        )
        best = left + int((winners[right].ect < winners[left].ect) | ect_ties)
        if winners[tree + node].machine == winners[best].machine != machine:
            break  # this machine has not won here before, and does not now
        winners[tree + node].machine = winners[best].machine
        winners[tree + node].ect = winners[best].ect
        winners[tree + node].est = winners[best].est


@inlined
def points(slack: float, on_time: float, early: float, late: float) -> float:
    """Return the points of a family of weight 1 that completes ``slack`` before its due time."""
    return on_time + early * slack if slack >= 0 else -late * slack


@lean_kernel
def _rate(o: Objective, s: State, e: int, family: int, end: int) -> None:
    """Note a family's new completion without others in the way, and what that costs."""
    due, old = s.families[family].due, s.families[family].end
    if end != old:
        on_time, early, late = o.points[e].on_time, o.points[e].early, o.points[e].late
        change = points(due - end, on_time, early, late) - points(due - old, on_time, early, late)
        s.envs[e].bound += o.weight[family] * change
        s.families[family].end = end
    if end > s.envs[e].bound_makespan:
        s.envs[e].bound += o.points[e].makespan * (end - s.envs[e].bound_makespan)
        s.envs[e].bound_makespan = end


@inlined
def in_pool(p: ProblemArrays, s: State, e: int, family: int) -> bool:
    """Return whether a family waits in the pool."""
    return s.families[family].place >= p.envs[e].first_pool


@inlined
def queue_of(s: State, e: int, machine: int) -> tuple[int, int, int]:
    """Return a queue's first place and length, and how many of the pool wait there too."""
    pool = s.envs[e].pool_length if s.envs[e].pool_machine == machine else 0
    return s.machines[machine].first_place, s.machines[machine].length, pool


@inlined
def place_at(p: ProblemArrays, e: int, first: int, own: int, i: int) -> int:
    """Return the place of the i-th who waits in a queue of ``own`` places and then the pool."""
    return first + i if i < own else p.envs[e].first_pool + i - own


@inlined
def is_waiting(p: ProblemArrays, s: State, e: int, machine: int, place: int) -> bool:
    """Return whether who has a place could start as soon as the machine could."""
    behind = s.machines[machine].first_place + s.machines[machine].waiting
    return place < behind or place >= p.envs[e].first_pool


@inlined
def is_candidate(p: ProblemArrays, s: State, e: int, machine: int, place: int) -> bool:
    """Return whether who has a place in the deciding machine's queue could be next there."""
    if is_waiting(p, s, e, machine, place):
        return True
    wait = s.places[place].est - s.envs[e].time
    return wait == 0 or wait < s.envs[e].window


@inlined
def times_at(p: ProblemArrays, s: State, e: int, machine: int, place: int) -> tuple[int, int]:
    """Return the earliest start and completion of who has a place in a machine's queue."""
    est, ect = s.places[place].est, s.places[place].ect
    if is_waiting(p, s, e, machine, place):
        est, duration = s.machines[machine].start, s.places[place].duration
        ect = est + duration
        if not s.machines[machine].plain:
            ect = run(p, s, machine, est, duration)[1]
    return est, ect


@inlined
def _move(s: State, place: int, to: int) -> None:
    """Give who has a place another one."""
    family = s.places[place].family
    s.families[family].place, s.places[to].family = to, family
    s.places[to].ready, s.places[to].duration = s.places[place].ready, s.places[place].duration
    s.places[to].movable, s.places[to].due = s.places[place].movable, s.places[place].due
    s.places[to].est, s.places[to].ect = s.places[place].est, s.places[place].ect
    s.places[to].after = s.places[place].after
    s.places[to].next_machine = s.places[place].next_machine


@inlined
def _sit(p: ProblemArrays, s: State, family: int, place: int, duration: int, movable: int) -> None:
    """Put a family on a place; when it could start and complete is written by others."""
    s.families[family].place, s.places[place].family = place, family
    s.places[place].ready, s.places[place].duration = s.families[family].ready, duration
    s.places[place].movable, s.places[place].due = movable, s.families[family].due
    task = s.families[family].next_task
    s.places[place].after, s.places[place].next_machine = p.tasks[task].after, NEVER
    if task + 1 < s.families[family].last_task:
        s.places[place].next_machine = p.tasks[task + 1].machine


@inlined
def enter(
    p: ProblemArrays,
    o: Objective,
    s: State,
    e: int,
    family: int,
    machine: int,
    duration: int,
    movable: int,
    est: int,
    ect: int,
) -> None:
    """Put a family into a machine's queue: who waits in front, who is to come behind."""
    first = s.machines[machine].first_place
    place = first + s.machines[machine].length
    s.machines[machine].length += 1
    s.machines[machine].movable += movable
    if s.machines[machine].shared and s.families[family].ready <= s.machines[machine].start:
        behind = first + s.machines[machine].waiting
        if behind < place:
            _move(s, behind, place)
        place = behind
        s.machines[machine].waiting += 1
        s.machines[machine].shortest = min(s.machines[machine].shortest, duration)
    _sit(p, s, family, place, duration, movable)
    s.places[place].est, s.places[place].ect = est, ect
    s.machines[machine].first_est = min(s.machines[machine].first_est, est)
    node = node_of(p, e, machine)
    best = s.winners[node].ect
    if ect < best or (ect == best and est < s.winners[node].est):
        s.winners[node].ect, s.winners[node].est = ect, est
        _play(p, s, e, machine)
    if s.envs[e].track:
        _rate(o, s, e, family, alone(p, s, family, ect))


@inlined
def leave(p: ProblemArrays, s: State, e: int, family: int, machine: int) -> None:
    """Take a family out of a machine's queue, or the pool."""
    place = s.families[family].place
    if in_pool(p, s, e, family):
        s.envs[e].pool_length -= 1
        if s.envs[e].pool_length == 0:
            s.envs[e].pool_machine = -1
        if s.places[place].duration == s.envs[e].pool_shortest:
            s.envs[e].pool_shortest = UNKNOWN
        _move(s, p.envs[e].first_pool + s.envs[e].pool_length, place)
    else:
        first = s.machines[machine].first_place
        s.machines[machine].length -= 1
        s.machines[machine].movable -= s.places[place].movable
        if place < first + s.machines[machine].waiting:
            if s.places[place].duration == s.machines[machine].shortest:
                s.machines[machine].shortest = UNKNOWN
            s.machines[machine].waiting -= 1
            last = first + s.machines[machine].waiting
            _move(s, last, place)
            place = last
        if place < first + s.machines[machine].length:
            _move(s, first + s.machines[machine].length, place)


@inlined
def arrive(p: ProblemArrays, o: Objective, s: State, e: int, family: int) -> None:
    """Make the family's next task ready, or note that the family is complete."""
    task = s.families[family].next_task
    s.families[family].sent = 0
    if task == s.families[family].last_task:
        s.families[family].mode = -1
        if s.envs[e].track:
            _rate(o, s, e, family, s.families[family].ready)
    else:
        machine, duration = p.tasks[task].machine, p.tasks[task].duration
        mode, movable = p.tasks[task].first_mode, 0
        if machine < 0:
            mode, est, ect = _choose_mode(p, s, family)
            machine, duration, movable = p.modes[mode].machine, p.modes[mode].duration, 1
        else:
            s.machines[machine].queue += duration
            time = max(s.families[family].ready, s.machines[machine].free)
            est, ect = fit(p, s, machine, time, duration)
        s.families[family].mode = mode
        enter(p, o, s, e, family, machine, duration, movable, est, ect)


@lean_kernel
def _shortest(s: State, first: int, count: int) -> int:
    """Return the shortest duration of some places, `NEVER` if there are none."""
    shortest = NEVER
    for place in range(first, first + count):
        shortest = min(shortest, s.places[place].duration)
    return shortest


@inlined
def _shortest_waiting(p: ProblemArrays, s: State, e: int, machine: int, pool: int) -> int:
    """Return the shortest duration of those who wait, in the queue and the pool."""
    if s.machines[machine].shortest == UNKNOWN:
        first, count = s.machines[machine].first_place, s.machines[machine].waiting
        s.machines[machine].shortest = _shortest(s, first, count)
    shortest = s.machines[machine].shortest
    if pool > 0:
        if s.envs[e].pool_shortest == UNKNOWN:
            s.envs[e].pool_shortest = _shortest(s, p.envs[e].first_pool, pool)
        shortest = min(shortest, s.envs[e].pool_shortest)
    return shortest


@inlined
def set_free(p: ProblemArrays, s: State, machine: int, time: int) -> None:
    """Note when a machine is free, and when it then works; locked tasks of before are history."""
    s.machines[machine].free = s.machines[machine].start = time
    last = p.machines[machine].last_reserve - 1
    if not s.machines[machine].shared and time >= p.reserve_end[last]:
        s.machines[machine].shared, s.machines[machine].plain = 1, p.machines[machine].always
    if not s.machines[machine].plain and p.machines[machine].week > 0:
        s.machines[machine].start = run(p, s, machine, time, 1)[0]


@inlined
def renew(p: ProblemArrays, o: Objective, s: State, e: int, machine: int) -> None:
    """Work out anew when those in a machine's queue could start and complete.

    Those who wait could all start when the machine could, and the shortest completes first. The
    others are asked one by one: who is still to come, or needs a gap between locked tasks.
    """
    first, own, pool = queue_of(s, e, machine)
    start, shared = s.machines[machine].start, s.machines[machine].shared
    best_ect = best_est = first_est = NEVER
    for place in range(first + s.machines[machine].waiting, first + own):
        ready, duration = s.places[place].ready, s.places[place].duration
        if not shared:
            time = max(ready, s.machines[machine].free)
            s.places[place].est, s.places[place].ect = fit(p, s, machine, time, duration)
        elif ready <= start:
            behind = first + s.machines[machine].waiting
            if behind < place:
                _swap(p, s, e, place, behind)
            s.machines[machine].waiting += 1
            s.machines[machine].shortest = min(s.machines[machine].shortest, duration)
            continue
        est, ect = s.places[place].est, s.places[place].ect
        first_est = min(first_est, est)
        if ect < best_ect or (ect == best_ect and est < best_est):
            best_ect, best_est = ect, est
    shortest = _shortest_waiting(p, s, e, machine, pool)
    if shortest < NEVER:
        first_est, ect = start, start + shortest
        if not s.machines[machine].plain:
            ect = run(p, s, machine, start, shortest)[1]
        if ect <= best_ect:  # nobody starts earlier
            best_ect, best_est = ect, start
    node = node_of(p, e, machine)
    s.winners[node].ect, s.winners[node].est = best_ect, best_est
    s.machines[machine].first_est = first_est
    _play(p, s, e, machine)
    if s.envs[e].track:
        for i in range(own + pool):
            place = place_at(p, e, first, own, i)
            family, ect = s.places[place].family, times_at(p, s, e, machine, place)[1]
            _rate(o, s, e, family, alone(p, s, family, ect))


@inlined
def _swap(p: ProblemArrays, s: State, e: int, one: int, other: int) -> None:
    """Let who have two places in a queue change them."""
    spare = p.envs[e].first_pool + p.envs[e].num_pool - 1
    _move(s, one, spare)
    _move(s, other, one)
    _move(s, spare, other)


@lean_kernel
def choose_again(p: ProblemArrays, o: Objective, s: State, e: int, machine: int) -> None:
    """Let those who wait for a machine and may take another one do so, before it is renewed.

    From the last place to the first: who takes the place of one that leaves has been asked.
    """
    if s.envs[e].pool_machine == machine:
        _move_pool(p, o, s, e)
    first = s.machines[machine].first_place
    for place in range(first + s.machines[machine].length - 1, first - 1, -1):
        if not s.places[place].movable:
            continue
        family = s.places[place].family
        mode, est, ect = _choose_mode(p, s, family)
        other, duration, pool = (
            p.modes[mode].machine,
            p.modes[mode].duration,
            s.envs[e].pool_machine,
        )
        waits = s.families[family].ready < s.machines[other].free
        waits = waits and p.details[s.families[family].next_task].pooled
        if waits and (pool < 0 or pool == other):
            leave(p, s, e, family, machine)
            _enter_pool(p, s, e, family, other, duration)
            if other != machine:  # which is renewed last: it must keep its order until then
                _renew_apart(p, o, s, e, other)
        elif other != machine:
            leave(p, s, e, family, machine)
            s.families[family].mode = mode
            enter(p, o, s, e, family, other, duration, 1, est, ect)


@lean_kernel
def _enter_pool(
    p: ProblemArrays, s: State, e: int, family: int, machine: int, duration: int
) -> None:
    """Put a family, ready before any machine is free, into the pool."""
    place = p.envs[e].first_pool + s.envs[e].pool_length
    s.envs[e].pool_length += 1
    s.envs[e].pool_machine = machine
    s.envs[e].pool_shortest = min(s.envs[e].pool_shortest, duration)
    _sit(p, s, family, place, duration, 1)


@lean_kernel
def _move_pool(p: ProblemArrays, o: Objective, s: State, e: int) -> None:
    """Let the pool wait for the machine that is free first, as each family in it would choose."""
    best = p.envs[e].first_machine
    for machine in range(best + 1, p.envs[e].last_machine):
        if s.machines[machine].free != s.machines[best].free:
            better = s.machines[machine].free < s.machines[best].free
        else:
            better = s.machines[machine].load < s.machines[best].load
        if better:
            best = machine
    if best != s.envs[e].pool_machine:
        s.envs[e].pool_machine = best
        _renew_apart(p, o, s, e, best)


@lean_kernel
def _renew_apart(p: ProblemArrays, o: Objective, s: State, e: int, machine: int) -> None:
    """Do the same as `renew` as a function of its own, where that is seldom needed."""
    renew(p, o, s, e, machine)
