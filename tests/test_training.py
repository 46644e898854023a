"""Training: settings that are checked, a teacher that is followed, a run that can be read."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scheduler_core.errors import CheckpointError, ConfigError, ProblemError
from scheduler_core.executors import LocalExecutor
from scheduler_core.generator import TEST_SEEDS, generate_problem, problem_stream
from scheduler_core.instances import MAKESPAN_WEIGHTS
from scheduler_core.objective import RewardWeights, delay_cost
from scheduler_core.policy import NetworkConfig, PPOScheduler, load_checkpoint
from scheduler_core.problem import Machine, Problem
from scheduler_core.rules import best_rule
from scheduler_core.snapshot import snapshot_from_problem, write_snapshot
from scheduler_core.training import Progress, TrainingConfig, load_config, train
from scheduler_core.training import collector as collector_module
from scheduler_core.training.collector import PROBLEMS
from scheduler_core.training.config import config_yaml
from scheduler_core.training.episodes import collect_rollout
from scheduler_core.training.imitation import Lessons, imitate
from scheduler_core.training.ppo import normalise_by_problem
from scheduler_core.training.settings import DeviceConfig, ImitationConfig, PPOConfig, TaskConfig
from scheduler_core.training.tasks import job_source, make_tasks, sample_weights
from scheduler_core.training.teachers import Lesson, TeacherActor, find_plan
from scheduler_core.training.validation import Validation
from tests.builders import untrained, untrained_scheduler
from tests.properties.strategies import random_problem

CONFIGS = Path(__file__).parents[1] / "configs"
TINY = TrainingConfig(
    timesteps=200,
    seed=3,
    validate_every=2,
    validation_problems=1,
    task=TaskConfig(min_families=5, max_families=8),
    network=NetworkConfig(hidden_sizes=(8, 8, 8)),
    imitation=ImitationConfig(problems=3, max_families=6, swaps=50, epochs=2),
    ppo=PPOConfig(problems_per_update=2, rollouts_per_problem=2, epochs=1, minibatch_size=64),
)


def written(folder: Path, text: str) -> Path:
    """Return the path of a config file with a text."""
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_load_config_of_nothing_gives_the_defaults(tmp_path: Path) -> None:
    """No file, an empty file, and a file of comments."""
    assert load_config(None) == TrainingConfig()
    assert load_config(written(tmp_path, "")) == TrainingConfig()
    assert load_config(written(tmp_path, "# nothing yet\n")) == TrainingConfig()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_load_config_takes_every_file_that_ships(path: Path) -> None:
    """And what it says is what is set."""
    config, document = load_config(path), yaml.safe_load(path.read_text(encoding="utf-8"))
    assert config != TrainingConfig()
    assert config.seed == document["seed"]


def test_config_yaml_reads_back_to_the_same_settings(tmp_path: Path) -> None:
    """Every kind of field: numbers, lists, nested settings."""
    config = replace(
        TINY, task=TaskConfig(data=("a.json", "b.json"), shops=("flat", "flow"), fixed_share=0.25)
    )
    assert load_config(written(tmp_path, config_yaml(config))) == config


def test_load_config_overrides_replace_the_settings_of_the_file(tmp_path: Path) -> None:
    """By dotted name; a whole number will do for a fraction."""
    path = written(tmp_path, "seed: 4\nppo: {gamma: 0.5, epochs: 2}\n")
    config = load_config(path, {"ppo.gamma": 1, "imitation.problems": 0})
    assert (config.seed, config.ppo.epochs, config.ppo.gamma) == (4, 2, 1.0)
    assert isinstance(config.ppo.gamma, float)
    assert config.imitation.problems == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ppo: {learning_rat: 1}", "ppo.learning_rat: is not a setting; the settings here are lea"),
        ("speed: 3", "speed: is not a setting"),
        ("3: 3", "3: is not a setting"),
        ("ppo: {epochs: 1.5}", "ppo.epochs: must be of type int, got 1.5"),
        ("ppo: {epochs: true}", "ppo.epochs: must be of type int, got True"),
        ("ppo: {gamma: true}", "ppo.gamma: must be of type float, got True"),
        ("ppo: {gamma: high}", "ppo.gamma: must be of type float, got 'high'"),
        ("network: {layer_norm: 1}", "network.layer_norm: must be of type bool, got 1"),
        ("task: {shops: flat}", "task.shops: must be a list, got 'flat'"),
        ("task: {shops: [1]}", "task.shops[0]: must be of type str, got 1"),
        ("task: {shops: []}", "task.shops: must name at least one type of shop"),
        ("ppo: 5", "ppo: must be a mapping of settings, got 5"),
        ("ppo:", "ppo: must be a mapping of settings, got None"),
        ("- 1", "must be a mapping of settings, got [1]"),
        ("ppo: {learning_rate: .nan}", "ppo.learning_rate: must be finite, got nan"),
        ("ppo: {learning_rate: .inf}", "ppo.learning_rate: must be finite, got inf"),
        ("ppo: {learning_rate: 0}", "ppo.learning_rate: must be > 0, got 0"),
        ("ppo: {entropy_coef: -1}", "ppo.entropy_coef: must be >= 0, got -1"),
        ("ppo: {gae_lambda: 1.1}", "ppo.gae_lambda: must be <= 1, got 1.1"),
        ("ppo: {minibatch_size: 1}", "ppo.minibatch_size: must be >= 2, got 1"),
        ("imitation: {problems: -1}", "imitation.problems: must be >= 0, got -1"),
        ("imitation: {swaps: -1}", "imitation.swaps: must be >= 0, got -1"),
        ("imitation: {max_families: 0}", "imitation.max_families: must be > 0, got 0"),
        (
            "task: {shops: [cubic]}",
            "task.shops: must be among long_tailed, flat, flow, reentrant, ",
        ),
        ("task: {weights: all}", "task.weights: must be sliders or makespan, got 'all'"),
        ("task: {varied_share: -1}", "task.varied_share: must be in [0, 1], got -1"),
        ("imitation: {epochs: 0}", "imitation.epochs: must be > 0, got 0"),
        ("task: {min_families: 9, max_families: 8}", "task.min_families: must be >= 1 and <= task"),
        ("task: {fixed_share: 2}", "task.fixed_share: must be in [0, 1], got 2"),
        ("network: {dropout: 1}", "dropout: must be in [0, 1), got 1"),
        ("timesteps: 0", "timesteps: must be >= 1, got 0"),
        ("timesteps: 9999999999999", "timesteps: must be <= 1,000,000,000,000, got 9,999,999,999,"),
        (
            "ppo: {problems_per_update: 100000000}",
            "ppo.problems_per_update: times ppo.rollouts_per_problem must be <= 8,192, got 800,000",
        ),
        ("ppo: {gradient_parts: 9999}", "ppo.gradient_parts: must be <= 1,024, got 9,999"),
        ("ppo: {epochs: 1001}", "ppo.epochs: must be <= 1,000, got 1,001"),
        ("imitation: {problems: 10000000}", "imitation.problems: must be <= 100,000, got 10,000,"),
        ("task: {max_families: 60001}", "task.max_families: must be <= 60,000, got 60,001"),
        ("device: {threads: 9999}", "device.threads: must be <= 1,024, got 9,999"),
        ("device: {cuda_minibatch_size: 1000001}", "device.cuda_minibatch_size: must be <= 1,000,"),
        ("validation_problems: 1001", "validation_problems: must be <= 1,000, got 1,001"),
        (
            "validation_sizes: [1000000]",
            "validation_sizes: must be one or more, each from 1 to 60,000, got (1000000,)",
        ),
        ("validation_sizes: []", "validation_sizes: must be one or more, each from 1 to 60,000"),
        ("seed: -1", "seed: must be >= 0 and below 2**63, got -1"),
        (
            "seed: 9223372036854775808",
            "seed: must be >= 0 and below 2**63, got 9223372036854775808",
        ),
        ("ppo: {", "cannot be read"),
    ],
)
def test_load_config_of_a_faulty_file_names_setting_and_rule(
    tmp_path: Path, text: str, message: str
) -> None:
    """Unknown, of another type, out of range, or no mapping at all."""
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_load_config_without_its_file_or_with_bytes_names_the_path(tmp_path: Path) -> None:
    """A missing file, and one that is no text."""
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read"):
        load_config(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary\.yaml: cannot be read"):
        load_config(tmp_path / "binary.yaml")


def test_load_config_override_below_a_value_is_refused() -> None:
    """``ppo`` cannot be both a number and a group of settings."""
    with pytest.raises(ConfigError, match="ppo: must be a mapping of settings, got 5"):
        load_config(None, {"ppo": 5, "ppo.epochs": 1})


@given(seed=st.integers(0, 2**32), share=st.floats(0, 1))
def test_sample_weights_are_always_legal_and_want_something(seed: int, share: float) -> None:
    """Whatever is drawn, finishing late costs points: there is something to learn."""
    weights = sample_weights(np.random.default_rng(seed), share)
    assert weights.late_penalty_per_day < 0
    assert weights == RewardWeights.from_mapping(weights.to_dict())


@pytest.mark.parametrize("weights", [RewardWeights(), RewardWeights(early_bonus_per_day=0)])
def test_teacher_actor_replays_the_best_rule_to_the_second(weights: RewardWeights) -> None:
    """A rule's schedule is active where machines are fixed, so delta 1 offers all its choices."""
    rng = np.random.default_rng(0)
    jobs = [
        (random_problem(rng, locks=False, flexible=False, max_families=8), weights)
        for _ in range(100)
    ]
    tasks, plans = make_tasks(jobs), [find_plan(Lesson(job, swaps=0)) for job in jobs]
    returns = collect_rollout(tasks, TeacherActor(tasks, plans)).returns()
    start = np.concatenate([plan.start for plan in plans])
    assert np.array_equal(tasks.batch.state.placed["start"], start)
    cost = -returns * tasks.unit
    planned = np.array([plan.cost for plan in plans])
    best = np.array([delay_cost(p, best_rule(p, w), w) for p, w in jobs])
    assert cost == pytest.approx(planned, rel=1e-4, abs=1e-4 * tasks.unit.max())
    assert (best <= planned + 1e-6).all()
    assert (planned <= tasks.edd_cost + 1e-6).all()
    assert np.isclose(best, planned).mean() > 0.8


