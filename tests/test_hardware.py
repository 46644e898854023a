"""The device to learn on: measured where there are several, and its settings put in force."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from scheduler_core.errors import DeviceError
from scheduler_core.executors import count_cores
from scheduler_core.policy import NetworkConfig
from scheduler_core.training import hardware
from scheduler_core.training.gradients import Compute
from scheduler_core.training.hardware import choose_compute, measured_speed
from scheduler_core.training.settings import DeviceConfig, PPOConfig

NETWORK, PPO = NetworkConfig(hidden_sizes=(8, 8, 8)), PPOConfig(minibatch_size=64)
Speeds = dict[tuple[str, bool], float]


@pytest.fixture(autouse=True)
def _settings_of_torch() -> Iterator[None]:
    """Put PyTorch's settings back."""
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    benchmark = torch.backends.cudnn.benchmark
    yield
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(precision)
    torch.backends.cudnn.benchmark = benchmark


def pretend(monkeypatch: pytest.MonkeyPatch, speeds: Speeds) -> list[Compute]:
    """Let the devices of some speeds be here; return what gets measured, as it is."""
    names, measured = {name for name, _ in speeds}, []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in names)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in names)

    def speed(compute: Compute, _network: NetworkConfig, _ppo: PPOConfig) -> float:
        measured.append(compute)
        return speeds[compute.device.type, compute.mixed_precision]

    monkeypatch.setattr(hardware, "measured_speed", speed)
    return measured


def chosen(**settings: object) -> Compute:
    """Return what is chosen under some settings."""
    return choose_compute(DeviceConfig(threads=2, **settings), NETWORK, PPO)  # type: ignore[arg-type]


def test_auto_without_an_accelerator_is_the_cpu_and_measures_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says so, and its threads are those of the parts."""
    measured = pretend(monkeypatch, {("cpu", False): 1})
    compute = chosen()
    assert (compute.device.type, compute.threads, compute.mixed_precision) == ("cpu", 2, False)
    assert compute.reason == "cpu with 2 threads: no CUDA or MPS device was found"
    assert not measured


def test_auto_takes_the_fastest_and_says_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each device is measured, those with mixed precision twice, the CPU once."""
    speeds = {("cpu", False): 11e3, ("cuda", False): 180e3, ("cuda", True): 210e3}
    measured = pretend(monkeypatch, speeds)
    compute = chosen()
    assert (compute.device.type, compute.mixed_precision) == ("cuda", True)
    assert compute.reason == (
        "cuda in bfloat16 was chosen by a measurement of decisions a second "
        "(cpu with 2 threads: 11,000, cuda: 180,000, cuda in bfloat16: 210,000)"
    )
    assert len(measured) == 3


def test_auto_takes_the_cpu_where_that_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network on a slow accelerator."""
    pretend(monkeypatch, {("cpu", False): 3e4, ("mps", False): 2e4, ("mps", True): 1e4})
    assert chosen().device.type == "cpu"


@pytest.mark.parametrize(("mixed", "expected"), [(109, False), (111, True)])
def test_mixed_precision_needs_a_tenth(
    monkeypatch: pytest.MonkeyPatch, mixed: float, expected: bool
) -> None:
    """Of a device asked for by name, which is measured for that alone."""
    measured = pretend(monkeypatch, {("cuda", False): 100, ("cuda", True): mixed})
    assert chosen(name="cuda").mixed_precision is expected
    assert {compute.device.type for compute in measured} == {"cuda"}


@pytest.mark.parametrize("setting", ["on", "off"])
def test_mixed_precision_that_is_set_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """On a CPU too, if it must be."""
    measured = pretend(monkeypatch, {("cuda", False): 1, ("cuda", True): 1})
    for name in ("cpu", "cuda"):
        compute = chosen(name=name, mixed_precision=setting)
        assert compute.mixed_precision is (setting == "on")
        assert compute.reason.endswith(f"{name} was asked for")
    assert not measured


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_device_that_is_absent_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """By name, with those that are here."""
    pretend(monkeypatch, {("cpu", False): 1})
    with pytest.raises(DeviceError, match=f"'{name}' is not on this machine; .* one of: cpu"):
        chosen(name=name)


def test_settings_are_put_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread of PyTorch's own; on a CPU products stay exact, whatever a GPU may round to."""
    pretend(monkeypatch, {("cuda", False): 1})
    gpu = chosen(
        name="cuda", mixed_precision="off", matmul_precision="medium", cudnn_benchmark=False
    )
    assert torch.get_num_threads() == 1
    assert torch.get_float32_matmul_precision() == "medium"
    assert not torch.backends.cudnn.benchmark
    assert gpu.minibatch_size == 4096
    cpu = chosen(name="cpu", matmul_precision="medium")
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.backends.cudnn.benchmark
    assert cpu.minibatch_size == 0


def test_settings_in_force_are_those_of_the_device_that_won(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not those of the one measured last."""
    pretend(monkeypatch, {("cpu", False): 9, ("cuda", False): 1, ("cuda", True): 1})
    assert chosen().device.type == "cpu"
    assert torch.get_float32_matmul_precision() == "highest"


def test_threads_by_default_are_the_cores_of_this_process() -> None:
    """At least one."""
    compute = choose_compute(DeviceConfig(name="cpu"), NETWORK, PPO)
    assert compute.threads == count_cores() >= 1


def test_measured_speed_is_positive_and_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's generator stays where it was: a measurement changes no result."""
    monkeypatch.setattr(hardware, "MEASURED_SECONDS", 0.05)
    before = torch.get_rng_state()
    assert measured_speed(Compute(threads=2), NETWORK, PPO) > 0
    assert measured_speed(Compute(mixed_precision=True), NETWORK, PPO) > 0
    assert torch.equal(torch.get_rng_state(), before)
