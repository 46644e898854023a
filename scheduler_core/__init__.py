"""Scheduling of job families on machines: problem, rules, environment, learned dispatcher."""