def test_imitation_learns_what_the_teacher_does() -> None:
    """Fifteen passes over the same shops bring the cross-entropy from that of chance well down."""
    rng, network = np.random.default_rng(0), untrained(spread=0.01)
    jobs = [(generate_problem(20, rng), RewardWeights()) for _ in range(15)]
    tasks, plans = make_tasks(jobs), [find_plan(Lesson(job, swaps=0)) for job in jobs]
    rollout = collect_rollout(tasks, TeacherActor(tasks, plans))
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    ppo = PPOConfig(minibatch_size=64)
    losses = [imitate(network, optimizer, Lessons.of(rollout), ppo, rng) for _ in range(15)]
    uniform = rollout.decisions.counts.float().log().mean().item()
    assert losses[0] < uniform * 1.05
    assert losses[-1] < losses[0] * 0.7


def run(folder: Path, config: TrainingConfig = TINY, **options: Any) -> list[dict[str, Any]]:
    """Train and return the lines of the metrics."""
    train(config, folder, **options)
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_constant=refuse) for line in lines]


def refuse(constant: str) -> None:
    """Refuse what JSON has no word for."""
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """Return the folder and the metrics of a tiny training run."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return folder, run(folder)


def test_train_leaves_settings_status_metrics_and_checkpoints(
    tiny_run: tuple[Path, list[dict[str, Any]]],
) -> None:
    """Everything that outlives the process is in the folder and can be read."""
    folder, metrics = tiny_run
    assert load_config(folder / "config.yaml") == TINY
    status = json.loads((folder / "status.json").read_text(), parse_constant=refuse)
    assert status["state"] == "finished"
    validated = [line["to_best_rule"] for line in metrics if "to_best_rule" in line]
    assert status["best_to_best_rule"] == min(validated)
    for name, ratio in (("best", min(validated)), ("last", validated[-1])):
        policy = PPOScheduler.load(folder / "checkpoints" / f"{name}.safetensors")
        assert policy.record["metrics"]["to_best_rule"] == ratio
        assert policy.record["config"]["seed"] == TINY.seed
        assert policy.network.config == TINY.network


def test_train_metrics_move_on_within_each_phase(
    tiny_run: tuple[Path, list[dict[str, Any]]],
) -> None:
    """Teachers, imitation, then PPO; each counts up to what was asked for."""
    metrics = tiny_run[1]
    phases = ["teacher", "imitation", "ppo"]
    assert list(dict.fromkeys(line["phase"] for line in metrics)) == phases
    by_phase = {phase: [line for line in metrics if line["phase"] == phase] for phase in phases}
    for lines in by_phase.values():
        assert all(before["timestep"] < after["timestep"] for before, after in pairwise(lines))
    assert by_phase["teacher"][-1]["timestep"] == TINY.imitation.problems
    assert len(by_phase["imitation"]) == TINY.imitation.epochs
    steps = [0, *(line["timestep"] for line in by_phase["ppo"])]
    assert steps[-1] >= TINY.timesteps > steps[-2]
    assert "to_best_rule" in by_phase["imitation"][-1]
    assert "to_best_rule" in by_phase["ppo"][-1]


def test_train_with_the_same_seed_repeats_and_with_another_does_not(
    tmp_path: Path, tiny_run: tuple[Path, list[dict[str, Any]]]
) -> None:
    """Everything random hangs on the seed, and the listener hears what is written."""
    heard: list[Progress] = []
    assert run(tmp_path / "same", listener=heard.append) == tiny_run[1]
    assert run(tmp_path / "other", replace(TINY, seed=4)) != tiny_run[1]
    assert [(each.phase, each.timestep) for each in heard] == [
        (line["phase"], line["timestep"]) for line in tiny_run[1]
    ]


def test_train_from_a_checkpoint_skips_the_warm_start(tmp_path: Path) -> None:
    """With a step size of nearly nothing the last policy is the one it started from."""
    start = tmp_path / "start.safetensors"
    policy = untrained_scheduler(9)
    policy.save(start)
    still = replace(TINY, ppo=replace(TINY.ppo, learning_rate=1e-30))
    metrics = run(tmp_path / "run", still, init=start)
    last = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.safetensors")
    assert {line["phase"] for line in metrics} == {"ppo"}
    assert last.record["init_sha256"] == load_checkpoint(start).sha256
    assert last.network.config == policy.network.config
    for name, tensor in policy.network.state_dict().items():
        assert torch.allclose(last.network.state_dict()[name], tensor, rtol=0, atol=1e-20)


def test_train_from_a_missing_checkpoint_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """A run that cannot start leaves no folder behind."""
    with pytest.raises(CheckpointError):
        train(TINY, tmp_path / "run", init=tmp_path / "absent")
    assert not (tmp_path / "run").exists()


def test_train_on_data_draws_its_snapshots_only(tmp_path: Path) -> None:
    """With ``data`` nothing is generated."""
    rng, paths, given = np.random.default_rng(0), [], []
    for name in ("a", "b"):
        problem = generate_problem(4, rng)
        paths.append(str(tmp_path / f"{name}.json"))
        write_snapshot(snapshot_from_problem(problem), paths[-1])
        given.append({family.id for family in problem.families})
    draw = job_source(TaskConfig(data=tuple(paths)))
    drawn = [{family.id for family in draw(rng)[0].families} for _ in range(30)]
    assert all(ids in given for ids in drawn)
    assert all(ids in drawn for ids in given)


def test_train_on_data_without_a_decision_is_refused(tmp_path: Path) -> None:
    """A shop where everything is done teaches nothing."""
    path = tmp_path / "done.json"
    write_snapshot(snapshot_from_problem(Problem((), (Machine("M"),))), path)
    with pytest.raises(ProblemError, match=r"done\.json: needs at least one task that is not loc"):
        job_source(TaskConfig(data=(str(path),)))


def first_families(problem: Problem) -> tuple[Any, ...]:
    """Return what tells generated problems of one size apart, names left out."""
    return tuple((family.due, family.tasks) for family in problem.families)


@pytest.mark.parametrize("seed", [0, 1, 2025])
def test_training_problems_are_those_of_the_training_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The trainer draws from the stream for training, so it meets no sample and no test problem."""
    drawn: list[Problem] = []
    collect = collector_module.collect_part

    def remembering(part: Any) -> Any:
        drawn.extend(problem for problem, _ in part.jobs)
        return collect(part)

    config = replace(TINY, seed=seed, timesteps=1, task=TaskConfig(min_families=6, max_families=6))
    monkeypatch.setattr(collector_module, "collect_part", remembering)
    one_thread = replace(config, device=DeviceConfig(threads=1))
    run(tmp_path / "run", replace(one_thread, imitation=ImitationConfig(problems=0)))
    own, draw = problem_stream("train", seed, PROBLEMS, 0), job_source(config.task)
    assert drawn == [draw(own)[0] for _ in drawn]
    trained = {first_families(problem) for problem in drawn}
    assert trained
    assert all(
        first_families(generate_problem(6, problem_stream(purpose, other))) not in trained
        for purpose in ("sample", "validation", "test")
        for other in (*TEST_SEEDS, seed)
    )


