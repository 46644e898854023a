"""What the benchmarks of policies measure on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks import makespan, policy
from scheduler_core.generator import GeneratorConfig
from scheduler_core.methods import make_schedule
from scheduler_core.objective import RewardWeights, measure
from scheduler_core.problem import SECONDS_PER_HOUR
from tests.builders import untrained_scheduler


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of an untrained policy."""
    path = tmp_path_factory.mktemp("run") / "untrained.safetensors"
    untrained_scheduler().save(path)
    return path


def test_random_shops_are_of_every_kind_and_can_be_made() -> None:
    """Nothing but the number of machines and the shortest and longest times stays as it is."""
    rng = np.random.default_rng(0)
    shops = [policy.random_shop(rng) for _ in range(100)]
    assert {shop.shop for shop in shops} == set(policy.SHOPS)
    varied = {
        name for name in asdict(GeneratorConfig()) if len({getattr(s, name) for s in shops}) > 3
    }
    same = {"num_machines", "num_tasks", "min_hours", "max_hours"}
    assert set(asdict(GeneratorConfig())) - varied - same == {"num_holidays"}  # 0, 1 or 2


def test_costs_of_rivals_are_those_of_their_schedules() -> None:
    """The scores of compiled code lead to the delay costs that the validator's figures have."""
    problem = policy.fresh_problems(20, GeneratorConfig(), 1)[0]
    weights = RewardWeights()
    costs = policy._rival_costs(problem, weights, swaps=0)  # noqa: SLF001
    for name, cost in costs.items():
        figures = measure(problem, make_schedule(problem, name, weights), weights)
        assert cost == pytest.approx(figures.delay_cost, rel=1e-9)


def test_policy_benchmark_prints_and_writes_its_rows(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two checkpoints on two snapshots of one shop: a row each and one for both."""
    out = tmp_path / "figures.json"
    arguments = ["policy", "--models", str(model), str(model), "--only", "flow"]
    monkeypatch.setattr("sys.argv", [*arguments, "--count", "2", "--json", str(out)])
    assert policy.main() == 0
    printed = capsys.readouterr().out
    assert printed.count("| 2 x 100 families, flow |") == 4 * 3
    rows = json.loads(out.read_text())["rows"]
    assert [row["weights"] for row in rows[::2]] == [*policy.WEIGHTS, "10 random"]
    assert {row["figures"]["constraint_violations"] for row in rows} == {0}
    assert len(rows[-1]["mean_ratio_by_weights"]["best_rule"]) == len(policy.RANDOM_WEIGHTS)


def test_makespan_benchmark_has_all_instances_of_the_literature() -> None:
    """80 by Taillard, ten of each of eight sizes, and 15 by Brandimarte."""
    entries = json.loads((makespan.INSTANCES / "known.json").read_text())
    instances = [makespan._instance(entry) for entry in entries]  # noqa: SLF001
    groups = [group for instance in instances for group in instance.groups]
    assert groups.count(makespan.TAILLARD) == 80
    assert (groups.count(makespan.BRANDIMARTE), groups.count(makespan.BRANDIMARTE_10)) == (15, 10)
    assert {groups.count(group) for group in set(groups) if "x" in group} == {10}
    for each in instances:
        longest = max(family.due for family in each.problem.families)
        assert longest <= each.best_known * SECONDS_PER_HOUR
