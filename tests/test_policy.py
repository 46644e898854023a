"""The learned dispatcher: its network's laws, its decisions, its checkpoints, its devices."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from safetensors.torch import save

from scheduler_core.env import SchedulingEnv
from scheduler_core.errors import CheckpointError, ConfigError, DeviceError
from scheduler_core.objective import RewardWeights
from scheduler_core.observation import (
    FEATURE_VERSION,
    NUM_CANDIDATE_FEATURES,
    NUM_CONTEXT_FEATURES,
)
from scheduler_core.policy import (
    NetworkConfig,
    PPOScheduler,
    choose_device,
    load_checkpoint,
    save_checkpoint,
)
from scheduler_core.policy.network import segment_entropy, segment_log_softmax
from scheduler_core.problem import Machine, Problem
from scheduler_core.validation import validate
from tests.builders import HOUR, can_place, one_machine, untrained, untrained_scheduler
from tests.properties.strategies import problems, random_problem

LATE_ONLY = RewardWeights(early_bonus_per_day=0)


def batch(counts: list[int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return random decisions with the given numbers of candidates."""
    torch.manual_seed(seed)
    return (
        torch.randn(sum(counts), NUM_CANDIDATE_FEATURES),
        torch.randn(len(counts), NUM_CONTEXT_FEATURES),
        torch.tensor(counts),
    )


@torch.no_grad()
def test_network_on_a_ragged_batch_equals_one_decision_at_a_time() -> None:
    """Decisions of 3, 1, 7 and 2 candidates do not see each other."""
    network = untrained()
    candidates, context, counts = batch([3, 1, 7, 2])
    scores, values = network(candidates, context, counts)
    first = 0
    for i, count in enumerate(counts.tolist()):
        rows = candidates[first : first + count]
        alone, value = network(rows, context[i : i + 1], counts[i : i + 1])
        assert alone.tolist() == pytest.approx(scores[first : first + count].tolist(), abs=1e-5)
        assert value.item() == pytest.approx(values[i].item(), abs=1e-5)
        first += count


@torch.no_grad()
def test_network_with_candidates_in_another_order_gives_scores_in_that_order() -> None:
    """The set decides, not its order: scores move with their rows, the value stays."""
    network = untrained()
    candidates, context, counts = batch([9])
    order = torch.randperm(9)
    scores, value = network(candidates, context, counts)
    moved, same = network(candidates[order], context, counts)
    assert moved.tolist() == pytest.approx(scores[order].tolist(), abs=1e-5)
    assert same.item() == pytest.approx(value.item(), abs=1e-5)
    assert scores.std() > 0.01


@torch.no_grad()
def test_network_with_every_candidate_twice_gives_the_same_scores_and_value() -> None:
    """Candidates are pooled by their mean, so that no number of them is out of scale."""
    network = untrained()
    candidates, context, counts = batch([5])
    scores, value = network(candidates, context, counts)
    doubled, same = network(candidates.repeat(2, 1), context, 2 * counts)
    assert doubled.tolist() == pytest.approx(scores.tolist() * 2, abs=1e-5)
    assert same.item() == pytest.approx(value.item(), abs=1e-5)


def test_log_softmax_of_segments_sums_to_one_even_for_huge_scores() -> None:
    """Probabilities of each decision sum to 1; scores of a thousand do not overflow."""
    scores = torch.tensor([1000.0, 999.0, -1000.0, 0.0, 5.0, 5.0])
    counts = torch.tensor([3, 1, 2])
    probs = segment_log_softmax(scores, counts).exp()
    assert probs.tolist() == pytest.approx(
        [1 / (1 + math.exp(-1)), 1 / (1 + math.e), 0, 1, 0.5, 0.5], abs=1e-6
    )


def test_entropy_of_equal_scores_is_that_of_the_number_of_candidates() -> None:
    """exp(entropy) == number of candidates where all are equally likely."""
    counts = torch.tensor([1, 2, 5, 100])
    log_probs = segment_log_softmax(torch.full((108,), 3.0), counts)
    assert segment_entropy(log_probs, counts).exp().tolist() == pytest.approx([1, 2, 5, 100])


def test_predict_of_an_untrained_policy_is_legal_on_any_features() -> None:
    """Only rows of legal tasks are looked at, whatever the others hold."""
    policy, rng = untrained_scheduler(), np.random.default_rng(0)
    for _ in range(50):
        mask = rng.random(30) < 0.3
        mask[rng.integers(30)] = True
        observation: Any = {
            "action_mask": mask.astype(np.int8),
            "candidates": rng.normal(size=(30, NUM_CANDIDATE_FEATURES)).astype(np.float32),
            "context": rng.normal(size=NUM_CONTEXT_FEATURES).astype(np.float32),
        }
        action = policy.predict(observation)
        assert mask[action]
        observation["candidates"][~mask] = np.nan
        assert policy.predict(observation, mask) == action


