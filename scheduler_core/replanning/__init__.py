"""What if: events that change a shop, and the plan that answers them.

The old plan ran until a moment; what had started by then stays, and so does what is locked. The
rest is planned anew, by whatever plans: see `replan`.
"""

from scheduler_core.replanning.events import (
    MAX_EXTRA,
    Event,
    MachineDown,
    Overrun,
    Overtime,
    RushOrder,
)
from scheduler_core.replanning.moves import Effect, Move, effects, moves, summary
from scheduler_core.replanning.replan import Planner, Replan, replan
from scheduler_core.replanning.scenario import Scenario, read_scenario, scenario_bytes
from scheduler_core.replanning.situation import Shop, Situation, next_closing
from scheduler_core.replanning.store import Store
from scheduler_core.replanning.successor import successor
from scheduler_core.replanning.words import describe

__all__ = [
    "MAX_EXTRA",
    "Effect",
    "Event",
    "MachineDown",
    "Move",
    "Overrun",
    "Overtime",
    "Planner",
    "Replan",
    "RushOrder",
    "Scenario",
    "Shop",
    "Situation",
    "Store",
    "describe",
    "effects",
    "moves",
    "next_closing",
    "read_scenario",
    "replan",
    "scenario_bytes",
    "successor",
    "summary",
]
