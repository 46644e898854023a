"""All decisions of one schedule of the policy, as they were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from scheduler_core.objective import RewardWeights
from scheduler_core.observation import NUM_CANDIDATE_FEATURES, NUM_CONTEXT_FEATURES
from scheduler_core.policy import PPOScheduler
from scheduler_core.policy.choosing import log_softmax
from scheduler_core.policy.scheduler import step_through
from scheduler_core.problem import Problem
from scheduler_core.rules import ALL_RULES
from scheduler_core.rules.priorities import best_candidate
from scheduler_core.schedule import Schedule
from scheduler_core.simulator import Simulator

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NO_KEYS: Doubles = np.zeros(0)  # random numbers, which only the random rule asks for


@dataclass(frozen=True, slots=True)
class Candidate:
    """A task that could have been next on a machine. Times in seconds."""

    family_id: str
    sequence: int
    process_name: str
    machine: str
    work: int
    """Of this task on this machine."""
    start: int
    """The earliest one."""
    end: int
    due: int
    slack: int
    """Due time less completion of the family if nobody gets in its way from here on."""
    work_left: int
    """Until that completion, from the earliest start on."""
    score: float
    """Logarithm of its probability, up to a constant of the decision."""
    probability: float
    rules: tuple[str, ...]
    """Names of the rules that would take it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A real choice: two or more candidates, of which the policy took one."""

    index: int
    time: int
    """When the deciding machine could start its next task, in seconds."""
    machine: str
    candidates: tuple[Candidate, ...]
    pick: int
    """Position of the one that the policy took."""

    @property
    def taken(self) -> Candidate:
        """The candidate that the policy took."""
        return self.candidates[self.pick]

    @property
    def runner_up(self) -> int:
        """Position of the likeliest candidate that was not taken."""
        others = [at for at in range(len(self.candidates)) if at != self.pick]
        return max(others, key=lambda at: self.candidates[at].probability)

    def pick_of(self, rule: str) -> int:
        """Return the position of the candidate that a rule takes."""
        return next(at for at, one in enumerate(self.candidates) if rule in one.rules)


@dataclass(frozen=True, eq=False)
class Episode:
    """The K decisions of one schedule, with their R candidates one after the other."""

    problem: Problem
    weights: RewardWeights
    schedule: Schedule
    times: Ints
    """(K,) when each decision was made, in seconds."""
    machines: Ints
    """(K,) which machine decided."""
    first: Ints
    """(K + 1,) first candidate of each decision, then R."""
    tasks: Ints
    """(R,) numbered over all families in order."""
    rows: Ints
    """(R, 4) family, machine, and earliest start and end in seconds."""
    work: Doubles
    """(R, 2) seconds of the task there, and of all later tasks of its family."""
    features: Floats
    """(R, NUM_CANDIDATE_FEATURES) what the policy saw of the candidates."""
    contexts: Floats
    """(K, NUM_CONTEXT_FEATURES) what it saw of the shop."""
    scores: Floats
    """(R,) unnormalised log-probabilities."""
    picks: Ints
    """(K,) position of the candidate taken, within its decision."""
    rule_picks: Ints
    """(K, len(ALL_RULES)) position of the candidate that each rule would have taken."""

    def __len__(self) -> int:
        return len(self.picks)

    def span(self, index: int) -> slice:
        """Return where the candidates of a decision lie."""
        return slice(int(self.first[index]), int(self.first[index + 1]))

    def probabilities(self, index: int) -> Doubles:
        """Return the probability of each candidate of a decision, (num_candidates,)."""
        chances: Doubles = np.exp(log_softmax(self.scores[self.span(index)]))
        return chances

    def decision(self, index: int) -> Decision:
        """Return one decision as a planner reads it."""
        here = self.span(index)
        chances = self.probabilities(index).tolist()
        rules: list[list[str]] = [[] for _ in chances]
        for rule, at in zip(ALL_RULES, self.rule_picks[index].tolist(), strict=True):
            rules[at].append(rule)
        candidates = tuple(
            self._candidate(row, chance, tuple(names))
            for row, chance, names in zip(range(here.start, here.stop), chances, rules, strict=True)
        )
        machine = self.problem.machines[int(self.machines[index])].name
        return Decision(index, int(self.times[index]), machine, candidates, int(self.picks[index]))

    def _candidate(self, row: int, probability: float, rules: tuple[str, ...]) -> Candidate:
        number, machine, start, end = self.rows[row].tolist()
        work, later = self.work[row].tolist()
        family = self.problem.families[number]
        before = sum(len(other.tasks) for other in self.problem.families[:number])
        task = family.tasks[int(self.tasks[row]) - before]
        return Candidate(
            family_id=family.id,
            sequence=task.sequence,
            process_name=task.process_name,
            machine=self.problem.machines[machine].name,
            work=round(work),
            start=start,
            end=end,
            due=family.due,
            slack=round(family.due - end - later),
            work_left=round(end - start + later),
            score=float(self.scores[row]),
            probability=probability,
            rules=rules,
        )

    def disagreements(self, rule: str) -> Ints:
        """Return the decisions at which a rule would have taken another candidate, in order."""
        return np.flatnonzero(self.rule_picks[:, ALL_RULES.index(rule)] != self.picks)

    def closest(self) -> Ints:
        """Return all decisions, (K,), by how little separates the two likeliest candidates."""
        margins = np.empty(len(self))
        for index in range(len(self)):
            second, best = np.sort(self.probabilities(index))[-2:]
            margins[index] = best - second
        return np.argsort(margins, kind="stable")

    def steps_of(self, family_id: str) -> list[int]:
        """Return the sequences of a family's tasks, none where there is no such family."""
        families = (family for family in self.problem.families if family.id == family_id)
        return [task.sequence for family in families for task in family.tasks]

    def tasks_decided(self) -> list[tuple[str, int]]:
        """Return the family and sequence of each task that ever was a candidate, in order."""
        asked = set(self.tasks.tolist())
        every = (
            (family.id, task.sequence) for family in self.problem.families for task in family.tasks
        )
        return [task for number, task in enumerate(every) if number in asked]

    def find(self, family_id: str, sequence: int) -> int | None:
        """Return the decision that took a task, or the last one that had it as a candidate.

        None where it never was one: it was the only task that could be next.
        """
        task = self._number(family_id, sequence)
        asked = np.flatnonzero(self.tasks == task)
        if not len(asked):
            return None
        # A task may be sent to another machine first: the last choice of it is the one that counts.
        taken = np.intersect1d(asked, self.first[:-1] + self.picks)
        row = taken[-1] if len(taken) else asked[-1]
        return int(np.searchsorted(self.first, row, side="right")) - 1

    def _number(self, family_id: str, sequence: int) -> int:
        """Return the number of a task over all families, -1 for one that does not exist."""
        number = 0
        for family in self.problem.families:
            for task in family.tasks:
                if family.id == family_id and task.sequence == sequence:
                    return number
                number += 1
        return -1


