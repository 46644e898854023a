"""The snapshot on the screen: a sample, or what the planner uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from scheduler_core.errors import ProblemError
from scheduler_core.problem import Machine
from scheduler_core.snapshot import Snapshot, parse_snapshot, read_snapshot
from scheduler_core.snapshot.json_text import MAX_BYTES
from ui import home, state

SAMPLES = home.ROOT / "data"
FIRST_SAMPLE = "100_jobs"
UPLOAD = "upload"
MAX_UPLOAD_MB = MAX_BYTES // 2**20


def sample_names() -> list[str]:
    """Return the names of the samples, such as 60_jobs and 60_shifts, the smallest first."""
    names = [path.stem for path in SAMPLES.glob("*_*.json")]
    return sorted(names, key=lambda name: (len(name.partition("_")[0]), name))


def choose_snapshot() -> Snapshot | None:
    """Draw the picker and the uploader; return the snapshot chosen, None where there is none."""
    options = sample_names()
    if state.uploaded() is not None:
        options = [UPLOAD, *options]
    name = st.selectbox(
        "Snapshot",
        options,
        index=options.index(FIRST_SAMPLE) if FIRST_SAMPLE in options else 0,
        format_func=_label,
        key=state.SAMPLE,
        bind="query-params",
        placeholder="Upload a snapshot",
        on_change=state.forget_focus,
    )
    st.file_uploader(
        "Upload a snapshot",
        type=["json"],
        max_upload_size=MAX_UPLOAD_MB,
        key=state.UPLOADER,
        on_change=_take_upload,
        help="A JSON file: families with their due dates and tasks, the machines, and when these "
        "work.",
    )
    if name == UPLOAD:
        return state.uploaded()
    return _sample(name) if name is not None else None


def _label(name: str) -> str:
    uploaded = state.uploaded()
    if name == UPLOAD and uploaded is not None:
        return f"Upload, {uploaded.name}"
    size, _, kind = name.partition("_")
    return f"Sample, {size} families" + (" in shifts" if kind == "shifts" else "")


def _sample(name: str) -> Snapshot | None:
    """Return a sample; one that somebody has damaged is refused as an upload would be."""
    path = SAMPLES / f"{name}.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except ProblemError as error:
        state.reject_upload(path.name, error.faults)
        return None


@st.cache_data(max_entries=8, show_spinner="Reading the snapshot …")
def _read(path: Path, stamp: int) -> Snapshot:  # noqa: ARG001  # a changed file is read anew
    return read_snapshot(path)


def _take_upload() -> None:
    """Read what was uploaded; what is on the screen changes only if it is without a fault."""
    file = st.session_state[state.UPLOADER]
    if file is None:  # the planner removed the file: what was read from it stays
        state.dismiss_rejection()
        return
    try:
        snapshot = parse_snapshot(file.getvalue(), file.name)
    except ProblemError as error:
        state.reject_upload(file.name, error.faults)
        return
    state.accept_upload(snapshot)
    state.choose_sample(UPLOAD)


def show_rejection() -> None:
    """Tell what is wrong with the file that was refused, if one was, and the way out."""
    rejected = state.rejection()
    if rejected is None:
        return
    count = len(rejected.faults)
    with st.container(border=True, key="rejection"):
        st.markdown(
            f":material/report: **This file was not loaded: {count} "
            f"fault{'s' if count != 1 else ''} found.** "
            "The schedule on the screen is still the one from before. "
            "Correct the file and upload it again."
        )
        st.text(rejected.name)
        st.dataframe(
            {
                "Place": [fault.place for fault in rejected.faults],
                "What is wrong": [fault.message for fault in rejected.faults],
            },
            column_config={"Place": st.column_config.TextColumn(width="medium")},
            height="content" if count < 7 else 260,
            alt="Faults of the uploaded file: the place of each and what is wrong there",
        )
        st.button("Dismiss", on_click=state.dismiss_rejection)


def show_title(title: str, snapshot: Snapshot) -> None:
    """Draw a page's title with what the snapshot holds, in one line."""
    problem = snapshot.problem
    facts = [
        _count(len(problem.families), "family", "families"),
        _count(problem.num_tasks, "task", "tasks"),
        _machines(problem.machines),
    ]
    if problem.created_at is not None:
        facts.append(f"taken {problem.created_at:%A %d %B %Y, %H:%M}")
    with st.container(horizontal=True, vertical_alignment="bottom", key="title"):
        st.header(title, anchor=False, width="content")
        st.caption(" · ".join(facts))


def _machines(machines: Sequence[Machine]) -> str:
    """Return how many machines there are, and how many of them do not work all the time."""
    in_shifts = sum(machine.calendar is not None for machine in machines)
    down = sum(bool(machine.downtime) for machine in machines)
    facts = [_count(len(machines), "machine", "machines")]
    if in_shifts:
        facts.append(f"{in_shifts:,} in shifts")
    if down:
        facts.append(f"{down:,} with downtime")
    return ", ".join(facts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