def test_predict_with_a_narrower_mask_obeys_the_mask() -> None:
    """A caller may forbid what the environment would allow."""
    policy = untrained_scheduler()
    observation, info = SchedulingEnv(one_machine([HOUR, 2 * HOUR, 3 * HOUR])).reset()
    free = policy.predict(observation)
    mask = info["action_mask"].copy()
    mask[free] = False
    assert policy.predict(observation, mask) in np.flatnonzero(mask)


def test_predict_without_a_legal_action_is_refused() -> None:
    """At the end of an episode there is nothing to choose."""
    env = SchedulingEnv(one_machine([HOUR]))
    env.reset()
    observation = env.step(0)[0]
    with pytest.raises(ConfigError, match="action_mask: must allow at least one action, got none"):
        untrained_scheduler().predict(observation)


@given(problem=problems(own_times=90), seed=st.integers(0, 3), choose=st.booleans())
def test_predict_in_the_environment_makes_the_schedule_of_schedule(
    problem: Problem, seed: int, choose: bool
) -> None:
    """Two ways to the same decisions, action by action; and the schedule is valid."""
    assume(can_place(problem))
    record = {"config": {"task": {"choose_machines": choose}}}
    policy = PPOScheduler(untrained(seed), record)
    env = SchedulingEnv(problem, weights=LATE_ONLY, choose_machines=choose)
    observation, _ = env.reset()
    done = False
    while not done:
        observation, _, done, _, _ = env.step(policy.predict(observation))
    made = policy.schedule(problem, LATE_ONLY)
    assert made.tasks == env.schedule().tasks
    assert made.method == "ppo"
    assert validate(problem, made) == []


@pytest.mark.parametrize(
    "problem",
    [
        Problem((), (Machine("M"),)),
        one_machine([HOUR]),
        random_problem(np.random.default_rng(0), min_families=90, max_families=90, max_machines=1),
        random_problem(np.random.default_rng(1), min_families=60, max_families=60, max_machines=70),
    ],
    ids=["no family", "one task", "90 families on a machine", "60 families"],
)
def test_schedule_of_any_size_is_valid_and_repeats(problem: Problem) -> None:
    """One network serves every number of families and machines."""
    policy = untrained_scheduler()
    made = policy.schedule(problem)
    assert validate(problem, made) == []
    assert policy.schedule(problem).tasks == made.tasks


def test_schedule_under_other_weights_may_differ() -> None:
    """The policy is told the objective; a random one reacts to it somewhere."""
    policy, rng = untrained_scheduler(), np.random.default_rng(0)
    shops = [random_problem(rng, min_families=5) for _ in range(20)]
    assert any(policy.schedule(p).tasks != policy.schedule(p, LATE_ONLY).tasks for p in shops)


def test_checkpoint_round_trip_keeps_schedule_record_and_hash(tmp_path: Path) -> None:
    """What is loaded decides as what was saved, and saved again it is the same file."""
    policy = untrained_scheduler()
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    policy.save(first)
    loaded = PPOScheduler.load(first)
    loaded.save(second)
    problem = random_problem(np.random.default_rng(5), min_families=5)
    assert loaded.schedule(problem).tasks == policy.schedule(problem).tasks
    assert policy.record.items() <= loaded.record.items()
    assert PPOScheduler.load(second).record == loaded.record
    assert loaded.sha256 == policy.sha256 == hashlib.sha256(second.read_bytes()).hexdigest()
    assert second.read_bytes() == first.read_bytes()


def test_checkpoint_names_versions_and_network(tmp_path: Path) -> None:
    """The record says what a reader must know before it reads the weights."""
    path = tmp_path / "p.safetensors"
    config = NetworkConfig(hidden_sizes=(4, 5, 6), layer_norm=False, dropout=0.25)
    save_checkpoint(untrained(config=config), {"seed": 7}, path)
    checkpoint = load_checkpoint(path)
    assert checkpoint.network.config == config
    assert not checkpoint.network.training
    assert checkpoint.record["seed"] == 7
    assert {"format_version", "feature_version", "network"} <= set(checkpoint.record)


@pytest.fixture
def good(tmp_path: Path) -> bytes:
    """Return the bytes of a good checkpoint."""
    path = tmp_path / "good.safetensors"
    save_checkpoint(untrained(), {"seed": 0}, path)
    return path.read_bytes()


