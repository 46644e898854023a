"""Tests: each is an argument."""
