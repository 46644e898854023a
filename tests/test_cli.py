"""The command line: what is printed where, what is written, and which code it exits with."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduler_core.cli import evaluation
from scheduler_core.generator import generate_snapshot
from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.methods import METHODS
from scheduler_core.policy import load_checkpoint
from scheduler_core.problem import TaskStatus
from scheduler_core.schedule_file import read_schedule
from scheduler_core.snapshot import read_snapshot, write_snapshot
from scheduler_core.validation import validate
from tests.builders import Call, untrained_scheduler
from tests.snapshots.documents import SECOND, TASK, dumped

INSTANCES = Path(__file__).parents[1] / "data" / "instances"


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """Return a snapshot file of 12 families."""
    path = tmp_path / "shop.json"
    write_snapshot(generate_snapshot(12, 5), path)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a checkpoint of an untrained policy."""
    path = tmp_path / "untrained.safetensors"
    untrained_scheduler().save(path)
    return path


def test_schedule_writes_a_valid_schedule_and_prints_its_figures(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """The file names method, seed, weights and the command that makes it again."""
    out = tmp_path / "s.json"
    code, text, errors = call("schedule", snapshot, "--method", "edd", "--seed", 4, "--out", out)
    document = json.loads(out.read_text())
    assert (code, errors) == (0, "")
    assert "delay_cost" in text
    assert f"written to {out}" in text
    assert validate(read_snapshot(snapshot).problem, read_schedule(out)) == []
    assert document["snapshot_sha256"] == read_snapshot(snapshot).sha256
    assert (document["method"], document["seed"]) == ("edd", 4)
    replay = document["certificate"]["replay"]
    assert replay == f"scheduler schedule {snapshot} --method edd --seed 4 --out {out}"
    first = document["schedule"]
    assert call(*replay.split()[1:])[0] == 0
    assert json.loads(out.read_text())["schedule"] == first


def test_schedule_by_a_policy_certifies_its_checkpoint(
    call: Call, snapshot: Path, model: Path, tmp_path: Path
) -> None:
    """PPO is the default method; the certificate names the hash of the file."""
    out = tmp_path / "s.json"
    assert call("schedule", snapshot, "--model", model, "--device", "cpu", "--out", out)[0] == 0
    document = json.loads(out.read_text())
    assert document["method"] == "ppo"
    assert document["certificate"]["checkpoint_sha256"] == load_checkpoint(model).sha256
    assert f"--model {model}" in document["certificate"]["replay"]


@pytest.mark.parametrize("text", ['{"early_bonus_per_day": 0}', "early_bonus_per_day: 0\n"])
def test_schedule_with_a_weights_file_judges_by_it(
    call: Call, snapshot: Path, tmp_path: Path, text: str
) -> None:
    """JSON or YAML; names left out keep their default."""
    weights, out = tmp_path / "weights", tmp_path / "s.json"
    weights.write_text(text)
    code, _, _ = call("schedule", snapshot, "--method", "atc", "--weights", weights, "--out", out)
    document = json.loads(out.read_text())
    assert code == 0
    assert document["weights"]["early_bonus_per_day"] == 0
    assert document["weights"]["on_time_reward"] == 100
    assert f"--weights {weights}" in document["certificate"]["replay"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "must be a mapping of names to numbers"),
        ("{", "must be YAML or JSON"),
        ("\0", "must be YAML or JSON"),
        ("speed: 3", "weight 'speed' is unknown; the weights are on_time_reward"),
        ("late_penalty_per_day: 3", "weight late_penalty_per_day: must be <= 0, got 3"),
        ("on_time_reward: high", "weight on_time_reward: must be a number, got 'high'"),
        ("1: 1", "weight 1 is unknown"),
    ],
)
def test_weights_file_with_a_fault_is_refused_in_a_sentence(
    call: Call, snapshot: Path, tmp_path: Path, text: str, message: str
) -> None:
    """Nothing is written, and nothing else is said."""
    weights, out = tmp_path / "weights", tmp_path / "s.json"
    weights.write_text(text)
    code, said, errors = call(
        "schedule", snapshot, "--method", "edd", "--weights", weights, "--out", out
    )
    assert (code, said) == (1, "")
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert not out.exists()


def test_validate_of_a_good_snapshot_says_what_is_in_it(call: Call, snapshot: Path) -> None:
    """Families, tasks and machines are counted."""
    code, text, errors = call("validate", snapshot)
    assert (code, errors) == (0, "")
    assert "valid, 12 families, 39 tasks, 145 machines" in text


