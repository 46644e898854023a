"""When work starts and ends on a machine, around pauses and locked tasks, compiled."""

from __future__ import annotations

from scheduler_core.compiled import inlined, lean_kernel
from scheduler_core.problem import NEVER, SECONDS_PER_WEEK
from scheduler_core.simulator.arrays import ProblemArrays, State
from scheduler_core.working_time import find_window


@lean_kernel
def run(p: ProblemArrays, s: State, machine: int, time: int, duration: int) -> tuple[int, int]:
    """Return when work from ``time`` >= 0 on starts and ends, pauses included.

    What a machine's clock was asked last it remembers: idle machines with equal shifts are asked
    the same, and so are those who wait for one machine.
    """
    if p.machines[machine].always:
        return time, time + duration
    clock = p.machines[machine].clock
    if s.clocks[clock].time != time:
        _start_work(p, s, machine, time)
    if s.clocks[clock].duration != duration:
        _end_work(p, s, machine, duration)
    return s.clocks[clock].est, s.clocks[clock].ect


@lean_kernel
def _start_work(p: ProblemArrays, s: State, machine: int, time: int) -> None:
    """Tell a machine's clock when work from ``time`` on starts, and in which window."""
    clock, until = p.machines[machine].clock, p.machines[machine].until
    first, last = p.machines[machine].first_window, p.machines[machine].last_window
    shift = max(0, time - until) // SECONDS_PER_WEEK * SECONDS_PER_WEEK
    window = find_window(p.window_end, first, last, time - shift) + 1
    if window == last:
        shift += SECONDS_PER_WEEK
        window = p.machines[machine].week_window
    s.clocks[clock].time, s.clocks[clock].duration = time, -1
    s.clocks[clock].window, s.clocks[clock].shift = window, shift
    s.clocks[clock].est = max(time, p.window_start[window] + shift)


@lean_kernel
def _end_work(p: ProblemArrays, s: State, machine: int, duration: int) -> None:
    """Tell a machine's clock when work of some seconds ends, from where it starts."""
    clock, last = p.machines[machine].clock, p.machines[machine].last_window
    window, shift = s.clocks[clock].window, s.clocks[clock].shift
    start, work = s.clocks[clock].est, duration
    left = p.window_end[window] + shift - start
    while work > left:
        work -= left
        window += 1
        if window == last:  # the last week of the windows stands for all later ones
            weeks = (work - 1) // p.machines[machine].week
            work -= weeks * p.machines[machine].week
            shift += (weeks + 1) * SECONDS_PER_WEEK
            window = p.machines[machine].week_window
        start = p.window_start[window] + shift
        left = p.window_end[window] + shift - start
    s.clocks[clock].duration, s.clocks[clock].ect = duration, start + work


@lean_kernel
def _fit_around(
    p: ProblemArrays, s: State, machine: int, time: int, duration: int
) -> tuple[int, int]:
    """Return earliest start and completion on a machine with pauses or locked tasks."""
    est, ect = run(p, s, machine, time, duration)
    first, last = p.machines[machine].first_reserve, p.machines[machine].last_reserve
    if first == last:
        return est, ect
    starts, ends = p.reserve_start, p.reserve_end
    for b in range(find_window(ends, first, last, est) + 1, last):
        if ect <= starts[b]:
            break
        if ends[b] > est:
            est, ect = run(p, s, machine, ends[b], duration)
    return est, ect


@inlined
def fit(p: ProblemArrays, s: State, machine: int, time: int, duration: int) -> tuple[int, int]:
    """Return earliest start, from ``time`` on, and completion around pauses and locked tasks."""
    clock = p.machines[machine].clock
    if s.machines[machine].plain:
        est, ect = time, time + duration
    elif s.machines[machine].shared and (
        s.clocks[clock].time == time and s.clocks[clock].duration == duration
    ):
        est, ect = s.clocks[clock].est, s.clocks[clock].ect
    else:
        est, ect = _fit_around(p, s, machine, time, duration)
    return est, ect


@lean_kernel
def alone(p: ProblemArrays, s: State, family: int, time: int) -> int:
    """Return the completion if, after ending its next task at ``time``, nobody is in the way."""
    task = s.families[family].next_task
    if not p.details[task].pauses_after:
        return time + p.details[task].least_after
    for later in range(task + 1, s.families[family].last_task):
        end = NEVER
        for k in range(p.tasks[later].first_mode, p.details[later].last_mode):
            if time + p.modes[k].duration < end:
                end = min(end, run(p, s, p.modes[k].machine, time, p.modes[k].duration)[1])
        time = end
    return time
