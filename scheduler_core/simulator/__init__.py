"""The conflict-set simulator: compiled kernels under a typed Python face."""

from scheduler_core.simulator.arrays import (
    Objective,
    ProblemArrays,
    State,
    empty_state,
    make_objective,
)
from scheduler_core.simulator.batch import Batch
from scheduler_core.simulator.building import join, to_arrays
from scheduler_core.simulator.kernel import (
    advance,
    bound_score,
    conflict,
    earned_score,
    place,
    place_inline,
    reset,
    take,
)
from scheduler_core.simulator.simulator import Simulator, check_delta, schedule_from

__all__ = [
    "Batch",
    "Objective",
    "ProblemArrays",
    "Simulator",
    "State",
    "advance",
    "bound_score",
    "check_delta",
    "conflict",
    "earned_score",
    "empty_state",
    "join",
    "make_objective",
    "place",
    "place_inline",
    "reset",
    "schedule_from",
    "take",
    "to_arrays",
]
