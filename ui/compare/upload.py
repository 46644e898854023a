"""A schedule from a file, such as the plan that the shop uses today."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from scheduler_core.errors import ScheduleFileError
from scheduler_core.schedule import Schedule
from scheduler_core.schedule_file import read_schedule
from scheduler_core.snapshot import decode

MAX_UPLOAD_MB = 64
_MAX_FAULTS = 20
_UPLOADER = "compare_uploader"
_UPLOADED = "compare_uploaded"
_REJECTED = "compare_rejected"


@dataclass(frozen=True, slots=True)
class UploadedSchedule:
    """A schedule file as it was uploaded."""

    name: str
    schedule: Schedule
    sha256: str
    """Hash of the file."""
    snapshot_sha256: str | None
    """Hash of the snapshot that it says it was made for."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that is no schedule file, and a sentence for each fault."""

    name: str
    faults: tuple[str, ...]


def uploaded() -> UploadedSchedule | None:
    """Return the schedule file that was uploaded last, if there is one."""
    return st.session_state.get(_UPLOADED)


def _rejection() -> Rejection | None:
    return st.session_state.get(_REJECTED)


def show_uploader(on_accept: Callable[[], None]) -> None:
    """Draw the uploader of schedule files in a drawer of its own.

    Parameters
    ----------
    on_accept
        Called after a file was read without a fault, in the widget's callback.
    """
    with st.popover("Schedule from a file", icon=":material/upload_file:"):
        st.file_uploader(
            "Schedule file, such as the plan that the shop uses today",
            type=["json"],
            max_upload_size=MAX_UPLOAD_MB,
            key=_UPLOADER,
            on_change=_take,
            args=(on_accept,),
            help="JSON as page Schedule writes it under Downloads: a method, and a list named "
            "schedule with family_id, sequence, process_name, machine, start_time and end_time in "
            "hours from the moment of the snapshot. A plan that breaks rules is shown with them.",
        )


def _take(on_accept: Callable[[], None]) -> None:
    file = st.session_state[_UPLOADER]
    st.session_state.pop(_REJECTED, None)
    if file is None:
        st.session_state.pop(_UPLOADED, None)
        return
    data = file.getvalue()
    try:
        schedule = read_schedule(data)
    except ScheduleFileError as error:
        st.session_state[_REJECTED] = Rejection(file.name, tuple(str(error).splitlines()))
        return
    sha256 = hashlib.sha256(data).hexdigest()
    read = UploadedSchedule(file.name, schedule, sha256, _snapshot_of(data))
    st.session_state[_UPLOADED] = read
    on_accept()


def _snapshot_of(data: bytes) -> str | None:
    """Return which snapshot a schedule file says that it belongs to."""
    document, _ = decode(data, what="a schedule is a JSON object")
    claimed = document.get("snapshot_sha256") if isinstance(document, dict) else None
    return claimed if isinstance(claimed, str) else None


def show_rejection() -> None:
    """Tell what is wrong with the file that was refused, if one was, and the way out."""
    rejected = _rejection()
    if rejected is None:
        return
    with st.container(border=True, key="compare_rejection"):
        st.markdown(
            ":material/report: **This file is no schedule that can be read.** "
            "Correct it and upload it again, or take one from Downloads on page Schedule."
        )
        st.text(rejected.name)
        st.dataframe(
            {"What is wrong": list(rejected.faults[:_MAX_FAULTS])},
            height="content",
            alt="Faults of the uploaded schedule file",
        )
        if len(rejected.faults) > _MAX_FAULTS:
            st.caption(f"And {len(rejected.faults) - _MAX_FAULTS:,} more.")


def warn_of_other_snapshot(sha256: str, file: UploadedSchedule) -> None:
    """Say that an uploaded schedule was made for another snapshot, where it says so itself."""
    if file.snapshot_sha256 in (None, sha256):
        return
    st.warning(
        "The uploaded plan says that it was made for another snapshot. What does not fit this one "
        "is listed below; pick its own snapshot on the left to compare it fairly.",
        icon=":material/warning:",
    )