def with_record(data: bytes, **changes: object) -> bytes:
    """Return a checkpoint whose record is changed."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    record = json.loads(header["__metadata__"]["record"]) | changes
    header["__metadata__"]["record"] = json.dumps(record)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


NOT_OURS = "is not a checkpoint of this program"
NOT_WHOLE = "does not hold a whole policy"
DAMAGES = {
    "empty": (lambda _: b"", NOT_OURS),
    "cut in the header": (lambda data: data[:100], NOT_OURS),
    "cut in the weights": (lambda data: data[:-10], NOT_WHOLE),
    "something behind": (lambda data: data + b"more", NOT_WHOLE),
    "text": (lambda _: b"This is no checkpoint at all.", NOT_OURS),
    "foreign safetensors": (lambda _: save({"w": torch.zeros(3)}), NOT_OURS),
    "record no mapping": (
        lambda _: save({"w": torch.zeros(3)}, metadata={"record": "[1]"}),
        NOT_OURS,
    ),
    "pickle": (lambda _: pickle.dumps({"w": 1}), NOT_OURS),
    "other format": (
        lambda data: with_record(data, format_version=99),
        "format_version must be 1, got 99; train it anew",
    ),
    "other features": (
        lambda data: with_record(data, feature_version=None),
        f"feature_version must be {FEATURE_VERSION}, got None; train it anew",
    ),
    "no network": (lambda data: with_record(data, network=[]), NOT_WHOLE),
    "other sizes": (
        lambda data: with_record(data, network={"hidden_sizes": [8, 8, 8]}),
        NOT_WHOLE,
    ),
    "negative sizes": (
        lambda data: with_record(data, network={"hidden_sizes": [-1, 8, 8]}),
        NOT_WHOLE,
    ),
    "unknown setting": (
        lambda data: with_record(data, network={"hidden_sizes": [8, 8, 8], "depth": 3}),
        NOT_WHOLE,
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_checkpoint_that_is_damaged_is_refused_in_a_sentence(
    good: bytes, tmp_path: Path, name: str
) -> None:
    """The message names the file and what is wrong with it."""
    damage, message = DAMAGES[name]
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(damage(good))
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert str(caught.value).startswith(f"checkpoint {path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["absent.safetensors", "."])
def test_checkpoint_that_cannot_be_read_is_refused_with_the_way_out(
    tmp_path: Path, name: str
) -> None:
    """A missing file, or a directory."""
    with pytest.raises(CheckpointError, match="make one by 'scheduler train'"):
        PPOScheduler.load(tmp_path / name)


class Bomb:
    """Leaves a trace when unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.trace,)


def test_checkpoint_that_is_a_pickle_is_refused_unopened(tmp_path: Path) -> None:
    """What a pickle would run never runs, in torch's own format neither."""
    trace = tmp_path / "trace"
    (tmp_path / "plain").write_bytes(pickle.dumps(Bomb(trace)))
    torch.save({"weights": Bomb(trace)}, tmp_path / "torch")
    for name in ("plain", "torch"):
        with pytest.raises(CheckpointError):
            load_checkpoint(tmp_path / name)
    assert not trace.exists()
    pickle.loads((tmp_path / "plain").read_bytes())
    assert trace.exists()  # the bomb works: the refusal is what protected us


def test_checkpoint_with_random_damage_loads_or_is_refused_but_never_crashes(
    good: bytes, tmp_path: Path
) -> None:
    """500 flips, half of them in the header, and 100 cuts; every cut is refused."""
    rng, path = np.random.default_rng(0), tmp_path / "fuzzed.safetensors"
    (header,) = struct.unpack_from("<Q", good)
    refused = 0
    for i in range(500):
        data = bytearray(good)
        limit = header + 8 if i % 2 else len(data)
        for position in rng.integers(limit, size=rng.integers(1, 4)):
            data[position] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        try:
            load_checkpoint(path)
        except CheckpointError:
            refused += 1
    assert refused > 200
    for length in rng.integers(len(good), size=100):
        path.write_bytes(good[:length])
        with pytest.raises(CheckpointError):
            load_checkpoint(path)


@pytest.fixture
def no_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that there is neither CUDA nor MPS."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("no_accelerator")
def test_device_auto_without_an_accelerator_is_the_cpu_and_says_why() -> None:
    """The reason is a sentence that can be shown."""
    choice = choose_device("auto")
    assert choice.device == torch.device("cpu")
    assert choice.reason.startswith("no CUDA or MPS device was found")
    assert choose_device("cpu").reason == "cpu was asked for"


@pytest.mark.usefixtures("no_accelerator")
def test_device_auto_prefers_cuda_then_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    """And names what it found."""
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device().device.type == "mps"
    assert choose_device().reason == "Apple MPS is available"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H200")
    assert choose_device().device.type == "cuda"
    assert choose_device().reason == "CUDA is available (H200)"


@pytest.mark.usefixtures("no_accelerator")
@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_device_that_is_absent_is_refused_with_those_present(name: str) -> None:
    """Asking for a device by name never falls back on another in silence."""
    with pytest.raises(DeviceError, match=f"'{name}' is not on this machine; .* one of: cpu"):
        PPOScheduler(untrained(), device=name)


def test_device_that_is_unknown_is_refused_with_the_known_ones() -> None:
    """A misspelt name is a mistake, not a missing device."""
    with pytest.raises(ConfigError, match="'gpu' is unknown; the devices are auto, cpu, cuda, mps"):
        choose_device("gpu")


@pytest.mark.parametrize(
    "settings",
    [{"hidden_sizes": (1, 2)}, {"hidden_sizes": (0, 2, 2)}, {"dropout": 1.0}, {"dropout": -0.1}],
)
def test_network_config_out_of_range_is_refused(settings: dict[str, Any]) -> None:
    """Each message names the setting."""
    with pytest.raises(ConfigError, match=next(iter(settings))):
        NetworkConfig(**settings)
