"""Which process is which: a number alone is given to another process once its own has ended."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

NICENESS = 10
"""How far training stands back: against the app it gets a tenth of a core that both want."""


def born(pid: int) -> str | None:
    """Return when a process began, as text to compare; None where there is no such process.

    Two processes of one number never have the same. A process that has ended and that its parent
    has not taken note of is none.
    """
    if os.name != "posix":
        return None
    try:
        # The name in parentheses may hold anything; state and start are numbers 1 and 20 behind it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _born_by_ps(pid)
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _born_by_ps(pid: int) -> str | None:
    """Return the same where there is no /proc, as on macOS."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    state, _, start = found.stdout.strip().partition(" ")
    return start.strip() or None if not state.startswith("Z") else None


def stand_back(pid: int) -> None:
    """Let a process, and all that it starts, have less of the processor than others, if it can."""
    with suppress(OSError, AttributeError):  # not on Windows
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    # Linux shares the processor among sessions first, and this process leads one of its own.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS))


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a process and its group, or to it alone where another leads the group."""
    with suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
