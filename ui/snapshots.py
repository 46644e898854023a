"""The snapshot on the screen: a sample, or what the planner uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from scheduler_core.errors import ProblemError
from scheduler_core.problem import Machine
from scheduler_core.snapshot import (
    Kept,
    Shelf,
    Snapshot,
    parse_snapshot,
    read_snapshot,
    snapshot_bytes,
)
from scheduler_core.snapshot.json_text import MAX_BYTES
from ui import home, state

SAMPLES = home.ROOT / "data"
FIRST_SAMPLE = "100_jobs"
MAX_UPLOAD_MB = MAX_BYTES // 2**20


def sample_names() -> list[str]:
    """Return the names of the samples, such as 60_jobs and 60_shifts, the smallest first."""
    names = [path.stem for path in SAMPLES.glob("*_*.json")]
    return sorted(names, key=lambda name: (len(name.partition("_")[0]), name))


def choose_snapshot() -> Snapshot | None:
    """Draw the picker and the uploader; return the snapshot chosen, None where there is none."""
    options = _options()
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
    return read(name) if name is not None else None


def _options() -> list[str]:
    """Return what the picker offers: what this session has, what the address names, samples."""
    options = [title for title in state.kept() if shelf().find(title)]
    for title in (st.session_state.get(state.SAMPLE), st.query_params.get(state.SAMPLE)):
        if title and title not in options and shelf().find(title):
            options.append(title)
    return [*options, *sample_names()]


def _label(name: str) -> str:
    if name not in sample_names():
        return name
    size, _, kind = name.partition("_")
    return f"Sample, {size} families" + (" in shifts" if kind == "shifts" else "")


def shelf() -> Shelf:
    """Return the snapshots that were uploaded or made here, by anybody."""
    return Shelf(home.snapshots())


def keep(snapshot: Snapshot, kind: str = "Upload") -> str:
    """Keep a snapshot, offer it in the picker of this session, and return its option there.

    The option alone finds it again, in an address, another session or after a restart.

    Parameters
    ----------
    snapshot
        Its document is kept; its name is what people will read.
    kind
        What it is, one capitalised word, such as Scenario.
    """
    title = shelf().put(snapshot_bytes(snapshot), snapshot.name, kind).title
    state.add_kept(title)
    return title


def select(option: str) -> None:
    """Put a snapshot on the screen; call it from a callback, before the picker is drawn."""
    state.choose_sample(option)


def read(option: str) -> Snapshot | None:
    """Return the snapshot of an option; one that cannot be read is refused as an upload is."""
    kept = shelf().find(option)
    try:
        if kept is not None:
            return _read_kept(kept.sha256, kept.title, kept)
        path = SAMPLES / f"{option}.json"
        return _read(path, path.stat().st_mtime_ns)
    except ProblemError as error:
        state.reject_upload(option, error.faults)
        return None


# Not st.cache_data: to copy a large snapshot out of that on every click takes long, and nobody
# changes one.
@st.cache_resource(max_entries=8, show_spinner="Reading the snapshot …")
def _read(path: Path, stamp: int) -> Snapshot:  # noqa: ARG001  # a changed file is read anew
    return read_snapshot(path)


@st.cache_resource(max_entries=8, show_spinner="Reading the snapshot …")
def _read_kept(sha256: str, title: str, _kept: Kept) -> Snapshot:  # noqa: ARG001  # its contents
    return _kept.read()


def _take_upload() -> None:
    """Read what was uploaded; what is on the screen changes only if it is without a fault."""
    file = st.session_state[state.UPLOADER]
    if file is None:  # the planner removed the file: what was read from it stays
        state.dismiss_rejection()
        return
    data = file.getvalue()
    try:
        parse_snapshot(data, file.name)
    except ProblemError as error:
        state.reject_upload(file.name, error.faults)
        return
    state.dismiss_rejection()
    title = shelf().put(data, file.name).title
    state.add_kept(title)
    select(title)


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