def walk(policy: PPOScheduler, problem: Problem, weights: RewardWeights) -> Episode:
    """Return every decision of the schedule that `PPOScheduler.schedule` makes."""
    simulator = policy.simulator(problem, weights)
    notes = _Notes(policy, simulator)
    step_through(simulator, notes.prefer)
    return notes.episode(problem, weights)


@dataclass
class _Notes:
    """What is written down of each decision on the way."""

    policy: PPOScheduler
    simulator: Simulator
    times: list[int] = field(default_factory=list)
    machines: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    picks: list[int] = field(default_factory=list)
    contexts: list[Floats] = field(default_factory=list)
    rule_picks: list[list[int]] = field(default_factory=list)
    parts: dict[str, list[npt.NDArray[Any]]] = field(default_factory=dict)

    def prefer(self, candidates: Floats, context: Floats) -> int:
        """Return the policy's choice, and write the decision down."""
        simulator, scores = self.simulator, self.policy.scores(candidates, context)
        pick, here = int(scores.argmax()), simulator.state.envs[0]
        self.times.append(int(here["time"]))
        self.machines.append(int(here["machine"]))
        self.counts.append(len(candidates))
        self.picks.append(pick)
        self.contexts.append(context.copy())
        self.rule_picks.append(self._rule_picks())
        self._keep("scores", scores)
        self._keep("features", candidates.copy())
        self._keep("tasks", simulator.candidate_tasks.copy())
        self._keep("rows", self._rows())
        self._keep("work", self._work())
        return pick

    def _keep(self, name: str, part: npt.NDArray[Any]) -> None:
        self.parts.setdefault(name, []).append(part)

    def _rule_picks(self) -> list[int]:
        """Return where the family that each rule puts first comes first among the candidates."""
        arrays, objective = self.simulator.arrays, self.simulator.objective
        families = self.simulator.candidates.tolist()
        return [
            families.index(
                best_candidate(arrays, objective, self.simulator.state, 0, rule, _NO_KEYS)
            )
            for rule in range(len(ALL_RULES))
        ]

    def _rows(self) -> Ints:
        simulator = self.simulator
        rows = simulator.state.rows[: len(simulator.candidates)]
        machines = simulator.candidate_machines
        return np.column_stack([rows["family"], machines, rows["est"], rows["ect"]])

    def _work(self) -> Doubles:
        arrays, simulator = self.simulator.arrays, self.simulator
        here = arrays.modes["duration"][simulator.candidate_modes]
        return np.column_stack([here, arrays.tasks["after"][simulator.candidate_tasks]])

    def episode(self, problem: Problem, weights: RewardWeights) -> Episode:
        """Return what was written down, at the end."""
        empty = {
            "scores": np.zeros(0, np.float32),
            "features": np.zeros((0, NUM_CANDIDATE_FEATURES), np.float32),
            "tasks": np.zeros(0, np.int64),
            "rows": np.zeros((0, 4), np.int64),
            "work": np.zeros((0, 2)),
        }
        parts = {
            name: np.concatenate([none, *self.parts.get(name, [])]) for name, none in empty.items()
        }
        return Episode(
            problem=problem,
            weights=weights,
            schedule=self.simulator.schedule("ppo"),
            times=np.array(self.times, np.int64),
            machines=np.array(self.machines, np.int64),
            first=np.cumsum([0, *self.counts]),
            contexts=np.array(self.contexts, np.float32).reshape(-1, NUM_CONTEXT_FEATURES),
            picks=np.array(self.picks, np.int64),
            rule_picks=np.array(self.rule_picks, np.int64).reshape(-1, len(ALL_RULES)),
            **parts,
        )
