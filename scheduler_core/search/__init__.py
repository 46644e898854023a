"""Local search: better schedules for more time."""

from scheduler_core.search.annealing import Annealed, anneal

__all__ = ["Annealed", "anneal"]
