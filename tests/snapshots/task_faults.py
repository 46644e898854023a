"""Faults of single tasks and of their locks: what to change, then place and message."""

from __future__ import annotations

from typing import Any

from tests.snapshots.documents import (
    DELETED,
    OTHER,
    SECOND,
    T0,
    T1,
    TASK,
    Path_,
    lock,
)

TASK_FAULTS: dict[str, tuple[list[tuple[Path_, Any]], str, str]] = {
    "task a text": ([(TASK, "CP08")], T0, "must be an object with sequence, process_name, process"),
    "sequence missing": ([((*TASK, "sequence"), DELETED)], f"{T0}.sequence", "is missing; it must"),
    "sequence a fraction": (
        [((*TASK, "sequence"), 1.5)],
        f"{T0}.sequence",
        "must be a whole number, got 1.5",
    ),
    "sequence huge": (
        [((*TASK, "sequence"), 10**12)],
        f"{T0}.sequence",
        "must be between -1000000000 and 1000000000, got 1000000000000",
    ),
    "sequence twice": (
        [((*SECOND, "sequence"), 1)],
        f"{T1}.sequence",
        f"must be distinct in the family, got 1 again after {T0}",
    ),
    "process missing": ([((*TASK, "process_name"), DELETED)], f"{T0}.process_name", "is missing"),
    "process empty": ([((*TASK, "process_name"), "")], f"{T0}.process_name", "an empty name"),
    "time missing": (
        [((*TASK, "processing_time"), DELETED)],
        f"{T0}.processing_time",
        "is missing; it must be a number of hours",
    ),
    "time null": ([((*TASK, "processing_time"), None)], f"{T0}.processing_time", "hours, got null"),
    "time negative": (
        [((*TASK, "processing_time"), -5)],
        f"{T0}.processing_time",
        "must be > 0 hours, got -5",
    ),
    "time zero": (
        [((*TASK, "processing_time"), 0)],
        f"{T0}.processing_time",
        "must be > 0 hours, got 0",
    ),
    "time under a second": (
        [((*TASK, "processing_time"), 1e-5)],
        f"{T0}.processing_time",
        "must be at least one second (0.00028 hours), got 1e-05",
    ),
    "time absurd": (
        [((*TASK, "processing_time"), 271_728)],
        f"{T0}.processing_time",
        "must be <= 100000 hours, got 271728; is it in seconds?",
    ),
    "time a boolean": (
        [((*TASK, "processing_time"), True)],
        f"{T0}.processing_time",
        "must be a number of hours, got true",
    ),
    "time a text": (
        [((*TASK, "processing_time"), "75.48")],
        f"{T0}.processing_time",
        'must be a number of hours, got "75.48"; remove the quotes',
    ),
    "machine unknown": (
        [((*TASK, "assigned_machine"), "PP10")],
        f"{T0}.assigned_machine",
        'must be a name in machines, got "PP10"',
    ),
    "machine missing": (
        [((*TASK, "assigned_machine"), DELETED)],
        f"{T0}.assigned_machine",
        "is missing; it must be the name of a machine; null for any machine",
    ),
    "machine a list": (
        [((*TASK, "assigned_machine"), ["PP09"])],
        f"{T0}.assigned_machine",
        "must be the name of a machine, got a list of 1",
    ),
    "capable a text": (
        [((*TASK, "capable_machines"), "PP09")],
        f"{T0}.capable_machines",
        "must be a list of machines or an object of their hours",
    ),
    "capable empty": (
        [((*TASK, "capable_machines"), [])],
        f"{T0}.capable_machines",
        "must name at least one machine, got an empty list",
    ),
    "capable empty object": (
        [((*TASK, "capable_machines"), {})],
        f"{T0}.capable_machines",
        "must name at least one machine, got an empty object",
    ),
    "capable twice": (
        [((*TASK, "capable_machines"), ["PP09", "PP09"])],
        f"{T0}.capable_machines[1]",
        'names "PP09" a second time',
    ),
    "capable unknown": (
        [((*TASK, "capable_machines"), ["PP09", "PP10"])],
        f"{T0}.capable_machines[1]",
        'must be a name in machines, got "PP10"',
    ),
    "capable hours negative": (
        [((*TASK, "capable_machines"), {"PP09": -1})],
        f"{T0}.capable_machines.PP09",
        "must be > 0 hours, got -1",
    ),
    "assigned not capable": (
        [((*TASK, "capable_machines"), ["WH01A-PK"])],
        f"{T0}.assigned_machine",
        'must be one of the task\'s capable_machines or null, got "PP09"',
    ),
    "status unknown": (
        [((*TASK, "status"), "paused")],
        f"{T0}.status",
        'must be one of pending, in_progress, done, got "paused"',
    ),
    "running without lock": (
        [((*TASK, "status"), "in_progress")],
        f"{T0}.locked",
        "is missing, but the task is in progress; give its machine and start",
    ),
    "running starts later": (
        [((*TASK, "status"), "in_progress"), ((*TASK, "locked"), lock(1))],
        f"{T0}.locked.start",
        "must be <= 0 hours for a task in progress, got 1",
    ),
    "running but over": (
        [((*TASK, "status"), "in_progress"), ((*TASK, "locked"), lock(-80))],
        T0,
        "is in progress but would have ended at -4.52 hours, not after time zero; set its status",
    ),
    "lock a boolean": (
        [((*TASK, "locked"), True)],
        f"{T0}.locked",
        "an object with machine and st",
    ),
    "lock without machine": (
        [((*TASK, "locked"), {"start": 0})],
        f"{T0}.locked.machine",
        "missing",
    ),
    "lock without start": (
        [((*TASK, "locked"), {"machine": "PP09"})],
        f"{T0}.locked.start",
        "is missing; it must be a number of hours",
    ),
    "lock on an unknown machine": (
        [((*TASK, "locked"), lock(0, "PP10"))],
        f"{T0}.locked.machine",
        'must be a name in machines, got "PP10"',
    ),
    "lock on an incapable machine": (
        [((*TASK, "locked"), lock(0, "WH01A-PK"))],
        f"{T0}.locked.machine",
        'must be a machine that can do the task, got "WH01A-PK"',
    ),
    "lock before time zero": (
        [((*TASK, "locked"), lock(-1))],
        f"{T0}.locked.start",
        "must be >= 0 hours for a pending task, got -1; is its status in_progress?",
    ),
    "lock far away": (
        [((*TASK, "locked"), lock(1e9))],
        f"{T0}.locked.start",
        "must be between -100000 and 100000 hours",
    ),
    "lock after an open task": (
        [((*SECOND, "locked"), lock(100))],
        f"{T1}.locked",
        "needs the task before it (sequence 1) to be locked, in progress or done too",
    ),
    "lock before its predecessor ends": (
        [((*TASK, "locked"), lock(0)), ((*SECOND, "locked"), lock(75, "WH01A-PK"))],
        f"{T1}.locked.start",
        "must be >= 75.48 hours, when the locked task before it (sequence 1) ends, got 75",
    ),
    "locks overlap": (
        [
            ((*TASK, "locked"), lock(0)),
            ((*OTHER, "assigned_machine"), "PP09"),
            ((*OTHER, "locked"), lock(75)),
        ],
        "families.JOST2.tasks[0].locked",
        f'overlaps {T0} on machine "PP09": it starts at 75 hours, that one ends at 75.48',
    ),
}
