"""The command line ``scheduler``: all printing and exit codes live here."""

from scheduler_core.cli.main import main

__all__ = ["main"]
