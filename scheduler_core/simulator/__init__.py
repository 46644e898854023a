"""The conflict-set simulator: compiled kernels under a typed Python face."""

from scheduler_core.simulator.arrays import (
    Objective,
    ProblemArrays,
    State,
    empty_state,
    join,
    make_objective,
    to_arrays,
)
from scheduler_core.simulator.kernel import (
    advance,
    bound_score,
    conflict,
    earned_score,
    place,
    reset,
    step_batch,
)
from scheduler_core.simulator.simulator import Simulator, schedule_from

__all__ = [
    "Objective",
    "ProblemArrays",
    "Simulator",
    "State",
    "advance",
    "bound_score",
    "conflict",
    "earned_score",
    "empty_state",
    "join",
    "make_objective",
    "place",
    "reset",
    "schedule_from",
    "step_batch",
    "to_arrays",
]
