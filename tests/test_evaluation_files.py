"""An evaluation as JSON, as CSV and as a page."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from scheduler_core.evaluation import (
    Case,
    Contender,
    Gate,
    Study,
    Trial,
    run_study,
    study_document,
    trials_csv,
)
from scheduler_core.generator import generate_problem
from scheduler_core.methods import Ensemble, load_policy
from scheduler_core.objective import Metrics, RewardWeights
from scheduler_core.policy import DEFAULT_MODEL
from scheduler_core.report import comparison_page, study_page
from scheduler_core.report.figures import (
    PALETTE,
    paints,
    ratio_figure,
    runtime_figure,
    strip_figure,
)
from tests.builders import untrained_scheduler

SPITEFUL = "</script><b>&shop.json"
"""A name that would end a script, and be bold after it."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of an untrained policy."""
    path = tmp_path_factory.mktemp("models") / "untrained.safetensors"
    untrained_scheduler().save(path)
    return path


@pytest.fixture(scope="module")
def study(model: Path) -> Study:
    """Return two policies and two rivals on two snapshots, two schedules each."""
    rng = np.random.default_rng(4)
    names = ("=cmd()", SPITEFUL)
    cases = [Case(name, generate_problem(9, rng), RewardWeights(), "ab" * 32) for name in names]
    measured = [
        Contender("one", "ppo", model),
        Contender("both", "ppo", Ensemble((model, DEFAULT_MODEL), "mean")),
    ]
    gate = Gate(max_runtime_seconds=30.0, min_on_time_rate=0.0, max_ratio_to_edd=0.001)
    return run_study(cases, measured, seeds=[6], episodes=2, gate=gate)


def greedy(study: Study) -> list[Trial]:
    """Return one schedule of each method on each snapshot."""
    return [trial for trial in study.trials if not trial.drawn]


def test_document_says_what_was_measured_on_what(study: Study, model: Path) -> None:
    """Snapshots and checkpoints by their hashes, seeds, weights, versions; and it is JSON."""
    document = json.loads(json.dumps(study_document(study), allow_nan=False))
    protocol = document["protocol"]
    assert (protocol["measured"], protocol["rivals"]) == (["one", "both"], ["edd", "best_rule"])
    assert (protocol["seeds"], protocol["episodes"]) == ([6], 2)
    assert (protocol["aggregate"], protocol["bootstrap_samples"]) == ("mean", 10_000)
    assert protocol["weights"] == [RewardWeights().to_dict()]
    assert [each["sha256"] for each in protocol["snapshots"]] == ["ab" * 32] * 2
    assert [each["families"] for each in protocol["snapshots"]] == [9, 9]
    assert protocol["checkpoints"] == {
        str(path): load_policy(path).sha256 for path in (model, DEFAULT_MODEL)
    }
    assert protocol["gate"]["max_runtime_seconds"] == 30.0
    assert {"python", "numpy", "numba", "torch"} <= set(protocol["versions"])


def test_document_holds_results_verdicts_and_every_schedule(study: Study) -> None:
    """What is summed up can be worked out again from the schedules."""
    document = json.loads(json.dumps(study_document(study)))
    assert list(document["results"]) == ["one", "both", "edd", "best_rule"]
    assert document["gate"]["one"]["passed"] is False
    assert [each["passed"] for each in document["gate"]["one"]["checks"]][:4] == [True] * 4
    schedules = document["schedules"]
    assert len(schedules) == 2 * (2 * 2 + 2)
    rates = [each["on_time_rate"] for each in schedules if each["name"] == "one"]
    assert document["results"]["one"]["on_time_rate"] == pytest.approx(np.mean(rates))


def test_csv_has_a_line_for_each_schedule_with_every_figure(study: Study, model: Path) -> None:
    """Who, on what, by which seed, and all of `Metrics`; no name is run as a formula."""
    rows = list(csv.DictReader(io.StringIO(trials_csv(study.trials))))
    assert len(rows) == 12
    first, edd = rows[0], next(row for row in rows if row["name"] == "edd")
    assert (first["snapshot"], first["families"]) == ("'=cmd()", "9")
    assert (first["method"], first["model"], first["ensemble"]) == ("ppo", str(model), "")
    assert (first["seed"], first["episode"], first["drawn"]) == ("6", "0", "False")
    assert (rows[1]["episode"], rows[1]["drawn"]) == ("1", "True")
    assert (edd["model"], edd["drawn"]) == ("", "False")
    assert next(row["ensemble"] for row in rows if row["name"] == "both") == "mean"
    for field in fields(Metrics):
        assert float(first[field.name]) == getattr(study.trials[0].metrics, field.name)


def test_csv_names_the_checkpoint_that_ships_where_none_was_named() -> None:
    """Which it was depends on the weights."""
    case = Case("shop", generate_problem(5, np.random.default_rng(0)), RewardWeights())
    study = run_study([case], [Contender("ppo", "ppo")])
    (row, *_) = csv.DictReader(io.StringIO(trials_csv(study.trials)))
    assert row["model"] == str(DEFAULT_MODEL)
    assert list(study.checkpoints) == [str(DEFAULT_MODEL)]


