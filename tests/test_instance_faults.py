"""A faulty instance file says what is wrong with it, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler_core import instances
from scheduler_core.errors import ProblemError
from scheduler_core.instances import Form, parse_instance, read_instance
from tests.test_instances import FILES, FLEXIBLE, FOLDER, KNOWN, STANDARD, TAILLARD


def refusal(data: bytes, name: str = "instance.jsp", form: Form | None = None) -> ProblemError:
    """Return the error that an instance is refused with."""
    with pytest.raises(ProblemError) as error:
        parse_instance(data, name, form)
    return error.value


# (name, text, place, part of the message)
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "empty": ("x.jsp", "", "file", "is empty; an instance begins with the numbers of jobs"),
    "comments only": ("x.fjs", "# nothing\n\n#\n", "file", "is empty"),
    "sizes, one number": (
        "x.jsp", "6\n", "line 1", "must be 2 numbers, the first two of jobs and of machines, got 1",
    ),
    "sizes, too many": (
        "x.fjs", "1 1 1 1\n1 1 1 1\n", "line 1", "must be 2 to 3 numbers, .* got 4 numbers; is it",
    ),
    "sizes, words": ("x.jsp", "six 6\n", "line 1", 'number of jobs must be a whole .*"six"'),
    "no jobs": ("x.jsp", "0 3\n", "line 1", r"number of jobs must be from 1 to \d+, got 0"),
    "no machines": ("x.jsp", "3 -3\n", "line 1", "number of machines must be from 1 .* got -3"),
    "average, a word": ("x.fjs", "2 3 x\n", "line 1", 'must be numbers only, got "x"'),
    "sizes, huge": ("x.jsp", "20000 10000\n", "line 1", r"at most \d+ operations, got 20000 x"),
    "sizes, endless": ("x.jsp", "9" * 5000 + " 1\n", "line 1", "number of jobs must be a whole"),
    "row missing": (
        "x.jsp", "3 3\n1 6 2 7 0 5\n0 1 1 2 2 3\n", "file", "must have 3 rows, .* got 2; is it cut",
    ),
    "row too many": (
        "x.jsp", "1 3\n1 6 2 7 0 5\n0 1 1 2 2 3\n", "line 3", "must be the end after 1 jobs, got",
    ),
    "number missing": (
        "x.jsp", "2 3\n1 6 2 7 0 5\n0 1 1 2 2\n", r"job 2 \(line 3\)",
        "must be 6 numbers, a machine and a time for each of 3 operations, got 5",
    ),
    "number too many": (
        "x.jsp", "2 3\n1 6 2 7 0 5 9\n0 1 1 2 2 3\n", r"job 1 \(line 2\)", "must be 6 .* got 7",
    ),
    "time, a fraction": (
        "x.jsp", "2 3\n1 6 2 7.5 0 5\n0 1 1 2 2 3\n", r"job 1, operation 2 \(line 2\)",
        'time must be a whole number, got "7.5"',
    ),
    "time, other digits": ("x.jsp", "1 1\n0 \u0663\n", "job 1, operation 1", "must be a whole num"),
    "time zero": (
        "x.jsp", "1 1\n0 0\n", r"job 1, operation 1 \(line 2\)",
        "time must be from 1 to 2777777, got 0; leave the operation out, in the flexible form",
    ),
    "time negative": ("x.jsp", "1 1\n0 -5\n", "job 1, operation 1", "time must be .* got -5"),
    "time too long": ("x.jsp", "1 1\n0 2777778\n", "job 1, operation 1", "from 1 to 2777777, got"),
    "times too long": (
        "x.jsp", "1 2\n0 2777777 1 1\n", "job 1",
        "must take at most 2777777 units of time, got 2777778; make seconds_per_unit smaller",
    ),
    "machine beyond": (
        "x.jsp", "1 2\n0 1 2 1\n", "job 1, operation 2",
        "machine must be from 0 to 1, got 2; in this form machines count from 0",
    ),
    "machine twice": (
        "x.jsp", "1 2\n1 1 1 1\n", r"job 1 \(line 2\)",
        "must visit each machine once, got 2 visits to machine 1; the flexible form",
    ),
    "taillard, machine 0": (
        "x.txt", "1 2\n5 5\n0 1\n", r"job 1, operation 1 \(lines 2 and 3\)",
        "machine must be from 1 to 2, got 0; in this form machines count from 1",
    ),
    "taillard, row of times missing": (
        "x.txt", "2 2\nTimes\n5 5\nMachines\n1 2\n2 1\n", "file", "must have 2 rows, .* of times,",
    ),
    "taillard, row of machines missing": (
        "x.txt", "2 2\n5 5\n5 5\n1 2\n", "file", "must have 2 rows, one a job, of machines, got 1",
    ),
    "taillard, row too many": (
        "x.txt", "1 2\n5 5\n1 2\n2 1\n", "line 4", "must be the end after 1 jobs, got one more row",
    ),
    "taillard, number missing": (
        "x.txt", "1 2\nTimes\n5\nMachines\n1 2\n", r"job 1 \(line 3\)", "2 numbers, times, got 1",
    ),
    "taillard, second instance": (
        "x.txt", "1 1\nTimes\n5\nMachines\n1\nTime seed, machine seed\n1 1\n", "line 6",
        "must not begin another instance; put each into a file of its own",
    ),
    "taillard, headings only": ("x.txt", "Times\nMachines\n", "line 1", "must be 2 to 6 numbers, "),
    "flexible, no operations": ("x.fjs", "1 1\n0\n", "job 1", "operations must be from 1 .* got 0"),
    "flexible, operation missing": (
        "x.fjs", "1 2\n2 1 1 5\n", r"job 1, operation 2 \(line 2\)",
        "is missing, the line says 2 operations; is it cut off",
    ),
    "flexible, pair missing": (
        "x.fjs", "1 2\n1 2 1 5 2\n", "job 1, operation 1", "must be 2 pairs .* got 3 numbers; is",
    ),
    "flexible, numbers left": (
        "x.fjs", "1 2\n1 1 1 5 7\n", "job 1, operation 1", "must be the last of 1, got 1 number mo",
    ),
    "flexible, no machines": (
        "x.fjs", "1 2\n1 0\n", "job 1, operation 1", "number of machines must be from 1 to 2, got",
    ),
    "flexible, machine 0": (
        "x.fjs", "1 2\n1 1 0 5\n", "job 1, operation 1", "machine must be from 1 to 2, got 0; in",
    ),
    "flexible, machine twice": (
        "x.fjs", "1 2\n1 2 1 5 1 6\n", "job 1, operation 1", "distinct machines, got one twice",
    ),
    "flexible, time zero": ("x.fjs", "1 1\n1 1 1 0\n", "job 1, operation 1", "time must .* got 0"),
    "flexible, row missing": ("x.fjs", "2 1\n1 1 1 5\n", "file", "must have 2 rows, .* got 1; is"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_file_is_refused_with_place_rule_and_value(fault: str) -> None:
    """One thing is wrong, and one fault says what."""
    name, text, place, message = FAULTS[fault]
    error = refusal(text.encode(), name)
    assert len(error.faults) == 1
    with pytest.raises(ProblemError, match=rf"^{place}.*: .*{message}"):
        raise error


def test_file_that_is_not_utf8_is_refused() -> None:
    """The message names the byte and where it is."""
    error = refusal(b"2 3\n\xff")
    assert str(error).startswith("file: is not UTF-8 text (byte 0xff at position 4); save it")


def test_file_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for gigabytes of numbers."""
    monkeypatch.setattr(instances, "MAX_BYTES", 10)
    assert str(refusal(STANDARD.encode())) == "file: must be at most 10 bytes, got 28"


