"""Re-planning against cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from scheduler_core.errors import ConfigError, ProblemError
from scheduler_core.problem import (
    Calendar,
    Downtime,
    Family,
    Lock,
    Machine,
    Problem,
    SpecialDay,
    Task,
    TaskStatus,
)
from scheduler_core.replanning import (
    Event,
    MachineDown,
    Overrun,
    Overtime,
    Replan,
    RushOrder,
    Scenario,
    Store,
    effects,
    moves,
    next_closing,
    read_scenario,
    replan,
    scenario_bytes,
    successor,
    summary,
)
from scheduler_core.rules import dispatch
from scheduler_core.schedule import Schedule
from scheduler_core.snapshot import encode, parse_snapshot, snapshot_from_problem
from scheduler_core.validation import validate
from tests.builders import DAY, HOUR, one_machine

MONDAY = datetime(2025, 8, 4)
"""Time zero at midnight of a Monday."""


def edd(problem: Problem) -> Schedule:
    """Return the schedule by earliest due date."""
    return dispatch(problem, "edd")


def after(problem: Problem, *events: Event, now: int = 0) -> tuple[Schedule, Replan]:
    """Return the old plan by EDD and the new one."""
    base = edd(problem)
    return base, replan(problem, base, events, edd, now)


def spans(schedule: Schedule) -> dict[str, tuple[int, int]]:
    """Return start and end of the families' only tasks, in hours."""
    return {task.family_id: (task.start // HOUR, task.end // HOUR) for task in schedule}


def shop() -> Problem:
    """Return three orders of 4 hours each on one machine, due after 4, 8 and 12 hours."""
    return one_machine([4 * HOUR] * 3, [4 * HOUR, 8 * HOUR, 12 * HOUR])


def test_running_task_pauses_while_its_machine_is_down() -> None:
    """F1 runs from 4 to 8; down from 6 to 9 it ends at 11, and F2 follows."""
    base, plan = after(shop(), MachineDown("M", 6 * HOUR, 9 * HOUR), now=5 * HOUR)
    assert spans(plan.schedule) == {"F0": (0, 4), "F1": (4, 11), "F2": (11, 15)}
    assert [move.what for move in moves(base, plan.schedule)] == ["ends later", "later"]


def test_task_that_has_not_started_waits_for_its_machine() -> None:
    """Down from now, F0 starts when the machine works again."""
    _, plan = after(shop(), MachineDown("M", 0, 3 * HOUR))
    assert spans(plan.schedule) == {"F0": (3, 7), "F1": (7, 11), "F2": (11, 15)}


def test_downtime_over_downtime_counts_once() -> None:
    """Down from 0 to 3 by the snapshot and from 2 to 5 by the event: 5 hours in all."""
    machine = Machine("M", downtime=(Downtime(0, 3 * HOUR, "service"),))
    problem = replace(shop(), machines=(machine,))
    _, plan = after(problem, MachineDown("M", 2 * HOUR, 5 * HOUR))
    assert spans(plan.schedule)["F0"] == (5, 9)


def test_rush_order_goes_first_but_not_before_now() -> None:
    """At 5 hours F1 runs; the order due at 10 goes before F2, due at 12."""
    problem = shop()
    order = RushOrder.copy_of(problem.families[0], "RUSH", 10 * HOUR)
    base, plan = after(problem, order, now=5 * HOUR)
    assert spans(plan.schedule) == {"F0": (0, 4), "F1": (4, 8), "RUSH": (8, 12), "F2": (12, 16)}
    stand = effects(plan.changed, base, plan.schedule)
    assert (stand["RUSH"].before, stand["RUSH"].is_late) == (None, True)
    assert (stand["F2"].was_late, stand["F2"].is_late) == (False, True)


def test_overrun_of_a_running_task_moves_those_behind_it() -> None:
    """F0 takes 3 hours longer; it has begun, so it stays."""
    _, plan = after(shop(), Overrun("F0", 1, 3 * HOUR), now=1 * HOUR)
    assert spans(plan.schedule) == {"F0": (0, 7), "F1": (7, 11), "F2": (11, 15)}


def test_plan_without_events_from_the_middle_on_is_the_old_one() -> None:
    """EDD goes on as it began, and nothing moves."""
    base, plan = after(shop(), now=5 * HOUR)
    assert moves(base, plan.schedule) == []
    assert plan.remaining.num_tasks == 2


def in_shifts() -> Problem:
    """Return three orders of 4 hours on a machine that works Mondays and Wednesdays, 6 to 12."""
    shifts = tuple((day * DAY + 6 * HOUR, day * DAY + 12 * HOUR) for day in (0, 2))
    machine = Machine("M", Calendar("days", 0, shifts))
    return replace(shop(), machines=(machine,), created_at=MONDAY)


def test_overtime_adds_to_the_shifts_of_its_day() -> None:
    """F1 has 2 hours left when Monday's shift ends at 12; 2 hours more and it ends at 14."""
    base, plan = after(in_shifts(), Overtime("M", 12 * HOUR, 14 * HOUR))
    assert spans(base)["F1"] == (10, 48 + 8)
    assert spans(plan.schedule)["F1"] == (10, 14)
    assert spans(plan.schedule)["F2"] == (48 + 6, 48 + 10)
    assert plan.changed.machines[0].calendar is not None
    assert plan.changed.machines[0].calendar.name == "days, M with overtime"


def test_overtime_over_midnight_is_open_on_both_days() -> None:
    """From Monday 22:00 to Tuesday 4:00: F1 goes on at 22 and ends at midnight, F2 at 4."""
    _, plan = after(in_shifts(), Overtime("M", 22 * HOUR, 28 * HOUR))
    assert spans(plan.schedule) == {"F0": (6, 10), "F1": (10, 24), "F2": (24, 28)}


def test_overtime_keeps_what_a_special_day_says() -> None:
    """On a Monday that is open from 0 to 2 only, overtime from 6 to 8 comes on top."""
    problem = in_shifts()
    calendar = problem.machines[0].calendar
    assert calendar is not None
    special = replace(calendar, special_days=(SpecialDay(0, ((0, 2 * HOUR),)),))
    problem = replace(problem, machines=(Machine("M", special),))
    _, plan = after(problem, Overtime("M", 6 * HOUR, 8 * HOUR))
    assert spans(plan.schedule)["F0"] == (0, 8)


def test_lock_whose_machine_goes_down_is_lifted_and_named() -> None:
    """F1 is locked at 4 hours; the machine is down then, so it is planned anew, F0 stays."""
    problem = shop()
    locked = replace(problem.families[1].tasks[0], lock=Lock("M", 4 * HOUR))
    families = (problem.families[0], replace(problem.families[1], tasks=(locked,)))
    problem = replace(problem, families=families)
    _, plan = after(problem, MachineDown("M", 4 * HOUR, 6 * HOUR))
    assert plan.lifted == (("F1", 1),)
    assert spans(plan.schedule) == {"F0": (0, 4), "F1": (6, 10)}


def test_lock_that_an_event_does_not_touch_is_kept() -> None:
    """F2 is locked at 10 hours; the rush order goes around it."""
    problem = shop()
    locked = replace(problem.families[2].tasks[0], lock=Lock("M", 10 * HOUR))
    problem = replace(
        problem, families=(*problem.families[:2], replace(problem.families[2], tasks=(locked,)))
    )
    order = RushOrder.copy_of(problem.families[2], "RUSH", 1 * HOUR)
    _, plan = after(problem, order)
    assert plan.lifted == ()
    assert spans(plan.schedule)["F2"] == (10, 14)
    assert order.tasks[0].lock is None


BAD_EVENTS: list[tuple[Event, str]] = [
    (MachineDown("M", HOUR, 9 * HOUR), "must not begin before 2.0 h, the moment of re-planning"),
    (MachineDown("X", 3 * HOUR, 9 * HOUR), "machine X: must be one of the shop"),
    (Overtime("M", 3 * HOUR, 9 * HOUR), "but this one works round the clock"),
    (Overrun("F0", 7, HOUR), "overrun, F0 step 7: must name a task of the shop"),
    (Overrun("F9", 1, HOUR), "overrun, F9 step 1: must name a task of the shop"),
    (RushOrder("F1", shop().families[0].tasks, DAY), "its name must be new"),
    (RushOrder("R", shop().families[0].tasks, HOUR), "must be due after 2.0 h"),
]


@pytest.mark.parametrize(("event", "sentence"), BAD_EVENTS)
def test_event_that_does_not_fit_the_shop_is_refused(event: Event, sentence: str) -> None:
    """Object, rule, value and the way out in one sentence."""
    with pytest.raises(ConfigError) as caught:
        after(shop(), event, now=2 * HOUR)
    assert sentence in str(caught.value)
    assert "; " in str(caught.value)


def test_overrun_of_a_finished_task_is_refused() -> None:
    """F0 ends at 4 hours; at 5 it is too late for it to overrun."""
    with pytest.raises(ConfigError, match=r"it ended at 4.0 h; pick a task that still runs"):
        after(shop(), Overrun("F0", 1, HOUR), now=5 * HOUR)


def test_overtime_in_a_shift_is_refused() -> None:
    """From 6 to 8 on Monday the machine works anyway."""
    with pytest.raises(ConfigError, match="must add working time"):
        after(in_shifts(), Overtime("M", 6 * HOUR, 8 * HOUR))


def test_moment_behind_the_plan_is_refused() -> None:
    """After 12 hours all is done."""
    with pytest.raises(ConfigError, match=r"the end of the plan, 12\.0 h, got 13\.0 h"):
        after(shop(), now=13 * HOUR)


def test_next_closing_of_a_machine_is_the_end_of_its_shift() -> None:
    """Monday 12:00 to Wednesday 6:00; before the first shift it is closed now."""
    machine = in_shifts().machines[0]
    assert next_closing(machine, 7 * HOUR) == (12 * HOUR, 54 * HOUR)
    assert next_closing(machine, 0) == (0, 6 * HOUR)
    assert next_closing(Machine("A"), 0) is None


def test_summary_counts_moves_late_families_and_what_is_today() -> None:
    """Down for 30 hours from 16:00: F0 and F1 were to start today, F2 at midnight."""
    problem = replace(shop(), created_at=datetime(2025, 8, 4, 16))
    event = MachineDown("M", 0, 30 * HOUR, "repair")
    base, plan = after(problem, event)
    assert summary([event], plan, base, 0) == (
        "M down for 30 h from Mon 04 Aug 16:00 (repair): 3 more late families, 3 tasks move, "
        "2 of them today."
    )


def test_successor_starts_at_the_moment_and_keeps_unknown_fields() -> None:
    """At 5 hours F0 is done, F1 is in progress, and fields of the old file are still there."""
    document = dict(snapshot_from_problem(replace(shop(), created_at=MONDAY)).document)
    document["plant"] = "north"
    document["families"]["F1"]["customer"] = "Ada"  # type: ignore[index]
    document["families"]["F1"]["tasks"][0]["balance"] = 7  # type: ignore[index]
    snapshot = parse_snapshot(encode(document))
    base = edd(snapshot.problem)
    plan = replan(snapshot.problem, base, [MachineDown("M", 9 * HOUR, DAY)], edd, 5 * HOUR)
    made = successor(snapshot, plan, "after")
    assert made.problem == plan.remaining
    assert [family.id for family in made.problem.families] == ["F1", "F2"]
    task = made.problem.families[0].tasks[0]
    assert (task.status, task.lock) == (TaskStatus.IN_PROGRESS, Lock("M", -HOUR))
    assert made.document["plant"] == "north"
    family = made.document["families"]["F1"]  # type: ignore[index]
    assert (family["customer"], family["tasks"][0]["balance"]) == ("Ada", 7)
    rest = edd(made.problem)
    assert validate(made.problem, rest) == []


def test_scenario_file_reads_back_as_it_was() -> None:
    """Every kind of event, to the second."""
    tasks = (Task(3, "cut", ("A", "B"), (5, 7)),)
    events = (
        MachineDown("A", 1, 3601, "drill"),
        Overtime("B", -7, 11),
        RushOrder("R", tasks, 77, 2.5, is_urgent=True, like="F"),
        Overrun("F", 2, 13),
    )
    scenario = Scenario("Friday, *all* of it / ../x", events, 17)
    assert read_scenario(scenario_bytes(scenario)) == scenario


def test_scenario_file_with_faults_names_them_all() -> None:
    """An unknown kind, a text for a number, an end before the start."""
    down = {"kind": "machine_down", "machine": "M", "start": 5, "end": 2}
    late = {"kind": "overrun", "family": "F", "sequence": 1, "extra": "long"}
    events = [{"kind": "fire"}, late, down]
    with pytest.raises(ProblemError) as caught:
        read_scenario(encode({"name": "x", "now": 0, "events": events}))
    places = [fault.place for fault in caught.value.faults]
    assert places == ["events[0].kind", "events[1].extra", "events[2]"]


def test_store_keeps_one_scenario_of_a_name_and_leaves_out_what_is_none(tmp_path: Path) -> None:
    """The second of a name takes the place of the first; a broken file is named."""
    store = Store(tmp_path / "new")
    assert store.scenarios() == ([], [])
    store.keep(Scenario("A", (), 1))
    store.keep(Scenario("B", (), 2))
    store.keep(Scenario("A", (), 3))
    (store.folder / "x.json").write_text("{")
    found, faults = store.scenarios()
    assert sorted((scenario.name, scenario.now) for scenario in found) == [("A", 3), ("B", 2)]
    assert len(faults) == 1
    store.remove("A")
    store.remove("A")
    assert [scenario.name for scenario in store.scenarios()[0]] == ["B"]


def test_family_of_a_rush_order_counts_its_release_from_now() -> None:
    """Flow time of an order is counted from the moment at which it comes in."""
    problem = shop()
    order = RushOrder.copy_of(problem.families[0], "RUSH", DAY, weight=3.0)
    _, plan = after(problem, order, now=5 * HOUR)
    family = plan.changed.families[-1]
    assert isinstance(family, Family)
    assert (family.id, family.release, family.weight) == ("RUSH", 5 * HOUR, 3.0)
