"""Each page file is run on its own, in a workbench of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Keep schedules made by one test's stand-ins out of the next test."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _own_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what a page leaves as the main module: processes spawned later would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the app keeps its runs, models and uploads in: an empty one."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("SCHEDULER_HOME", str(folder))
    return folder