def test_validation_is_the_same_for_every_run() -> None:
    """Runs can be compared whatever their seed and settings."""
    other_run = replace(TINY, seed=TINY.seed + 1, timesteps=7, ppo=PPOConfig())
    one, other = (Validation.of(config, LocalExecutor(2)).sets for config in (TINY, other_run))
    assert {"default/40", "late_only/100", "any/20-80"} < set(one)
    for name, tasks in one.items():
        assert np.array_equal(tasks.batch.arrays.modes, other[name].batch.arrays.modes)
        assert np.array_equal(tasks.unit, other[name].unit)


def test_a_run_for_the_makespan_draws_standard_shops_and_nothing_else_counts() -> None:
    """Every task on its machine or a few, and weights that make of the makespan all there is."""
    task = TaskConfig(
        min_families=6, max_families=9, shops=("job_shop", "flexible_job_shop"), weights="makespan"
    )
    draw, rng = job_source(task), np.random.default_rng(0)
    jobs = [draw(rng) for _ in range(20)]
    assert {weights for _, weights in jobs} == {MAKESPAN_WEIGHTS}
    assert {6, 9} <= {len(problem.families) for problem, _ in jobs}
    options = [max(len(t.machines) for f in p.families for t in f.tasks) for p, _ in jobs]
    assert min(options) == 1 < max(options)
    validation = Validation.of(replace(TINY, task=task), LocalExecutor())
    assert set(validation.sets) == {"job_shop/15x15", "job_shop/30x15", "flexible/15x8"}


