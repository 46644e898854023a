"""What tests of pages do again and again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from ui import state

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 120  # the first schedule of a process compiles the simulator


def open_page(name: str, **query: str | list[str]) -> AppTest:
    """Return a page, by the name of its file, on the small sample with two rules, run once."""
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=TIMEOUT)
    choices: dict[str, str | list[str]] = {
        state.SAMPLE: "Sample, 10 families",
        state.METHODS: ["SPT", "EDD"],
    }
    for key, value in (choices | query).items():
        app.query_params[key] = value
    return app.run()


def snapshot(*, shop: Mapping[str, object] | None = None, **fields: object) -> bytes:
    """Return a snapshot file with one family of one task, its fields and the shop's as given."""
    task = {"sequence": 1, "process_name": "P", "processing_time": 5, "assigned_machine": "M1"}
    family = {"lcd_days_remaining": 3, "is_urgent": False, "tasks": [task | fields]}
    document = {
        "metadata": {"created_at": "2025-08-06T08:00:00"},
        "families": {"JOST1": family},
        "machines": ["M1"],
        **(shop or {}),
    }
    return json.dumps(document).encode()


def texts(app: AppTest) -> str:
    """Return all text on a page."""
    return "\n".join(
        str(element.value) for element in [*app.header, *app.markdown, *app.caption, *app.text]
    )


def chart(app: AppTest) -> Any:
    """Return the first figure on a page as Plotly gets it."""
    return json.loads(app.get("plotly_chart")[0].proto.spec)
