"""Executors: the same results here, and on a real cluster of two nodes."""

from __future__ import annotations

import csv
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from scheduler_core import cluster as cluster_module
from scheduler_core.cli import main
from scheduler_core.cluster import RayExecutor, make_executor
from scheduler_core.errors import ConfigError, ExecutorError, Fault, ProblemError
from scheduler_core.executors import Executor, LocalExecutor
from scheduler_core.generator import generate_problem, generate_snapshot, problem_stream
from scheduler_core.objective import RewardWeights, delay_cost
from scheduler_core.policy import load_checkpoint
from scheduler_core.rules import dispatch
from scheduler_core.snapshot import write_snapshot
from scheduler_core.training import RunFolder
from scheduler_core.training.config import config_yaml
from scheduler_core.tuning import SweepSettings, parse_space, run_sweep, start_sweep
from tests.builders import untrained_scheduler
from tests.clusters import RunningCluster, cluster, end_node, free_port, start_node
from tests.test_training import TINY

# Ray's processes have limits of their own for how long each waits for another. A second try is
# told of in the summary.
pytestmark = pytest.mark.flaky(reruns=1)

SECONDS = 30
"""Most that a test waits for the cluster to do what takes it less than one."""


def test_make_executor_without_an_address_needs_no_ray() -> None:
    """Nothing that one machine needs imports Ray, or Optuna."""
    program = (
        "import sys\n"
        "import scheduler_core.cli.main, scheduler_core.training, scheduler_core.evaluation\n"
        "import scheduler_core.tuning\n"
        "from scheduler_core.cluster import make_executor\n"
        "assert make_executor('', 2).map(abs, [-1, 2]) == [1, 2]\n"
        "print({'ray', 'optuna'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize(
    "address", ["local", "head", "head:", "http://head:1", "ray://head", "a b:1", "ray://u@h:1"]
)
def test_make_executor_of_another_kind_of_address_is_refused(address: str) -> None:
    """Before Ray is imported."""
    with pytest.raises(ConfigError, match="must be empty, auto, HOST:PORT or ray://HOST:PORT"):
        make_executor(address, 1)


def test_make_executor_without_ray_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence, not in an ImportError."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"not installed; install the extra with pip install"):
        make_executor("auto", 1)


@pytest.mark.parametrize("kind", ["{}", "ray://{}", "auto"])
def test_make_executor_where_no_cluster_answers_says_so_at_once(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray itself would try for a minute, and end in a traceback."""
    pytest.importorskip("ray")
    place = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("RAY_ADDRESS", place)
    begin = time.monotonic()
    with pytest.raises(ExecutorError, match=r"cannot be reached \(.*refused\); start it") as caught:
        make_executor(kind.format(place), 1)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - begin < SECONDS


def test_make_executor_with_a_port_beyond_all_ports_says_so() -> None:
    """A number of five digits need not be a port."""
    pytest.importorskip("ray")
    with pytest.raises(ExecutorError, match=r"cannot be reached \(Port out of range"):
        make_executor("127.0.0.1:99999", 1)


@pytest.mark.parametrize("aborted", [0, 1, 2, 3])
def test_make_executor_where_the_server_of_a_client_dies_asks_again(
    aborted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice: each attempt has a new server. After that, it says what the cluster said."""
    ray = pytest.importorskip("ray")
    answers = [*[ConnectionAbortedError("Starting Ray client server failed")] * aborted, None]
    monkeypatch.setattr(ray, "init", Mock(side_effect=answers))
    monkeypatch.setattr(cluster_module, "_probe", lambda _: None)
    monkeypatch.setattr(cluster_module, "_connected", [])
    if aborted < 3:
        make_executor("ray://head:10001", 1)
    else:
        with pytest.raises(ExecutorError, match=r"reached \(Starting Ray client server failed\)"):
            make_executor("ray://head:10001", 1)
    assert ray.init.call_count == min(aborted + 1, cluster_module.CONNECT_ATTEMPTS)


def test_problem_error_is_the_same_after_pickling() -> None:
    """A node tells of faults as this machine would."""
    error = ProblemError([Fault("a", "b"), Fault("c", "d")])
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.faults, str(again)) == (ProblemError, error.faults, str(error))


@pytest.fixture(scope="module")
def running() -> Iterator[RunningCluster]:
    """Return a cluster of two nodes, both of which are ready."""
    pytest.importorskip("ray")
    with cluster(nodes=2) as here:
        executor = RayExecutor(here.address)
        wait_for_nodes(2)
        yield here
        executor.close()