def test_annealing_makes_better_teachers() -> None:
    """Than the rules they start from, on each of some shops, and on the whole by far."""
    rng = np.random.default_rng(5)
    jobs = [(generate_problem(20, rng), RewardWeights()) for _ in range(6)]
    costs = []
    for swaps in (0, 20_000):
        plans = LocalExecutor(2).map(find_plan, [Lesson(job, swaps) for job in jobs])
        tasks = make_tasks(jobs)
        costs.append(-collect_rollout(tasks, TeacherActor(tasks, plans)).returns())
    assert (costs[1] <= costs[0] * 1.01).all()
    assert costs[1].mean() < 0.95 * costs[0].mean()


def test_normalise_by_problem_equals_arithmetic_by_hand() -> None:
    """Two problems of two rollouts each, the second with ten times the spread; one step is over."""
    alive = np.array([[True, True, True, True], [True, False, True, True]])
    advantages = np.array([[1.0, 2.0, 10.0, 20.0], [6.0, 0.0, 30.0, 40.0]], np.float32)
    relative = normalise_by_problem(advantages, alive, 2)
    one, other = np.array([1.0, 2.0, 6.0]), np.array([10.0, 20.0, 30.0, 40.0])
    assert relative[:, :2][alive[:, :2]] == pytest.approx((one - 3) / one.std(), abs=1e-6)
    assert relative[:, 2:].ravel() == pytest.approx((other - 25) / other.std(), abs=1e-6)
    assert relative[1, 1] == 0