def test_validate_of_a_faulty_snapshot_prints_each_fault_as_a_sentence(
    call: Call, tmp_path: Path
) -> None:
    """Two faults, two lines on standard error, no traceback, exit code 1."""
    path = tmp_path / "faulty.json"
    path.write_bytes(
        dumped(((*TASK, "processing_time"), -5), ((*SECOND, "assigned_machine"), "no such"))
    )
    code, text, errors = call("validate", path)
    lines = errors.splitlines()
    assert (code, text) == (1, "")
    assert len(lines) == 2
    assert "families.JOST1.tasks[0].processing_time: must be > 0 hours" in lines[0]
    assert "families.JOST1.tasks[1].assigned_machine" in lines[1]


def test_faulty_file_among_several_is_named_with_each_fault(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """A snapshot, one that is empty, a directory in its place, and a schedule file."""
    faulty, empty, broken = (tmp_path / name for name in ("faulty.json", "empty.json", "s.json"))
    faulty.write_bytes(dumped(((*TASK, "processing_time"), -5)))
    empty.write_bytes(b"")
    broken.write_text("{}")
    unreadable = {empty: "is empty", tmp_path: "cannot be read"}
    for path, fault in ({faulty: "families.JOST1"} | unreadable).items():
        code, _, errors = call("compare", snapshot, path, "--methods", "edd")
        assert code == 1
        assert errors.startswith(f"{path}: {fault}")
    for path, fault in ({broken: "schedule: is missing"} | unreadable).items():
        _, _, errors = call("validate", snapshot, path)
        assert errors.startswith(f"{path}: {fault}")


def test_validate_of_a_schedule_names_every_violation(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """A good one is valid; with a task moved to the front and one left out it is not."""
    out = tmp_path / "s.json"
    call("schedule", snapshot, "--method", "edd", "--out", out)
    code, text, _ = call("validate", snapshot, out)
    assert (code, "valid and complete, 39 tasks" in text) == (0, True)
    document = json.loads(out.read_text())
    last = document["schedule"].pop()
    document["schedule"][-1]["start_time"] = -1.0
    out.write_text(json.dumps(document))
    code, text, errors = call("validate", snapshot, out)
    assert code == 1
    assert "valid and complete" not in text
    assert f"families.{last['family_id']}.tasks[sequence {last['sequence']}]: " in errors
    assert len(errors.splitlines()) >= 2


@pytest.mark.parametrize(
    ("text", "faults"), [("", 1), ("[", 1), ("{}", 2), ('{"schedule": [{"family_id": 3}]}', 7)]
)
def test_validate_of_a_broken_schedule_file_says_so(
    call: Call, snapshot: Path, tmp_path: Path, text: str, faults: int
) -> None:
    """Not JSON, or JSON that is no schedule: a line for each missing or wrong field."""
    broken = tmp_path / "broken.json"
    broken.write_text(text)
    code, _, errors = call("validate", snapshot, broken)
    assert code == 1
    assert len(errors.splitlines()) == faults
    assert "Traceback" not in errors


def test_compare_prints_a_table_per_snapshot_and_writes_the_figures(
    call: Call, snapshot: Path, tmp_path: Path
) -> None:
    """A column for each of few methods; the file has every figure."""
    out = tmp_path / "figures.json"
    code, text, _ = call("compare", snapshot, snapshot, "--methods", "edd", "spt", "--json", out)
    table = json.loads(out.read_text())[str(snapshot)]
    assert code == 0
    assert text.splitlines()[1].split() == ["edd", "spt"]
    assert text.count(str(snapshot)) == 2
    assert set(table) == {"edd", "spt"}
    assert f"{table['edd']['delay_cost']:.0f}" in text


def test_compare_of_all_methods_has_a_line_for_each(
    call: Call, snapshot: Path, model: Path
) -> None:
    """Without ``--methods`` every method is tried."""
    code, text, _ = call("compare", snapshot, "--model", model)
    assert code == 0
    names = [line.split()[0] for line in text.splitlines() if line.strip()]
    assert names[2:] == list(METHODS)


def test_evaluate_prints_and_writes_how_a_policy_does(
    call: Call, snapshot: Path, model: Path, tmp_path: Path
) -> None:
    """Against EDD and the best rule."""
    out = tmp_path / "evaluation.json"
    code, text, _ = call("evaluate", "--model", model, "--data", snapshot, "--json", out)
    found = json.loads(out.read_text())
    assert code == 0
    assert text.startswith("ppo on 1 snapshot: completion 100%, 0 violations")
    comparisons = found["results"]["ppo"]["comparisons"]
    assert [each["rival"] for each in comparisons] == ["edd", "best_rule"]


def test_generate_writes_the_same_bytes_for_a_seed(call: Call, tmp_path: Path) -> None:
    """And other ones for another seed or kind of shop."""
    files = [tmp_path / f"{i}.json" for i in range(4)]
    options: list[list[Any]] = [[], [], ["--seed", 1], ["--shop", "flow"]]
    for path, more in zip(files, options, strict=True):
        code, text, _ = call("generate", 6, "--out", path, *more)
        assert (code, text) == (0, f"{path}: 6 families, 20 tasks\n")
    same, again, *others = (path.read_bytes() for path in files)
    assert same == again
    assert same not in others


def test_generate_with_an_impossible_size_is_refused(call: Call, tmp_path: Path) -> None:
    """No families, no shop."""
    code, _, errors = call("generate", 0, "--out", tmp_path / "x.json")
    assert code == 1
    assert "num_families: must be from 1 to 60000, got 0" in errors


def test_generate_with_shifts_and_locks_writes_a_shop_that_has_them(
    call: Call, tmp_path: Path
) -> None:
    """Every share that is asked for is in the file; one family is not called families."""
    path = tmp_path / "shop.json"
    code, text, _ = call(
        "generate", 20, "--out", path, "--machines", 30, "--shifts", 0.7, "--holidays", 1,
        "--downtime", 0.1, "--running", 0.2, "--locked", 0.05, "--flexible", 0.2,
    )  # fmt: skip
    problem = read_snapshot(path).problem
    tasks = [task for family in problem.families for task in family.tasks]
    assert (code, text) == (0, f"{path}: 20 families, 65 tasks\n")
    assert sum(machine.calendar is not None for machine in problem.machines) == 21
    assert sum(bool(machine.downtime) for machine in problem.machines) == 3
    assert sum(task.status is TaskStatus.IN_PROGRESS for task in tasks) == 4
    assert sum(task.lock is not None for task in tasks) == 4 + 3
    assert any(1 < len(task.machines) < 30 for task in tasks)
    assert call("generate", 1, "--out", path)[1] == f"{path}: 1 family, 3 tasks\n"


@pytest.mark.parametrize("name", ["ft06.jsp", "ta01.txt", "mk01.fjs"])
def test_instance_is_scheduled_and_judged_by_its_makespan(
    call: Call, tmp_path: Path, name: str
) -> None:
    """A unit of time is an hour; the schedule names the file by its hash, and is valid for it."""
    instance, out = INSTANCES / name, tmp_path / "s.json"
    assert call("schedule", instance, "--method", "mwkr", "--out", out)[0] == 0
    document = json.loads(out.read_text())
    makespan = document["metrics"]["makespan_hours"]
    assert document["snapshot_sha256"] == hashlib.sha256(instance.read_bytes()).hexdigest()
    assert document["metrics"]["score"] == -makespan == -round(makespan)
    assert document["weights"] == MAKESPAN_WEIGHTS.to_dict()
    assert call(*document["certificate"]["replay"].split()[1:])[0] == 0
    code, text, errors = call("validate", instance, out)
    assert (code, errors) == (0, "")
    assert f"{out}: valid and complete" in text


def test_instance_with_weights_is_judged_by_these(call: Call, tmp_path: Path) -> None:
    """Beside a snapshot in one table, each by its own weights; with a file, both by that."""
    weights, out = tmp_path / "weights.json", tmp_path / "figures.json"
    weights.write_text('{"on_time_reward": 0, "early_bonus_per_day": 0}')
    paths = [INSTANCES / "ft06.jsp", tmp_path / "shop.json"]
    write_snapshot(generate_snapshot(3, 5), paths[1])
    for options, judged_alone in ([], True), (["--weights", weights], False):
        call("compare", *paths, "--methods", "edd", "--json", out, *options)
        edd = json.loads(out.read_text())[str(paths[0])]["edd"]
        late = -30 / 24 * edd["total_tardiness_hours"]
        assert edd["score"] == pytest.approx(-edd["makespan_hours"] if judged_alone else late)


def test_evaluate_of_snapshots_and_instances_wants_weights(
    call: Call, snapshot: Path, model: Path
) -> None:
    """One setting of the weights judges all; without one there is no telling which."""
    data = ["--model", model, "--data", INSTANCES / "ft06.jsp", snapshot]
    code, text, errors = call("evaluate", *data)
    assert (code, text) == (1, "")
    assert len(errors.splitlines()) == 1
    assert "unless --weights is given" in errors
    weights = snapshot.with_name("weights.json")
    weights.write_text("{}")
    assert call("evaluate", *data, "--weights", weights)[0] == 0
    assert call("evaluate", *data[:-1])[0] == 0


def test_instance_with_a_fault_is_named_with_it(call: Call, tmp_path: Path) -> None:
    """A row that is cut off, and a file that is not there: a sentence each."""
    cut = tmp_path / "cut.jsp"
    cut.write_text("1 2\n0 3 1\n")
    for path, fault in (cut, "job 1 (line 2): must be 4 numbers"), (tmp_path / "no.fjs", "cannot"):
        code, text, errors = call("validate", path)
        assert (code, text) == (1, "")
        assert errors.startswith(f"{path}: {fault}")
        assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["schedule", "shop.json"],
        ["schedule", "shop.json", "--method", "EDD", "--out", "s.json"],
        ["schedule", "shop.json", "--seed", "soon", "--out", "s.json"],
        ["schedule", "shop.json", "--seed", "-1", "--out", "s.json"],
        ["schedule", "shop.json", "--seed", str(2**63), "--out", "s.json"],
        ["schedule", "shop.json", "--device", "gpu", "--out", "s.json"],
        ["compare"],
        ["generate"],
        ["generate", "--out", "a", "--samples", "b"],
        ["generate", "--out", "/"],
        ["generate", "--out", "a", "--shifts", "1.5"],
        ["generate", "--out", "a", "--locked", "nan"],
        ["generate", "--out", "a", "--running", "some"],
        ["schedule", "shop.json", "--method", "edd", "--out", "."],
        ["compare", "shop.json", "--methods", "edd", "--json", ""],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_two(call: Call, arguments: list[str]) -> None:
    """Unknown command or method; something missing; two that exclude each other; no file's name."""
    code, text, errors = call(*arguments)
    assert (code, text) == (2, "")
    assert errors.startswith("usage: scheduler")


def test_help_exits_with_zero(call: Call) -> None:
    """The help names every command."""
    code, text, _ = call("--help")
    assert code == 0
    assert {"schedule", "validate", "compare", "evaluate", "train", "generate"} <= set(text.split())


@pytest.mark.parametrize("out", ["shop.json/s.json", "."])
def test_schedule_that_cannot_be_written_says_which_file(
    call: Call, snapshot: Path, out: str
) -> None:
    """Below a file, or in place of a directory: one sentence, naming what was asked for."""
    target = snapshot.parent / out
    code, _, errors = call("schedule", snapshot, "--method", "edd", "--out", target)
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert errors.startswith(str(snapshot if "shop" in out else target))
    assert not list(snapshot.parent.glob(".*.tmp"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "absent.json"],
        ["schedule", "absent.json", "--method", "edd", "--out", "s.json"],
        ["schedule", "shop.json", "--model", "absent.st", "--out", "s.json"],
        ["schedule", "shop.json", "--method", "edd", "--weights", "absent.yaml", "--out", "s.json"],
        ["evaluate", "--data", "shop.json", "--model", "absent.st"],
        ["train", "--config", "absent.yaml"],
        ["train", "--init", "absent.st", "--set", "validation_problems=1"],
        ["train", "--data", "absent.json"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("snapshot")
def test_input_that_is_missing_or_wrong_exits_with_one(call: Call, arguments: list[str]) -> None:
    """One sentence on standard error that names it, and never a traceback."""
    code, _, errors = call(*arguments)
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert "absent" in errors or "seed: must be >= 0, got -1" in errors
    assert not Path("s.json").exists()


def test_interrupted_command_ends_in_a_sentence(
    call: Call, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is no error: no traceback, and the exit code that shells expect."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation, "run_trials", interrupt)
    code, _, errors = call("compare", snapshot)
    assert (code, errors) == (130, "interrupted; what had been written by then is kept\n")


def test_reader_that_goes_away_is_no_error_to_speak_of(snapshot: Path) -> None:
    """As with ``| head``: nothing on standard error when the pipe is closed."""
    script = Path(sys.executable).with_name("scheduler")
    with subprocess.Popen(
        [script, "validate", snapshot],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_console_script_runs_without_importing_torch(snapshot: Path, tmp_path: Path) -> None:
    """The installed command, as a user calls it; a rule's schedule does not wait for torch."""
    script = Path(sys.executable).with_name("scheduler")
    out = tmp_path / "s.json"
    done = subprocess.run(
        [script, "schedule", snapshot, "--method", "edd", "--out", out],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
    )
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "written to" in done.stdout
    assert "scheduler_core.methods" in imported
    assert "torch" not in imported
    assert read_schedule(out).method == "edd"