def test_file_of_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Millions of lines that are no rows cost more memory than rows do."""
    monkeypatch.setattr(instances, "MAX_LINES", 2)
    assert str(refusal(STANDARD.encode())) == "file: must have at most 2 lines, got 3"


def test_flexible_file_with_too_many_operations_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sizes say nothing of it; the rows do."""
    monkeypatch.setattr(instances, "MAX_TASKS", 2)
    (fault,) = refusal(FLEXIBLE.encode(), "x.fjs").faults
    assert str(fault) == "line 3: must not be more than 2 operations together"


def test_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(ProblemError, match=r"none\.jsp: cannot be read: No such file"):
        read_instance(tmp_path / "none.jsp")


def test_all_faults_of_a_file_are_named_at_once() -> None:
    """A file is repaired in one go."""
    error = refusal(b"2 2 2\n2 1 1 0 1 9 5\n1 1 x 5 5\n", "x.fjs")
    assert [fault.place for fault in error.faults] == [
        "job 1, operation 1 (line 2)",
        "job 1, operation 2 (line 2)",
        "job 2, operation 1 (line 3)",
        "job 2, operation 1 (line 3)",
    ]


@pytest.mark.parametrize("name", FILES)
def test_file_cut_off_after_any_word_is_refused(name: str) -> None:
    """There is no place at which half a file passes for a smaller instance."""
    path = FOLDER / KNOWN[name]["path"]
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    cuts = range(len(lines)) if len(lines) > 20 else ()
    for cut in cuts:
        refusal("\n".join(lines[:cut]).encode(), path.name)
    words = lines[-1].split()
    for cut in range(len(words)):
        refusal("\n".join([*lines[:-1], " ".join(words[:cut])]).encode(), path.name)


WORDS = st.sampled_from(
    ["0", "1", "1", "2", "2", "3", "6", "99", "-1", "1.5", "1e3", "+2", "9" * 30, "\u0663", "x"]
) | st.sampled_from(["\n", "#", "\x00", "\x85", "Times", "Machines", "seed", "Nb of jobs"])
NAMES = st.sampled_from(["x.jsp", "x.fjs", "x.txt", "x", "", "\x00"])
FORMS = st.none() | st.sampled_from(Form)


def parse_or_refuse(data: bytes, name: str, form: Form | None) -> None:
    """Read an instance or check that its faults say something; anything else is an error."""
    try:
        parse_instance(data, name, form)
        return
    except ProblemError as error:
        refusal = error
    assert refusal.faults
    assert all(fault.place and fault.message for fault in refusal.faults)
    assert len(str(refusal).splitlines()) == len(refusal.faults)


@given(st.binary(max_size=40), NAMES, FORMS)
def test_any_bytes_are_read_or_refused(data: bytes, name: str, form: Form | None) -> None:
    """Nothing but a ProblemError is raised, whatever the bytes."""
    parse_or_refuse(data, name, form)


@given(st.lists(WORDS, max_size=25), NAMES, FORMS)
@example(["1 1\nTimes\n5\nMachines\n1"], "x", None)
def test_any_words_are_read_or_refused(words: list[str], name: str, form: Form | None) -> None:
    """Texts that are nearly instances."""
    parse_or_refuse(" ".join(words).encode(), name, form)


@given(
    st.sampled_from([STANDARD, TAILLARD, FLEXIBLE]),
    st.integers(0, 40),
    st.integers(0, 3),
    st.text("0123456789 \n#-.xT", max_size=3),
    NAMES,
    FORMS,
)
def test_any_change_of_a_good_file_is_read_or_refused(
    text: str, at: int, length: int, inserted: str, name: str, form: Form | None
) -> None:
    """A few characters replaced, in every place."""
    parse_or_refuse((text[:at] + inserted + text[at + length :]).encode(), name, form)
