"""Faults of a document outside its tasks: what to change, then place and message."""

from __future__ import annotations

from typing import Any

from tests.snapshots.documents import (
    DELETED,
    FAMILY,
    GOOD,
    T0,
    TASK,
    Path_,
)

SHOP_FAULTS: dict[str, tuple[list[tuple[Path_, Any]], str, str]] = {
    "families missing": (
        [(("families",), DELETED)],
        "families",
        "is missing; it must be an object",
    ),
    "families a list": (
        [(("families",), [1])],
        "families",
        "must be an object of family id to fam",
    ),
    "machines missing": ([(("machines",), DELETED)], "machines", "is missing; it must be a list"),
    "machines an object": ([(("machines",), {"M": 1})], "machines", "must be a list of names, got"),
    "no machines": ([(("machines",), [])], "machines", "needs at least one machine, got an empty"),
    "machine a number": (
        [(("machines",), ["PP09", "WH01A-PK", 7])],
        "machines[2]",
        "must be the name of a machine, got 7",
    ),
    "machine blank": ([(("machines",), ["PP09", "WH01A-PK", " "])], "machines[2]", "an empty name"),
    "machine twice": (
        [(("machines",), ["PP09", "WH01A-PK", "PP09"])],
        "machines[2]",
        'must be distinct, got "PP09" again',
    ),
    "name too long": (
        [((*TASK, "process_name"), "x" * 201)],
        f"{T0}.process_name",
        "must have at most 200 characters, got 201",
    ),
    "metadata a list": ([(("metadata",), [])], "metadata", "must be an object, got an empty list"),
    "created_at missing": (
        [(("metadata", "created_at"), DELETED)],
        "metadata.created_at",
        "is missing, but families.JOST1.material_arrival and 1 more must be counted from it; give",
    ),
    "metadata missing": (
        [(("metadata",), DELETED)],
        "metadata.created_at",
        "is missing, but families.JOST1.material_arrival and 1 more",
    ),
    "created_at bad": (
        [(("metadata", "created_at"), "6 August")],
        "metadata.created_at",
        'must be a date such as 2025-08-15, got "6 August"',
    ),
    "created_at a number": ([(("metadata", "created_at"), 5)], "metadata.created_at", "got 5"),
    "created_at ancient": (
        [(("metadata", "created_at"), "0001-01-01")],
        "metadata.created_at",
        "must be from 1970 to 2199",
    ),
    "family a list": ([(("families", "JOST1"), [])], FAMILY, "must be an object with a due date"),
    "family without a name": (
        [(("families", ""), GOOD["families"]["JOST2"])],
        'families[""]',
        'must not be an empty name, got ""',
    ),
    "no due date": (
        [(("families", "JOST2", "lcd_date"), DELETED)],
        "families.JOST2",
        "has no due date; give lcd_days_remaining or lcd_date",
    ),
    "bad date": (
        [(("families", "JOST1", "lcd_date"), "2025-13-01")],
        f"{FAMILY}.lcd_date",
        'must be a date such as 2025-08-15, got "2025-13-01"',
    ),
    "date a number": (
        [(("families", "JOST2", "lcd_date"), 20250807)],
        "families.JOST2.lcd_date",
        "",
    ),
    "date out of reach": (
        [(("families", "JOST2", "lcd_date"), "9999-12-31")],
        "families.JOST2.lcd_date",
        "must be within 36500 days of metadata.created_at, got 9999-12-31",
    ),
    "zone on one side": (
        [(("families", "JOST2", "lcd_date"), "2025-08-07T12:00:00+02:00")],
        "families.JOST2.lcd_date",
        "has a time zone, but metadata.created_at has none; give a zone to both or to none",
    ),
    "days a text": (
        [(("families", "JOST1", "lcd_days_remaining"), "9")],
        f"{FAMILY}.lcd_days_remaining",
        'must be a number of days, got "9"; remove the quotes',
    ),
    "days too many": (
        [(("families", "JOST1", "lcd_days_remaining"), -40_000)],
        f"{FAMILY}.lcd_days_remaining",
        "must be between -36500 and 36500 days, got -40000",
    ),
    "arrival bad": (
        [(("families", "JOST1", "material_arrival"), "soon")],
        f"{FAMILY}.material_arrival",
        'must be a date such as 2025-08-15, got "soon"',
    ),
    "urgent a number": (
        [(("families", "JOST1", "is_urgent"), 1)],
        f"{FAMILY}.is_urgent",
        "must be true or false, got 1",
    ),
    "weight zero": (
        [(("families", "JOST1", "weight"), 0)],
        f"{FAMILY}.weight",
        "must be > 0, from 1e-06 to 1e+06, got 0",
    ),
    "weight a boolean": (
        [(("families", "JOST1", "weight"), True)],
        f"{FAMILY}.weight",
        "must be a number, got true",
    ),
    "tasks missing": (
        [(("families", "JOST1", "tasks"), DELETED)],
        f"{FAMILY}.tasks",
        "is missing; it must be a list of tasks",
    ),
    "tasks an object": (
        [(("families", "JOST1", "tasks"), {})],
        f"{FAMILY}.tasks",
        "a list of tasks",
    ),
    "empty family": (
        [(("families", "JOST1", "tasks"), [])],
        f"{FAMILY}.tasks",
        "needs at least one task, got an empty list; remove the family",
    ),
}