def wait_for_nodes(count: int) -> set[str]:
    """Return the nodes of the cluster that this process is connected to, when they are so many."""
    import ray

    deadline = time.monotonic() + 2 * SECONDS
    while len(alive := {node["NodeID"] for node in ray.nodes() if node["Alive"]}) < count:
        assert time.monotonic() < deadline, f"only {len(alive)} nodes have joined"
        time.sleep(0.1)
    return alive


@pytest.fixture(params=["address", "client"], scope="module")
def executor(request: pytest.FixtureRequest, running: RunningCluster) -> RayExecutor:
    """Return the cluster as its own machines reach it, and as any other does."""
    made = make_executor(getattr(running, request.param), 1)
    assert isinstance(made, RayExecutor)
    return made


def node_of(_: int) -> str:
    """Return the node that this runs on, after a while that keeps it busy."""
    import ray

    time.sleep(0.05)
    return str(ray.get_runtime_context().get_node_id())


def rule_costs(rule: str, seed: int) -> tuple[tuple[object, ...], float]:
    """Return the schedule of a generated problem by a rule, and what its delays cost."""
    problem = generate_problem(12, problem_stream("test", seed))
    schedule = dispatch(problem, rule)
    return tuple(schedule), delay_cost(problem, schedule, RewardWeights())


def raise_for(number: int) -> int:
    """Return small numbers, and raise for others."""
    if number == 2:
        raise ConfigError("number: must be small, got 2")
    if number == 3:
        raise ProblemError([Fault("number", "must be small"), Fault("3", "is not")])
    return number


