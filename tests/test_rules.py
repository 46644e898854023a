"""Each rule decides as its formula says, worked out by hand, and refuses what it cannot mean."""

from __future__ import annotations

import math

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.objective import RewardWeights, score
from scheduler_core.problem import Family, Lock, Machine, Problem, Task, TaskStatus
from scheduler_core.rules import BEST_RULE_DELTAS, RULES, best_rule, dispatch
from scheduler_core.schedule import Schedule
from scheduler_core.validation import validate


def family(
    id: str, due: int, first: int, later: int = 0, *, release: int = 0, weight: float = 1.0,
    urgent: bool = False,
) -> Family:  # fmt: skip
    """Return a family with a task on M1 and, where ``later`` is a time, one on M2."""
    tasks = [Task(1, "first", ("M1",), (first,))]
    if later:
        tasks.append(Task(2, "later", ("M2",), (later,)))
    return Family(id, tuple(tasks), due, release, weight, urgent)


def shop(*families: Family) -> Problem:
    """Return a problem with machines M1 and M2."""
    return Problem(families, (Machine("M1"), Machine("M2")))


def order(schedule: Schedule) -> str:
    """Return the families in order of their start on M1."""
    return " ".join(task.family_id for task in schedule if task.machine == "M1")


@pytest.fixture
def three() -> Problem:
    """Return three families that all want M1 at time zero."""
    return shop(family("X", 100, 10, 60), family("Y", 40, 30), family("Z", 90, 20, 20))


#        X      Y      Z
# p      10     30     20
# later  60     0      20
# R      70     30     40
# D      100    40     90
ORDERS = {
    "fifo": "X Y Z",  # all ready at 0: order in the file
    "edd": "Y Z X",  # 40, 90, 100
    "spt": "X Z Y",  # 10, 20, 30
    "lpt": "Y Z X",
    "mwkr": "X Z Y",  # 70, 40, 30
    "srpt": "Y Z X",
    "cr": "Y X Z",  # t = 0: 100/70, 40/30, 90/40; t = 30: 70/70, -, 60/40
    "mdd": "Y Z X",  # t = 0: 100, 40, 90; t = 30: max(100, 100), -, max(90, 70)
    "slack": "Y X Z",  # t = 0: 30, 10, 50; t = 30: 0, -, 20
    "odd": "X Y Z",  # 100 * 10/70 = 14.3, 40, 90 * 20/40 = 45
    # mean p 20, slack with 1.5 times the later work 0, 10, 40:
    # 1/10 = 0.1, exp(-10/40)/30 = 0.026, exp(-40/40)/20 = 0.018
    # t = 10, mean p 25: -, 1/30 = 0.033, exp(-30/50)/20 = 0.027
    "atc": "X Y Z",
    # slack 30 of 140, 10 of 60, 50 of 80: 0.079, 0.028, 0.019; t = 10: -, 0.033, 0.025
    "covert": "X Y Z",
    # t = 0: 10, 30, 20; t = 10: -, 30, 20 + 60 of X that now wait for M2
    "pt_winq_slack": "X Y Z",
    "feasible_edd": "Y Z X",  # nobody is hopeless: as EDD
}


@pytest.mark.parametrize(("rule", "expected"), ORDERS.items(), ids=ORDERS.keys())
def test_rule_on_three_families_decides_as_by_hand(
    three: Problem, rule: str, expected: str
) -> None:
    """One machine, three candidates, each rule's own order."""
    assert order(dispatch(three, rule)) == expected


def test_rules_are_the_fourteen_and_random() -> None:
    """The names of the command line, all with an order by hand but the random one."""
    assert set(RULES) == {*ORDERS, "random"}
    assert len(RULES) == 15
    assert RULES[-1] == "random"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("edd", "A B"),  # 10, 30
        ("slack", "A B"),  # -40, 10
        ("mdd", "B A"),  # max(10, 50), max(30, 20)
        ("feasible_edd", "B A"),  # A is late whatever happens
    ],
)
def test_rule_with_a_hopeless_family_decides_as_by_hand(rule: str, expected: str) -> None:
    """Some rules run after an order that is lost; others give it up for one that is not."""
    assert order(dispatch(shop(family("A", 10, 50), family("B", 30, 20)), rule)) == expected


def test_fifo_takes_the_first_to_arrive() -> None:
    """Behind a locked task both wait, and the one that came first goes first."""
    lock = Family("L", (Task(1, "lock", ("M1",), (10,), lock=Lock("M1", 0)),), due=0)
    problem = shop(lock, family("A", 0, 5, release=5), family("B", 99, 5, release=3))
    assert order(dispatch(problem, "fifo")) == "L B A"
    assert order(dispatch(problem, "edd")) == "L A B"


def test_odd_counts_the_allowance_from_the_release() -> None:
    """A: 0 + 80 * 10/40 = 20. B: 8 + 12 * 10/10 = 20 with a release, so A by order; C: 19."""
    families = family("A", 80, 10, 30), family("B", 20, 10, release=8), family("C", 19, 10)
    lock = Family("L", (Task(1, "lock", ("M1",), (10,), lock=Lock("M1", 0)),), due=0)
    assert order(dispatch(shop(lock, *families), "odd")) == "L C A B"


