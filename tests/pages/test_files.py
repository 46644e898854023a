"""Files that come in on any page, and what becomes of them after a refresh."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from scheduler_core.snapshot import Shelf, parse_snapshot, snapshot_bytes
from scheduler_core.tabular import template_xlsx
from tests.pages.steps import TIMEOUT, open_page, snapshot, texts
from ui import home, state

HEAD = "family,due date,sequence,process,hours,machine,snapshot\n"
GOOD = HEAD + "A,2025-08-08,1,turn,2,M1,2025-08-06 08:00\nA,2025-08-08,2,mill,3,M2,\n"
BAD = GOOD.replace("2,M1", "-5,M1").replace("mill", "")
UNDATED = GOOD.replace("2025-08-06 08:00", "")


def upload(app: AppTest, name: str, content: str | bytes) -> AppTest:
    """Give a file to the uploader and return the page after it."""
    data = content.encode() if isinstance(content, str) else content
    return app.file_uploader[0].set_value((name, data, "application/octet-stream")).run()


def option(app: AppTest) -> str:
    """Return what the picker of snapshots shows."""
    return str(app.selectbox(key=state.SAMPLE).value)


def test_upload_of_a_table_with_bad_rows_names_them_until_it_is_corrected() -> None:
    """All bad rows at once; the corrected file is on the screen."""
    app = upload(open_page("schedule"), "orders.csv", BAD)
    assert not app.exception
    faults = app.dataframe[0].value
    assert faults["Place"].tolist() == ["row 2, column hours", "row 3, column process"]
    assert "must be > 0 hours, got -5" in faults["What is wrong"][0]
    upload(app, "orders.csv", GOOD)
    assert "This file was not loaded" not in texts(app)
    assert "1 family · 2 tasks · 2 machines" in texts(app)
    assert option(app).startswith("Upload, orders.csv (")


def test_upload_of_the_excel_template_is_scheduled() -> None:
    """Shifts and downtime of its sheets are there."""
    app = upload(open_page("schedule"), "template.xlsx", template_xlsx())
    assert not app.exception
    assert "3 families · 7 tasks · 4 machines, 2 in shifts, 1 with downtime" in texts(app)


def test_upload_is_found_again_by_its_address_alone() -> None:
    """A refresh, a second tab or a restart knows nothing but the address."""
    first = upload(open_page("schedule"), "orders.csv", GOOD)
    again = open_page("schedule", sample=option(first))
    assert not again.exception
    assert option(again) == option(first)
    assert "1 family · 2 tasks · 2 machines" in texts(again)


def test_uploads_of_others_are_not_offered() -> None:
    """A session sees what it uploaded and what its address names."""
    other = upload(open_page("schedule"), "orders.csv", GOOD)
    mine = open_page("schedule")
    assert option(other) not in mine.selectbox(key=state.SAMPLE).options


def test_address_of_an_upload_that_has_gone_says_so() -> None:
    """A sample is shown instead, and the way out is named."""
    app = open_page("schedule", sample="Upload, orders.csv (00000000)")
    assert not app.exception
    assert "Another snapshot is on the screen instead." in texts(app)
    assert "upload it again" in app.dataframe[0].value["What is wrong"][0]
    assert option(app) == "100_jobs"
    app.button[0].click().run()
    assert "This file was not loaded" not in texts(app)


def test_upload_is_called_by_its_name_and_lies_under_its_hash(home: Path) -> None:
    """A name with a path in it leads nowhere."""
    app = upload(open_page("schedule"), "../../evil.json", snapshot())
    assert not app.exception
    assert option(app).startswith("Upload, evil.json (")
    files = [path.name for path in home.rglob("*.json")]
    assert files == [f"{parse_snapshot(snapshot()).sha256}.json"]


def test_table_that_does_not_say_when_it_was_taken_is_dated_by_the_planner() -> None:
    """Midnight of today is assumed and said; another moment gives another snapshot."""
    app = upload(open_page("schedule"), "orders.csv", UNDATED)
    assert not app.exception
    assert "The table does not say when it was taken" in texts(app)
    before = option(app)
    app.datetime_input[0].set_value(datetime(2025, 8, 6, 8)).run()
    assert not app.exception
    assert "taken Wednesday 06 August 2025, 08:00" in texts(app)
    assert "does not say when" not in texts(app)
    assert option(app) != before


def test_snapshot_that_a_page_keeps_is_offered_and_can_be_selected() -> None:
    """What another page made is kept under its name, and is found like an upload."""

    def page() -> None:
        import streamlit as st

        from scheduler_core.snapshot import parse_snapshot
        from tests.pages.steps import snapshot
        from ui import snapshots

        def take() -> None:
            made = parse_snapshot(snapshot(processing_time=7), "M1 down")
            snapshots.select(snapshots.keep(made, "Scenario"))

        st.button("Make", on_click=take)
        chosen = snapshots.choose_snapshot()
        assert chosen is not None
        st.text(f"{chosen.name}: {chosen.problem.num_tasks}")

    app = AppTest.from_function(page, default_timeout=TIMEOUT).run()
    app.button[0].click().run()
    assert not app.exception
    assert option(app).startswith("Scenario, M1 down (")
    assert "M1 down: 1" in texts(app)
    kept = Shelf(home.snapshots()).find(option(app))
    assert kept is not None
    assert snapshot_bytes(kept.read()) == kept.path.read_bytes()


def test_upload_that_cannot_be_kept_is_refused_calmly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full is one sentence, and the screen stays."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    app = open_page("schedule")
    monkeypatch.setattr(Shelf, "put", full)
    upload(app, "orders.csv", GOOD)
    assert not app.exception
    assert "cannot keep the file" in app.dataframe[0].value["What is wrong"][0]


def open_downloads(**query: str) -> AppTest:
    """Return page Schedule with the tab of downloads open."""
    app = open_page("schedule", **query)
    app.session_state[state.TAB] = "Downloads"
    return app.run()


def test_downloads_of_weights_without_a_file_offer_them_with_the_command() -> None:
    """The command to make a schedule again names the file that the button gives."""
    weights = "Custom: 100, 50, -31, 1, 0, -100, 15"
    app = open_downloads(weights=weights)
    assert not app.exception
    assert "--weights weights.yaml" in app.code[0].value
    assert "Reward weights" in [each.label for each in app.get("download_button")]
    preset = open_downloads(weights="Urgent first")
    assert "--weights configs/rewards/urgent_first.yaml" in preset.code[0].value