def counted(number: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return an array."""
    return np.arange(number)


def torch_threads(_: int) -> int:
    """Return how many threads PyTorch would take."""
    import torch

    return torch.get_num_threads()


def wait_and_mark(folder: Path, number: int) -> None:
    """Leave a file that says that this has begun, and another, much later, that it has ended."""
    (folder / f"begun-{number}").touch()
    for _ in range(100):
        time.sleep(0.1)
    (folder / f"ended-{number}").touch()


@pytest.mark.slow
def test_ray_executor_uses_every_node_and_keeps_the_order(executor: RayExecutor) -> None:
    """Forty tasks on two cores."""
    assert len(set(executor.map(node_of, range(40)))) == 2
    assert executor.map(abs, range(0, -40, -1)) == list(range(40))
    assert executor.map(abs, []) == []


@pytest.mark.slow
def test_ray_executor_makes_the_schedules_that_this_machine_makes(executor: RayExecutor) -> None:
    """Generated problems by two rules, to the second and to the last bit of their cost."""
    for rule in ("edd", "atc"):
        work = partial(rule_costs, rule)
        assert executor.map(work, range(12)) == LocalExecutor(2).map(work, range(12))


@pytest.mark.slow
def test_training_with_rollouts_on_a_cluster_is_training_here(
    running: RunningCluster, tmp_path: Path
) -> None:
    """Teachers and rollouts come from two nodes; metrics are the same to the byte, weights too."""
    config = tmp_path / "tiny.yaml"
    config.write_text(config_yaml(TINY))
    for name, address in (("here", ""), ("there", running.client)):
        train = ["train", "--config", str(config), "--run", str(tmp_path / name)]
        assert main([*train, "--set", f"cluster.address='{address}'"]) == 0
    here, there = (RunFolder(tmp_path / name) for name in ("here", "there"))
    assert there.metrics.read_bytes() == here.metrics.read_bytes()
    ours, theirs = (
        load_checkpoint(each.checkpoint("last")).network.state_dict() for each in (here, there)
    )
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


@pytest.mark.slow
def test_evaluation_on_a_cluster_is_evaluation_here(
    running: RunningCluster, tmp_path: Path
) -> None:
    """A policy and a rule on three snapshots, schedules drawn from the policy among them."""
    paths = [str(tmp_path / f"{seed}.json") for seed in range(3)]
    for seed, path in enumerate(paths):
        write_snapshot(generate_snapshot(9, seed), path)
    untrained_scheduler(9).save(tmp_path / "policy")
    lines = []
    for address in ("", running.client):
        evaluate = ["evaluate", "--data", *paths, "--model", str(tmp_path / "policy")]
        evaluate += ["--episodes", "2", "--csv", str(tmp_path / "table.csv"), "--address", address]
        assert main(evaluate) == 0
        with (tmp_path / "table.csv").open(encoding="utf-8") as file:
            lines.append(list(csv.DictReader(file)))
        for line in lines[-1]:
            del line["runtime_seconds"]
    assert len(lines[0]) > 9
    assert lines[0] == lines[1]


@pytest.mark.slow
def test_a_sweep_on_a_cluster_is_the_sweep_here(running: RunningCluster, tmp_path: Path) -> None:
    """Runs are trained on nodes that know nothing of its folder, and end up in it."""
    space = parse_space({"ppo.learning_rate": [1e-2, 1e-4]}, None)
    settings = SweepSettings(space, "grid", pruner="none", rungs=2, parallel=2)
    executors = {"here": LocalExecutor(1), "there": make_executor(running.address, 1)}
    trials = []
    for name, executor in executors.items():
        start_sweep(TINY, settings, tmp_path / name / "sweep")
        result = run_sweep(tmp_path / name / "sweep", executor, carry=name == "there")
        trials.append([(each.number, each.settings, each.rungs) for each in result.trials])
    assert trials[0] == trials[1]
    for number in range(2):
        here, there = (
            RunFolder(tmp_path / name / "sweep" / f"trial-{number}") for name in executors
        )
        assert there.metrics.read_bytes() == here.metrics.read_bytes()
        assert there.checkpoint("best").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "kind"), [(2, ConfigError), (3, ProblemError)])
def test_executors_raise_what_the_work_raises(
    executor: RayExecutor, number: int, kind: type[Exception]
) -> None:
    """The same error with the same words, wherever it was found."""
    runners: list[Executor] = [executor, LocalExecutor(1)]
    told = []
    for runner in runners:
        with pytest.raises(kind) as caught:
            runner.map(raise_for, [0, 1, number])
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


@pytest.mark.slow
def test_ray_executor_drops_the_work_when_check_raises(
    executor: RayExecutor, tmp_path: Path
) -> None:
    """What has begun is interrupted, and what has not never begins."""

    def check() -> None:
        if len(list(tmp_path.glob("begun-*"))) >= 2:
            raise TimeoutError("enough")

    with pytest.raises(TimeoutError, match="enough"):
        executor.map(partial(wait_and_mark, tmp_path), range(6), check)
    assert executor.map(abs, [-1, -2]) == [1, 2]  # the cores are free again
    assert len(list(tmp_path.glob("begun-*"))) == 2
    assert not list(tmp_path.glob("ended-*"))


@pytest.mark.slow
def test_ray_executor_gives_each_task_one_thread(executor: RayExecutor) -> None:
    """A node runs as many tasks as it has cores, and each would otherwise want all of them."""
    assert executor.map(torch_threads, range(2)) == [1, 1]


@pytest.mark.slow
def test_ray_executor_returns_arrays_that_can_be_written_to(executor: RayExecutor) -> None:
    """As a function called here would."""
    (array,) = executor.map(counted, [100_000])
    array[0] = 7
    assert array.sum() == np.arange(100_000).sum() + 7


@pytest.mark.slow
def test_ray_executor_refuses_nodes_with_other_sources(
    executor: RayExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They could have other results, and nobody would see it."""
    monkeypatch.setattr(cluster_module, "sources_digest", lambda: "of another commit")
    with pytest.raises(ExecutorError, match="has another version of scheduler_core than"):
        executor.map(abs, [1])


@pytest.mark.slow
def test_ray_executor_says_what_a_node_cannot_import(
    executor: RayExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function of a module that is here and not there."""
    (tmp_path / "only_here.py").write_text("def same(value):\n    return value\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here  # type: ignore[import-not-found]

    with pytest.raises(ExecutorError, match=r"cannot run the work \(.*only_here") as caught:
        executor.map(only_here.same, [1])
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_ray_executor_keeps_what_sigterm_does(running: RunningCluster) -> None:
    """Ray would exit at once; a run in training wants to write its state first."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        RayExecutor(running.client).close()
        RayExecutor(running.address)
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def slow_square(folder: Path, number: int) -> int:
    """Return the square, after a while, having said where this runs."""
    (folder / node_of(number)).touch()
    time.sleep(0.5)
    return number**2


@pytest.mark.slow
def test_ray_executor_runs_again_what_was_lost_with_a_node(
    running: RunningCluster, tmp_path: Path
) -> None:
    """A third node is killed while it works; nothing is missing in the end."""
    executor = RayExecutor(running.client)
    before = wait_for_nodes(2)
    third = start_node(running)
    try:
        (node,) = wait_for_nodes(3) - before

        def kill() -> None:
            if (tmp_path / node).exists() and third.poll() is None:
                end_node(third, gently=False)

        squares = executor.map(partial(slow_square, tmp_path), range(9), kill)
        assert squares == [number**2 for number in range(9)]
        assert third.poll() is not None
    finally:
        end_node(third)
