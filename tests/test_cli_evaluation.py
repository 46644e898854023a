"""``compare`` and ``evaluate``, and several checkpoints, as a user calls them."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler_core.cli.main import build_parser
from scheduler_core.generator import generate_snapshot
from scheduler_core.policy import PPOScheduler
from scheduler_core.snapshot import write_snapshot
from tests.builders import Call, untrained_scheduler

INSTANCE = Path(__file__).parents[1] / "data" / "instances" / "ft06.jsp"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a snapshot file of 12 families."""
    path = tmp_path_factory.mktemp("shop") / "shop.json"
    write_snapshot(generate_snapshot(12, 5), path)
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return checkpoints of two untrained policies."""
    folder = tmp_path_factory.mktemp("models")
    paths = [folder / f"{name}.safetensors" for name in ("first", "second")]
    for seed, path in enumerate(paths):
        untrained_scheduler(seed).save(path)
    return paths


def test_evaluate_answers_each_criterion_with_figure_and_limit(call: Call, snapshot: Path) -> None:
    """The policy that ships on one snapshot: printed, whether or not the gate is to decide."""
    code, text, errors = call("evaluate", "--data", snapshot)
    assert (code, errors) == (0, "")
    gate = text[text.index("gate, ppo: pass") :].splitlines()
    assert len(gate) == 2 + 5
    assert " ".join(gate[2].split()) == "tasks placed, worst schedule pass 100.0% >= 90.0%"
    assert all("pass" in line for line in gate[2:])


def test_evaluate_with_a_gate_that_fails_exits_with_one(call: Call, snapshot: Path) -> None:
    """A limit of no time at all; without --gate the same limit would not count."""
    arguments = ["evaluate", "--data", snapshot, "--methods", "spt"]
    assert call(*arguments, "--gate", "max_ratio_to_edd=1000", "min_on_time_rate=0")[0] == 0
    code, text, errors = call(*arguments, "--gate", "max_runtime_seconds=0")
    assert (code, errors) == (1, "")
    assert "gate, spt: FAIL" in text
    assert "seconds for a schedule, slowest" in text


def test_evaluate_whose_policy_fails_is_no_error_unless_the_gate_is_asked(
    call: Call, snapshot: Path
) -> None:
    """LPT is no rule to be proud of: said so, and exit code 0; with --gate 1."""
    arguments = ["evaluate", "--data", snapshot, "--methods", "lpt"]
    code, text, _ = call(*arguments)
    assert (code, "gate, lpt: FAIL" in text) == (0, True)
    assert call(*arguments, "--gate")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gate", "speed=1"], "gate 'speed' is unknown; the limits are min_completion_rate"),
        (["--gate", "fast"], "--gate 'fast': must be NAME=VALUE"),
        (["--gate", "min_on_time_rate=2"], "gate min_on_time_rate: must be from 0 to 1, got 2"),
        (["--seeds", "1", "1"], "seeds: must be distinct, got 1 twice"),
        (["--ensemble", "vote"], "--ensemble vote: needs checkpoints; name them with --model"),
    ],
)
def test_evaluate_with_a_wrong_option_says_so_in_a_sentence(
    call: Call, snapshot: Path, arguments: list[str], message: str
) -> None:
    """Before anything is measured."""
    code, text, errors = call("evaluate", "--data", snapshot, *arguments)
    assert (code, text) == (1, "")
    assert errors.startswith(message)
    assert len(errors.splitlines()) == 1


def test_evaluate_without_snapshots_names_both_ways_to_them(call: Call) -> None:
    """Files, or generated ones."""
    code, _, errors = call("evaluate")
    assert (code, errors) == (
        1, "evaluate: needs snapshots; name files by --data, or use --generate\n"
    )  # fmt: skip


def test_evaluate_generates_the_test_snapshots_of_the_published_figures(
    call: Call, tmp_path: Path
) -> None:
    """Three of 8 and two of 9 families, from the stream that nothing is trained on."""
    out = tmp_path / "e.json"
    sizes = ["--generate", 8, 3, "--generate", 9, 2]
    code, text, _ = call("evaluate", *sizes, "--methods", "atc", "--json", out)
    assert code == 0
    assert text.startswith("atc on 5 snapshots: ")
    snapshots = json.loads(out.read_text())["protocol"]["snapshots"]
    assert [each["families"] for each in snapshots] == [8, 8, 8, 9, 9]
    assert snapshots[1]["name"] == "8 families, test seed 1"
    assert snapshots[1]["sha256"] == generate_snapshot(8, 1, purpose="test").sha256


def test_evaluate_of_generated_snapshots_and_instances_wants_weights(call: Call) -> None:
    """They are judged by different ones, as files of both kinds are."""
    code, _, errors = call("evaluate", "--generate", 5, 1, "--data", INSTANCE)
    assert (code, "unless --weights is given" in errors) == (1, True)


def test_evaluate_of_several_models_lists_each_beside_the_others(
    call: Call, snapshot: Path, models: list[Path], tmp_path: Path
) -> None:
    """By the names of their files, or by their paths where names are the same."""
    out = tmp_path / "e.json"
    code, text, _ = call("evaluate", "--data", snapshot, "--model", *models, "--json", out)
    assert code == 0
    assert list(json.loads(out.read_text())["gate"]) == ["first", "second"]
    assert "first on 1 snapshot: " in text
    assert "gate, second: " in text
    same = models[0].parent / "other" / models[0].name
    untrained_scheduler(3).save(same)
    call("evaluate", "--data", snapshot, "--model", models[0], same, "--json", out)
    assert list(json.loads(out.read_text())["gate"]) == [str(models[0]), str(same)]


def test_evaluate_of_an_ensemble_is_one_method(
    call: Call, snapshot: Path, models: list[Path], tmp_path: Path
) -> None:
    """Its schedules name all checkpoints and the mode."""
    out = tmp_path / "e.csv"
    arguments = ["--model", *models, "--ensemble", "vote", "--csv", out]
    code, text, _ = call("evaluate", "--data", snapshot, *arguments)
    assert code == 0
    assert text.startswith("ppo on 1 snapshot")
    with out.open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["model"], first["ensemble"]) == (f"{models[0]} {models[1]}", "vote")


def test_evaluate_by_seeds_and_episodes_is_the_same_whatever_the_threads(
    call: Call, snapshot: Path, models: list[Path], tmp_path: Path
) -> None:
    """Two seeds, two schedules each: one greedy, three drawn; times aside the same figures."""
    tables = []
    for threads in (1, 2):
        out = tmp_path / f"{threads}.csv"
        code, text, _ = call(
            "evaluate", "--data", snapshot, snapshot, "--model", models[0], "--seeds", 4, 9,
            "--episodes", 2, "--aggregate", "iqm", "--threads", threads, "--csv", out,
        )  # fmt: skip
        assert (code, "interquartile mean, 4 schedules each, 3 of them drawn" in text) == (0, True)
        with out.open(newline="") as file:
            rows = list(csv.DictReader(file))
        tables.append([{**row, "runtime_seconds": ""} for row in rows])
    assert len(tables[0]) == 2 * (4 + 2)
    assert tables[0] == tables[1]


def test_evaluate_and_compare_write_reports(call: Call, snapshot: Path, tmp_path: Path) -> None:
    """Pages of one file."""
    one, other = tmp_path / "e.html", tmp_path / "c.html"
    rules = ["--methods", "atc", "edd"]
    assert call("evaluate", "--data", snapshot, *rules, "--html", one)[0] == 0
    assert call("compare", snapshot, *rules, "--html", other)[0] == 0
    assert "<h1>Evaluation of atc and edd</h1>" in one.read_text("utf-8")
    assert "<h1>Methods side by side</h1>" in other.read_text("utf-8")


def test_compare_writes_a_line_for_each_method_and_snapshot(
    call: Call, snapshot: Path, models: list[Path], tmp_path: Path
) -> None:
    """Several checkpoints are several methods; snapshots may be judged by different weights."""
    out = tmp_path / "c.csv"
    methods = ["--methods", "edd", "ppo", "--model", *models]
    code, text, _ = call("compare", snapshot, INSTANCE, *methods, "--csv", out)
    assert code == 0
    assert text.splitlines()[1].split() == ["edd", "first", "second"]
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["snapshot"], row["name"]) for row in rows] == [
        (str(path), name) for path in (snapshot, INSTANCE) for name in ("edd", "first", "second")
    ]
    assert float(rows[3]["score"]) == -float(rows[3]["makespan_hours"])


def test_schedule_by_several_models_certifies_all_of_them(
    call: Call, snapshot: Path, models: list[Path], tmp_path: Path
) -> None:
    """Hashes, mode, and a command that makes the same schedule again."""
    out = tmp_path / "s.json"
    for mode, given in ("vote", ["--ensemble", "vote"]), ("best_of", []):
        assert call("schedule", snapshot, "--model", *models, *given, "--out", out)[0] == 0
        document = json.loads(out.read_text())
        certificate = document["certificate"]
        hashes = [PPOScheduler.load(path).sha256 for path in models]
        assert certificate["checkpoint_sha256"] == hashes
        assert certificate["ensemble"] == mode
        assert f"--model {models[0]} {models[1]}" in certificate["replay"]
        assert call(*certificate["replay"].split()[1:])[0] == 0
        assert json.loads(out.read_text())["schedule"] == document["schedule"]


@pytest.mark.parametrize("document", ["evaluation.md", "ensembles.md"])
def test_commands_in_the_documents_are_understood(document: str) -> None:
    """Every line that starts with scheduler has arguments that the parser takes."""
    text = (Path(__file__).parents[1] / "docs" / document).read_text("utf-8")
    lines = re.findall(r"^    scheduler (.+)$", text, re.M)
    assert len(lines) >= 4
    for line in lines:
        assert callable(build_parser().parse_args(shlex.split(line)).run)


@pytest.mark.parametrize("document", ["evaluation.md", "ensembles.md"])
def test_python_in_the_documents_runs(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the root of the repository."""
    root = Path(__file__).parents[1]
    text = (root / "docs" / document).read_text("utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    monkeypatch.chdir(root)
    exec(compile(example, document, "exec"), {})


@pytest.mark.parametrize("command", ["compare", "evaluate"])
def test_rules_are_measured_without_importing_torch(
    command: str, snapshot: Path, tmp_path: Path
) -> None:
    """Nor is Plotly, as long as no report is asked for."""
    files = [snapshot] if command == "compare" else ["--data", snapshot, "--gate"]
    csv_file = tmp_path / "c.csv"
    done = subprocess.run(
        [sys.executable, "-m", "scheduler_core", command, *files, "--methods", "edd", "atc",
         "--csv", csv_file],
        capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
    )  # fmt: skip
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "scheduler_core.evaluation" in imported
    assert imported & {"torch", "plotly", "scheduler_core.policy", "scheduler_core.report"} == set()
    assert csv_file.exists()
