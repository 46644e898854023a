"""Scheduling of job families on machines: problem, rules, environment, learned dispatcher."""

import gymnasium

gymnasium.register(
    id="scheduler_core/Scheduling-v1", entry_point="scheduler_core.env:SchedulingEnv"
)