@pytest.mark.parametrize("rule", ["atc", "covert"])
def test_weighted_rule_prefers_the_important_family(rule: str) -> None:
    """Of two alike the heavier goes first; urgency counts with its multiplier only."""
    heavy = shop(family("A", 0, 10), family("B", 0, 10, weight=2.0))
    urgent = shop(family("A", 0, 10), family("B", 0, 10, urgent=True))
    assert order(dispatch(heavy, rule)) == "B A"
    assert order(dispatch(urgent, rule)) == "A B"
    assert order(dispatch(urgent, rule, weights=RewardWeights(urgent_multiplier=3.0))) == "B A"


def test_alternative_machines_share_the_work_by_earliest_completion() -> None:
    """Ties go to the machine with less work of its own, then to the first in the problem."""
    either = Task(1, "either", ("M2", "M1"), (10, 10))
    problem = shop(Family("A", (either,), due=0), Family("B", (either,), due=1))
    # A: both machines could finish at 10, M1 is first; B: M2 is free
    assert order(dispatch(problem, "edd")) == "A"
    busy = shop(Family("A", (either,), due=0), family("C", 99, 30))
    # M1 has the 30 s of C to come, so A goes to M2
    assert order(dispatch(busy, "edd")) == "C"


def test_alternative_work_counts_with_its_mean() -> None:
    """A's later task takes (10 + 50) / 2 = 30 on average, more than B's 25 on its only machine."""
    later = Task(2, "either", ("M1", "M2"), (10, 50))
    problem = shop(
        family("B", 99, 10, 25), Family("A", (Task(1, "first", ("M1",), (10,)), later), due=99)
    )
    assert dispatch(problem, "mwkr").tasks[0].family_id == "A"
    assert dispatch(problem, "srpt").tasks[0].family_id == "B"


def test_locked_and_running_tasks_stay_and_others_go_around() -> None:
    """A gap before a lock is used by a task that fits, and only by such a task."""
    running = Task(1, "run", ("M1",), (8,), TaskStatus.IN_PROGRESS, Lock("M1", -3))
    fixed = Task(1, "fix", ("M1",), (10,), lock=Lock("M1", 20))
    problem = shop(
        Family("R", (running,), due=0),
        Family("L", (fixed,), due=0),
        family("big", 1, 16),
        family("small", 2, 15),
    )
    starts = {task.family_id: task.start for task in dispatch(problem, "edd")}
    # free 5 to 20, and from 30: the small one fits exactly
    assert starts == {"R": -3, "small": 5, "L": 20, "big": 30}


def test_random_rule_repeats_its_seed_and_differs_between_seeds() -> None:
    """The seed is all the chance there is; the other rules do not look at it."""
    problem = shop(*(family(f"F{i}", 100 - i, 10) for i in range(12)))
    orders = {seed: order(dispatch(problem, "random", seed=seed)) for seed in range(5)}
    again = {seed: order(dispatch(problem, "random", seed=seed)) for seed in range(5)}
    assert orders == again
    assert len(set(orders.values())) == 5
    assert order(dispatch(problem, "edd", seed=1)) == order(dispatch(problem, "edd", seed=2))


def test_dispatch_says_what_it_made(three: Problem) -> None:
    """A schedule names its rule and seed, and lists its tasks in order of start."""
    schedule = dispatch(three, "atc", seed=7)
    assert (schedule.method, schedule.seed, len(schedule)) == ("atc", 7, 5)
    assert schedule.runtime_seconds >= 0
    starts = [task.start for task in schedule]
    assert starts == sorted(starts)
    assert all(type(task.start) is int and type(task.end) is int for task in schedule)


@pytest.mark.parametrize("rule", RULES)
def test_rule_with_nothing_to_decide_places_what_is_fixed(rule: str) -> None:
    """An empty shop gives an empty schedule, one where all is locked the locks."""
    locked = Family("L", (Task(1, "fix", ("M1",), (10,), lock=Lock("M1", 20)),), due=0)
    assert len(dispatch(shop(), rule)) == 0
    schedule = dispatch(shop(locked), rule, delta=1.0)
    assert [(task.start, task.end) for task in schedule] == [(20, 30)]


@pytest.mark.parametrize("rule", ["EDD", "", "best", "edd "])
def test_dispatch_unknown_rule_is_refused_with_the_known_ones(three: Problem, rule: str) -> None:
    """A misspelt rule gets the list to choose from."""
    with pytest.raises(
        ConfigError, match=r"^rule '.*' is unknown; the rules are fifo, edd, .*random$"
    ):
        dispatch(three, rule)


@pytest.mark.parametrize("delta", [-0.01, 1.01, math.nan, math.inf])
def test_dispatch_delta_outside_its_range_is_refused(three: Problem, delta: float) -> None:
    """Delta is a share, from non-delay to active."""
    with pytest.raises(ConfigError, match=r"^delta: must be between 0 and 1, got "):
        dispatch(three, "edd", delta=delta)


@pytest.mark.parametrize(
    "weights",
    [RewardWeights(), RewardWeights(early_bonus_per_day=0), RewardWeights(late_penalty_per_day=0)],
    ids=["default", "late only", "never late"],
)
def test_best_rule_is_as_good_as_every_rule(three: Problem, weights: RewardWeights) -> None:
    """With hindsight none of the rules beats it, and it is one of them."""
    best = best_rule(three, weights)
    scores = [
        score(three, dispatch(three, rule, delta=delta, weights=weights), weights)
        for rule in RULES[:-1]
        for delta in BEST_RULE_DELTAS
    ]
    assert validate(three, best) == []
    assert score(three, best, weights) == max(scores)
    assert min(scores) < max(scores)
