"""The snapshot on the screen: a sample, or what the planner uploaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path

import streamlit as st

from scheduler_core.errors import Fault, ProblemError
from scheduler_core.export import file_stem
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
from scheduler_core.tabular import (
    TABLE_SUFFIXES,
    is_table,
    read_table,
    table_faults,
    table_xlsx,
    template_csv,
    template_xlsx,
    time_was_assumed,
    with_moment,
)
from ui import home, state
from ui.part import in_place

SAMPLES = home.ROOT / "data"
FIRST_SAMPLE = "100_jobs"
MAX_UPLOAD_MB = MAX_BYTES // 2**20

_LINE = 90  # characters of a fault that a line of the table takes
_TALL_ROW = 62  # pixels: from two lines on, a table breaks them


def sample_names() -> list[str]:
    """Return the names of the samples, such as 60_jobs and 60_shifts, the smallest first."""
    names = [path.stem for path in SAMPLES.glob("*_*.json")]
    return sorted(names, key=lambda name: (len(name.partition("_")[0]), name))


def choose_snapshot() -> Snapshot | None:
    """Draw the picker and the uploader; return the snapshot chosen, None where there is none."""
    state.bring_along(state.SAMPLE)
    options = _options()
    _note_what_is_gone(options)
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
    state.take_along(state.SAMPLE)
    st.file_uploader(
        "Upload a snapshot",
        type=["json", *(suffix.removeprefix(".") for suffix in TABLE_SUFFIXES)],
        max_upload_size=MAX_UPLOAD_MB,
        key=state.UPLOADER,
        on_change=_take_upload,
        help="JSON, or a table as Excel or CSV with a row for each task: family, due date, "
        "sequence, process, hours, machine. Columns are found by name. Begin with a template.",
    )
    snapshot = read(name) if name is not None else None
    _show_templates(snapshot)
    return snapshot


def _note_what_is_gone(options: list[str]) -> None:
    """Say so where the address names a snapshot that is not kept here any more."""
    asked = st.query_params.get(state.SAMPLE)
    if asked and asked not in map(_label, options):
        fault = Fault("address", "names a snapshot that is not kept here; upload it again")
        state.reject_upload(asked, (fault,), "Another snapshot is on the screen instead.")


def _show_templates(snapshot: Snapshot | None) -> None:
    """Draw tables to begin with, and the snapshot on the screen as files to edit."""
    with st.popover("Templates", icon=":material/table:", width="stretch"):
        st.caption("A table to begin with; its sheet Notes explains every column.")
        with st.container(horizontal=True):
            _button("Excel", "template.xlsx", template_xlsx, key="template_xlsx")
            _button("CSV", "template.csv", template_csv, key="template_csv")
        if snapshot is None:
            return
        st.caption("The snapshot on the screen, to change it and upload it again.")
        faults = _table_faults(snapshot.sha256, snapshot)
        stem = file_stem(Path(snapshot.name).stem)
        with st.container(horizontal=True):
            _button(
                "Excel", f"{stem}.xlsx", lambda: table_xlsx(snapshot), key="snapshot_xlsx",
                reason="\n".join(map(str, faults[:3])),
            )  # fmt: skip
            _button("JSON", f"{stem}.json", lambda: snapshot_bytes(snapshot), key="snapshot_json")


def _button(
    label: str, name: str, data: Callable[[], str | bytes], *, key: str, reason: str = ""
) -> None:
    """Draw a button for a file that is made when it is pressed; a reason says why it cannot be."""
    st.download_button(
        label,
        data,
        file_name=name,
        key=key,
        on_click="ignore",
        icon=":material/download:",
        disabled=bool(reason),
        help=reason or None,
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _table_faults(sha256: str, _snapshot: Snapshot) -> tuple[Fault, ...]:  # noqa: ARG001  # contents
    return tuple(table_faults(_snapshot))


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
        if is_table(file.name):
            data = snapshot_bytes(read_table(data, file.name, _today()))
        else:
            parse_snapshot(data, file.name)
    except ProblemError as error:
        state.reject_upload(file.name, error.faults)
        return
    _put(data, file.name)


def _put(data: bytes, name: str) -> None:
    """Keep a snapshot without a fault and put it on the screen."""
    try:
        title = shelf().put(data, name).title
    except OSError as error:
        fault = Fault(
            "workbench", f"cannot keep the file ({error.strerror}); make room on its disk"
        )
        state.reject_upload(name, (fault,))
        return
    state.dismiss_rejection()
    state.add_kept(title)
    select(title)


def _today() -> datetime:
    """Return the midnight that dates count from where a table does not say when it was taken."""
    return datetime.combine(date.today(), time())


def _show_assumption(snapshot: Snapshot) -> None:
    """Tell that time zero was assumed, and let the planner say when the table was taken."""
    zero = snapshot.problem.created_at
    if zero is None or not time_was_assumed(snapshot):
        return
    key = f"taken_at_{snapshot.sha256[:8]}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="assumption"):
        st.markdown(
            ":material/schedule: **The table does not say when it was taken**, so time zero is "
            f"{zero:%A %d %B, %H:%M}. A column *snapshot* would say it.",
            width="stretch",
        )
        st.datetime_input(
            "Taken at",
            zero,
            key=key,
            format="DD/MM/YYYY",
            on_change=_take_moment,
            args=(snapshot, key),
            width=240,
            help="When the table left the system it came from. Schedules begin then.",
        )


def _take_moment(snapshot: Snapshot, key: str) -> None:
    try:
        taken = with_moment(snapshot, st.session_state[key])
    except ProblemError as error:
        state.reject_upload(snapshot.name, error.faults)
        return
    _put(snapshot_bytes(taken), snapshot.name)


@in_place
def show_rejection() -> None:
    """Tell what is wrong with the file that was refused, if one was, and the way out."""
    rejected = state.rejection()
    if rejected is None:
        return
    count = len(rejected.faults)
    with st.container(border=True, key="rejection"):
        st.markdown(
            f":material/report: **This file was not loaded: {count} "
            f"fault{'s' if count != 1 else ''} found.** {rejected.advice}"
        )
        st.text(rejected.name)
        st.dataframe(
            {
                "Place": [fault.place for fault in rejected.faults],
                "What is wrong": [fault.message for fault in rejected.faults],
            },
            column_config={"Place": st.column_config.TextColumn(width="medium")},
            height="content" if count < 7 else 260,
            row_height=_TALL_ROW if any(len(f.message) > _LINE for f in rejected.faults) else None,
            alt="Faults of the uploaded file: the place of each and what is wrong there",
        )
        st.button("Dismiss", on_click=state.dismiss_rejection)


@in_place
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
    _show_assumption(snapshot)


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