def test_normalise_by_problem_leaves_small_what_hardly_matters() -> None:
    """A problem of all but equal choices is not blown up to the size of the others."""
    alive = np.ones((2, 4), np.bool_)
    advantages = np.array([[0.0, 1e-6, -1.0, 1.0], [0.0, 0.0, 1.0, -1.0]], np.float32)
    assert abs(normalise_by_problem(advantages, alive, 2)[:, :2]).max() < 1e-4


def test_train_in_a_directory_that_holds_a_run_is_refused(tmp_path: Path) -> None:
    """The lines of two runs in one file of metrics would tell nothing."""
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    with pytest.raises(ConfigError, match="already holds a run; name another folder, or resume"):
        run(tmp_path, TINY)
    assert (tmp_path / "config.yaml").read_text() == "seed: 1\n"


def test_the_mean_of_parameters_is_kept_not_the_last_ones(tmp_path: Path) -> None:
    """With a mean that hardly moves, what is saved after a large step is what was before it."""
    start = tmp_path / "start.safetensors"
    policy = untrained_scheduler(9)
    policy.save(start)
    wild = replace(TINY.ppo, learning_rate=1.0, averaging=1 - 1e-9)
    run(tmp_path / "mean", replace(TINY, ppo=wild), init=start)
    run(tmp_path / "last", replace(TINY, ppo=replace(wild, averaging=0.0)), init=start)
    before = torch.cat([each.ravel() for each in policy.network.parameters()])
    for name, moved in (("mean", False), ("last", True)):
        network = load_checkpoint(tmp_path / name / "checkpoints" / "last.safetensors").network
        after = torch.cat([each.detach().ravel() for each in network.parameters()])
        assert bool((after - before).abs().max() > 0.1) is moved


def test_teachers_of_problems_that_a_rule_solves_gain_nothing(tmp_path: Path) -> None:
    """On the smallest sample rules may have no delay cost at all: a ratio of 1, not a failure."""
    easy = replace(TINY, task=replace(TINY.task, data=("data/10_jobs.json",)))
    assert train(easy, tmp_path, until=1).state == "stopped"
    first = (tmp_path / "metrics.jsonl").read_text().splitlines()[0]
    assert json.loads(first)["cost_to_rule"] == 1.0
