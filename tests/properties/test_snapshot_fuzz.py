"""Whatever the bytes of a snapshot file, it loads or it names its faults."""

from __future__ import annotations

import copy
import json
import traceback
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.errors import ProblemError
from scheduler_core.snapshot import (
    Snapshot,
    parse_snapshot,
    snapshot_bytes,
)
from scheduler_core.snapshot.calendars import WEEKDAYS
from tests.snapshots.documents import (
    DAYS,
    DELETED,
    OTHER,
    SECOND,
    TASK,
    Path_,
    changed,
    lock,
)


def load_or_refuse(data: bytes) -> Snapshot | None:
    """Return a snapshot, or None with faults that say something; anything else is an error."""
    try:
        return parse_snapshot(data)
    except ProblemError as error:
        refusal = error
    assert refusal.faults
    assert all(fault.place and fault.message for fault in refusal.faults)
    assert str(refusal).encode()  # can be printed: no lone surrogate of the file is in it
    # The reader said so itself: it leaves the parts of a problem, and the problem, none to find.
    raised_in = Path(traceback.extract_tb(refusal.__traceback__)[-1].filename)
    assert raised_in.parent.name == "snapshot"
    return None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["PP09", "2025-08-06T08:00:00Z", "9999-12-31", "0001-01-01", 1e308, 10**299])
    | st.sampled_from(["*", "day", "00:00", "06:00", "24:00", "23:59:59", 1, 12.5, -3, 99_999]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths(value: Any, path: Path_ = ()) -> list[Path_]:
    """Return the paths of all values in a document but itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in items if isinstance(value, dict | list) else ():
        found += [
            (*path, key),
            *(paths(item, (*path, key)) if isinstance(item, dict | list) else []),
        ]
    return found


RICH = changed(
    ((*TASK, "capable_machines"), {"PP09": 75.48, "WH01A-PK": 80}),
    ((*TASK, "status"), "in_progress"),
    ((*TASK, "locked"), lock(-10)),
    ((*SECOND, "locked"), lock(150, "WH01A-PK")),
    ((*OTHER, "capable_machines"), ["WH01A-PK", "PP09"]),
    (("families", "JOST2", "weight"), 2),
    (("families", "JOST2", "material_arrival"), "2025-08-09"),
    (
        ("calendars",),
        {
            "day": {
                "shifts": DAYS,
                "exceptions": {"2025-08-20": [], "2025-08-21": [["08:00", "12:00"]]},
            },
            "week": {"shifts": {"sunday": [["22:00", "06:00"]], "tuesday": [["06:00", "22:00"]]}},
        },
    ),
    (("machine_calendars",), {"PP09": "day", "*": "week"}),
    (
        ("downtime",),
        [
            {"machine": "PP09", "start": 1, "end": 2, "reason": "repair"},
            {"machine": "WH01A-PK", "start": 200, "end": 300.5},
        ],
    ),
)


TIMES = ("00:00", "06:00", "14:00", "22:00", "24:00")
DAY = st.lists(
    st.tuples(st.sampled_from(TIMES[:-1]), st.sampled_from(TIMES)).filter(
        lambda shift: shift[0] != shift[1]
    ),
    max_size=2,
)
DATES = [(date(2025, 8, 2) + timedelta(days=day)).isoformat() for day in range(12)]
CALENDAR = st.fixed_dictionaries(
    {"shifts": st.dictionaries(st.sampled_from(WEEKDAYS), DAY, min_size=2)},
    optional={"exceptions": st.dictionaries(st.sampled_from(DATES), DAY, max_size=3)},
)
STRETCH = st.builds(
    lambda machine, start, length: {"machine": machine, "start": start, "end": start + length},
    st.sampled_from(["PP09", "WH01A-PK"]),
    st.integers(-10, 60),
    st.integers(1, 12),
)
SHOPS = st.builds(
    lambda calendars, machines, downtime, time, status, starts: changed(
        (("calendars",), calendars),
        (("machine_calendars",), machines),
        (("downtime",), downtime),
        ((*TASK, "processing_time"), time),
        ((*TASK, "status"), status),
        ((*TASK, "locked"), lock(starts[0] if status == "pending" else -starts[0])),
        ((*SECOND, "locked"), starts[1] and lock(starts[1], "WH01A-PK")),
        ((*OTHER, "capable_machines"), ["WH01A-PK", "PP09"]),
        ((*OTHER, "locked"), starts[2] and lock(starts[2], "WH01A-PK")),
    ),
    st.fixed_dictionaries({"a": CALENDAR, "b": CALENDAR}),
    st.dictionaries(st.sampled_from(["*", "PP09"]), st.sampled_from(["a", "b", None])),
    st.lists(STRETCH, max_size=3),
    st.integers(1, 20),
    st.sampled_from(["pending", "in_progress"]),
    st.tuples(st.integers(0, 24), st.none() | st.integers(1, 60), st.none() | st.integers(1, 60)),
)
"""Shops in which each field is right by itself; locks and working time may contradict."""


def assert_reads_back(snapshot: Snapshot | None) -> None:
    """Check that what loaded, if it did, is the same when it is written and read again."""
    if snapshot is not None:
        assert parse_snapshot(snapshot_bytes(snapshot)).problem == snapshot.problem


@given(st.binary(max_size=60))
def test_parse_any_bytes_loads_or_names_faults(data: bytes) -> None:
    """No bytes crash the door."""
    assert load_or_refuse(data) is None


@given(JSON)
def test_parse_any_json_loads_or_names_faults(value: object) -> None:
    """No JSON value crashes it, surrogates, infinities and huge numbers included."""
    assert load_or_refuse(json.dumps(value).encode()) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(paths(RICH)), JSON | st.just(DELETED)), min_size=1, max_size=3
    )
)
def test_parse_mutated_document_loads_or_names_faults(changes: list[tuple[Path_, Any]]) -> None:
    """Whatever stands in a place of a good file, the file loads or says what is wrong with it."""
    document = copy.deepcopy(RICH)
    for path, value in changes:
        holder: Any = document
        for key in path[:-1]:
            holder = holder[key] if step_exists(holder, key) else {}
        if step_exists(holder, path[-1]):
            put(holder, path[-1], value)

    assert_reads_back(load_or_refuse(json.dumps(document).encode()))


def step_exists(holder: object, key: Any) -> bool:
    """Return whether an earlier change has left a holder with that key."""
    if isinstance(holder, list):
        return isinstance(key, int) and key < len(holder)
    return isinstance(holder, dict) and key in holder


def put(holder: Any, key: Any, value: object) -> None:
    """Set or delete."""
    if value is DELETED:
        del holder[key]
    else:
        holder[key] = value


def test_rich_document_loads() -> None:
    """Else the mutations of it would test little."""
    assert load_or_refuse(json.dumps(RICH).encode()) is not None


@given(SHOPS)
def test_parse_shop_with_working_time_loads_or_names_contradictions(shop: dict[str, Any]) -> None:
    """Whatever the calendars, downtime and locks, what loads is a problem and reads back."""
    assert_reads_back(load_or_refuse(json.dumps(shop).encode()))


@given(st.data())
def test_parse_damaged_text_loads_or_names_faults(data: st.DataObject) -> None:
    """A file with a few bytes cut out, or put in, never crashes the door."""
    whole = json.dumps(RICH).encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 20)))
    piece = data.draw(
        st.sampled_from([b"", b"NaN", b"-", b'"', b"[", b"}", b"1e999", b"\xff", b"\\u"])
    )

    assert_reads_back(load_or_refuse(whole[:start] + piece + whole[end:]))