def test_page_of_a_study_shows_verdicts_results_plots_and_protocol(study: Study) -> None:
    """The gate's verdict comes first; each plot has its place."""
    html = study_page(study)
    parts = ["Fit for use?", "Results", "Delay cost on each snapshot", "Families on time",
             "Time to make a schedule", "How it was measured"]  # fmt: skip
    places = [html.index(f"<h2>{part}</h2>") for part in parts]
    assert places == sorted(places)
    assert html.count('<span class="badge fail">fail</span>') == 4  # by ratio, and so all in all
    for name in ("ratios-0", "ratios-1", "on-time", "runtimes"):
        assert f'id="{name}"' in html
    assert f"<code>{load_policy(DEFAULT_MODEL).sha256}</code>" in html
    low, high = study.results["one"].against("edd").interval
    assert f"<small>{low:.3f} to {high:.3f}</small>" in html
    assert "2 of each snapshot by a policy (seeds 6; 2 for each): the first one greedy" in html


def test_page_needs_no_network(study: Study) -> None:
    """Plotly is in it, and nothing is loaded from elsewhere."""
    for html in (study_page(study), comparison_page(greedy(study))):
        assert len(html) > 1_000_000
        head = re.sub(r"<script.*?</script>", "", html, flags=re.S)
        assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", html[:5000]) == []
        assert re.findall(r"(?:src|href)=|@import|url\(", head) == []


def test_page_shows_names_as_they_are_and_runs_none(study: Study) -> None:
    """A file's name is text, in tables and in plots."""
    for html in (study_page(study), comparison_page(greedy(study))):
        assert SPITEFUL not in html
        assert "&lt;/script&gt;&lt;b&gt;&amp;shop.json" in html


def test_page_of_a_comparison_has_a_table_for_each_snapshot(study: Study) -> None:
    """A line for each method with its figures, the lowest delay cost standing out."""
    own = greedy(study)
    html = comparison_page(own)
    assert html.count("<tbody>") == 2
    for trial in own:
        assert f"<td>{trial.metrics.delay_cost:,.0f}</td>" in html
    assert html.count('<tr class="measured">') >= 2


def test_ratio_figure_is_in_order_of_the_first_rival() -> None:
    """Ratios to both rivals stay over each other; an infinite one leaves a gap."""
    ratios = {"edd": np.array([0.9, 0.5, 0.7]), "spt": np.array([1.0, np.inf, 3.0])}
    figure = ratio_figure(ratios, ["a", "b", "c"], paints(["edd", "spt"]))
    sticks, edd, spt = figure.data
    assert (list(edd.y), list(edd.text)) == ([0.5, 0.7, 0.9], ["b", "c", "a"])
    assert list(spt.y) == [None, 3.0, 1.0]
    assert len(sticks.x) == 9
    assert figure.layout.yaxis.type == "linear"
    wide = ratio_figure({"edd": np.array([0.1, 2.0])}, ["a", "b"], paints(["edd"]))
    assert wide.layout.yaxis.type == "log"


def test_strip_figure_has_a_row_for_each_method_with_its_mean() -> None:
    """Two values of 0.2 and 0.4: dots there, and a bar at 0.3."""
    values = {"a": np.array([0.2, 0.4]), "b": np.array([1.0, 1.0])}
    names = {name: ["s", "t"] for name in values}
    figure = strip_figure(values, names, paints(["a", "b"]), "share", percent=True)
    dots, bar = figure.data[:2]
    assert (list(dots.x), list(dots.text)) == ([0.2, 0.4], ["s", "t"])
    assert (bar.x[0], bar.y[0]) == (pytest.approx(0.3), 0)
    assert list(figure.layout.yaxis.ticktext) == ["a", "b"]


def test_runtime_figure_has_rows_where_all_snapshots_have_as_many_tasks(study: Study) -> None:
    """Dots over one number of tasks would hide each other; else tasks are the axis."""
    looks = paints(list(study.results))
    first = [trial for trial in study.trials if trial.snapshot == 0]
    assert runtime_figure(first, looks, 1.0).layout.xaxis.title.text == "seconds for a schedule"
    other = replace(first[0].case, problem=generate_problem(3, np.random.default_rng(0)))
    both = [*first, replace(first[0], case=other)]
    assert runtime_figure(both, looks, 1.0).layout.xaxis.title.text == "tasks"


def test_paints_of_few_names_differ() -> None:
    """Colour and symbol are two signals."""
    looks = paints([str(i) for i in range(len(PALETTE))])
    assert len({look.colour for look in looks.values()}) == len(PALETTE)
    assert len({look.symbol for look in looks.values()}) == len(PALETTE)


def test_page_says_how_many_ratios_are_not_finite(study: Study) -> None:
    """A rival without any delay cost on one of two snapshots."""
    free = [
        replace(t, metrics=replace(t.metrics, delay_cost=0.0))
        if t.contender.name == "edd" and t.snapshot == 0
        else t
        for t in study.trials
    ]
    html = study_page(replace(study, trials=tuple(free)))
    assert "1 not shown: there the rival has no delay cost at all." in html
