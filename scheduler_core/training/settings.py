"""Settings of a training run, each with its meaning and range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from scheduler_core.errors import ConfigError
from scheduler_core.generator import SHOPS
from scheduler_core.generator.problems import MAX_FAMILIES
from scheduler_core.methods import DEVICES
from scheduler_core.policy import NetworkConfig

MAX_TIMESTEPS = 10**12
"""Most decisions of a run: years of training."""
MAX_MINIBATCH = 1_000_000
"""Most decisions in a step of Adam."""
MAX_ROLLOUTS = 8_192
"""Most rollouts of an update: some GB, 64 times the usual, as all of them stay in memory."""


def _require(
    config: object, names: str, rule: str, holds: Callable[[float], bool], place: str = ""
) -> None:
    """Raise for the first of some settings for which a rule does not hold."""
    for name in names.split():
        value = getattr(config, name)
        if not holds(value):
            raise ConfigError(f"{place}{name}: must be {rule}, got {value}")


def _require_at_most(config: object, limits: Mapping[str, int], place: str = "") -> None:
    """Raise for the first of some settings that is above its limit, which is far beyond use."""
    for name, limit in limits.items():
        value = getattr(config, name)
        if value > limit:
            raise ConfigError(f"{place}{name}: must be <= {limit:,}, got {value:,}")


def _not_negative(value: float) -> bool:
    return value >= 0


def _share(value: float) -> bool:
    return 0 <= value <= 1


@dataclass(frozen=True, slots=True)
class PPOConfig:
    """Proximal policy optimisation (Schulman et al., arXiv:1707.06347).

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    learning_rate: float = 3e-4
    """Step size of Adam at the start, > 0; it falls linearly to a tenth."""
    problems_per_update: int = 16
    """Problems in each rollout, >= 1; times ``rollouts_per_problem`` at most 8,192."""
    rollouts_per_problem: int = 8
    """Rollouts of each problem under the same weights, >= 1: each other's baseline."""
    rollout_parts: int = 2
    """Groups of its problems that a rollout is collected in, side by side, >= 1. Each has random
    numbers of its own, so that neither threads nor machines change what comes out."""
    epochs: int = 2
    """Passes over a rollout, 1 to 1,000."""
    minibatch_size: int = 1024
    """Decisions in each step of Adam, 2 to 1,000,000."""
    gradient_parts: int = 4
    """Parts of a minibatch that are learned from side by side on a CPU, 1 to 1,024. Their gradients
    are added up in order, so that the number of threads changes nothing."""
    overlap: bool = False
    """Whether the next rollout is collected, by the policy before the update, while the network is
    being updated: a GPU then never waits for the simulator, nor the simulator for it."""
    gamma: float = 1.0
    """Discount, in (0, 1]; 1 because the score does not discount."""
    gae_lambda: float = 0.99
    """Weight of longer returns in the advantage, in [0, 1]."""
    clip_coef: float = 0.2
    """How far the probability ratio may move, > 0."""
    entropy_coef: float = 0.01
    """Weight of the entropy bonus at the start, >= 0; it falls linearly to 0."""
    value_coef: float = 0.5
    """Weight of the value loss, >= 0."""
    max_grad_norm: float = 0.5
    """Gradients are scaled down to this norm, > 0."""
    averaging: float = 0.98
    """How much of the mean of parameters stays at each update, in [0, 1); 0 takes the last ones.
    The mean is what is validated and kept (Polyak and Juditsky, SIAM Journal on Control and
    Optimization 30(4), 1992): it is free of most of the noise that single updates leave."""
    target_kl: float = 0.03
    """An update stops when the approximate KL divergence passes this, > 0."""

    def __post_init__(self) -> None:
        positive = (
            "learning_rate problems_per_update rollouts_per_problem rollout_parts epochs "
            "gradient_parts clip_coef max_grad_norm target_kl gamma"
        )
        _require(self, positive, "> 0", lambda value: value > 0, "ppo.")
        _require(self, "entropy_coef value_coef gae_lambda", ">= 0", _not_negative, "ppo.")
        _require(self, "gamma gae_lambda", "<= 1", lambda value: value <= 1, "ppo.")
        _require(self, "averaging", "in [0, 1)", lambda value: 0 <= value < 1, "ppo.")
        _require(self, "minibatch_size", ">= 2", lambda value: value >= 2, "ppo.")
        limits = {"epochs": 1_000, "minibatch_size": MAX_MINIBATCH, "gradient_parts": 1_024}
        _require_at_most(self, limits, "ppo.")
        rollouts = self.problems_per_update * self.rollouts_per_problem
        if rollouts > MAX_ROLLOUTS:
            raise ConfigError(
                "ppo.problems_per_update: times ppo.rollouts_per_problem must be <= "
                f"{MAX_ROLLOUTS:,}, got {rollouts:,}"
            )


@dataclass(frozen=True, slots=True)
class ImitationConfig:
    """Warm start: imitate good schedules of small problems.

    The teacher of a problem is the best of a few rules under the problem's weights, improved by
    simulated annealing.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    problems: int = 300
    """Problems with a teacher, 0 to 100,000; 0 skips the warm start."""
    max_families: int = 60
    """Largest of them, >= 1, as far as ``task`` allows: on larger ones annealing gets less far."""
    swaps: int = 150_000
    """Moves that annealing tries on each, 0 to 10**9; 0 leaves the rule's schedule as it is."""
    epochs: int = 6
    """Passes over all of their decisions, 1 to 1,000."""
    learning_rate: float = 1e-3
    """Step size of Adam at the start, > 0; it falls linearly to a tenth."""

    def __post_init__(self) -> None:
        _require(self, "problems swaps", ">= 0", _not_negative, "imitation.")
        positive = "epochs learning_rate max_families"
        _require(self, positive, "> 0", lambda value: value > 0, "imitation.")
        limits = {"problems": 100_000, "swaps": 10**9, "epochs": 1_000}
        _require_at_most(self, limits, "imitation.")


WEIGHT_SOURCES = ("sliders", "makespan")

TASK_SHOPS = (*SHOPS, "job_shop", "flexible_job_shop")
"""Types of shop to train on: the generator's, and those of the standard instances."""


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """Problems and weights to train on: generated ones, or ``data``.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    min_families: int = 20
    """Smallest generated problem, >= 1."""
    max_families: int = 80
    """Largest generated problem, >= min_families, at most 60,000."""
    data: tuple[str, ...] = ()
    """Snapshot files to train on instead of generated problems."""
    shops: tuple[str, ...] = SHOPS
    """Types of shop generated, of `TASK_SHOPS`, drawn with equal probability."""
    weights: str = "sliders"
    """``sliders``: each problem drawn gets weights of its own, with probability ``fixed_share``
    one of three settings of interest (default, late only, on time only), otherwise random ones
    over the whole range of the sliders. ``makespan``: nothing but the makespan counts."""
    fixed_share: float = 0.5
    """See ``weights``, in [0, 1]."""
    varied_share: float = 0.5
    """Share of generated problems from a shop with parameters drawn over wide ranges (due dates,
    arrivals, processing times, load, weights of families), in [0, 1]."""
    constrained_share: float = 0.25
    """Share of generated problems with shifts, downtime, running and locked tasks and alternative
    machines, in [0, 1]."""
    choose_machines: bool = True
    """Whether the policy chooses between machines where more than one is sensible."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_families <= self.max_families:
            raise ConfigError(
                "task.min_families: must be >= 1 and <= task.max_families, got "
                f"{self.min_families} and {self.max_families}"
            )
        _require_at_most(self, {"max_families": MAX_FAMILIES}, "task.")
        _require(self, "fixed_share varied_share constrained_share", "in [0, 1]", _share, "task.")
        if not self.shops:
            raise ConfigError("task.shops: must name at least one type of shop")
        for shop in self.shops:
            if shop not in TASK_SHOPS:
                known = ", ".join(TASK_SHOPS)
                raise ConfigError(f"task.shops: must be among {known}, got {shop!r}")
        if self.weights not in WEIGHT_SOURCES:
            known = " or ".join(WEIGHT_SOURCES)
            raise ConfigError(f"task.weights: must be {known}, got {self.weights!r}")


MATMUL_PRECISIONS = ("highest", "high", "medium")
MIXED_PRECISION = ("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """Where the network learns, and how. The simulator always runs on the CPU.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    name: str = "auto"
    """``auto`` (the fastest by a short measurement), ``cpu``, ``cuda`` or ``mps``."""
    threads: int = 0
    """Threads on the CPU, 0 to 1,024; 0: one for each core. They change nothing but the speed."""
    matmul_precision: str = "high"
    """What PyTorch may round products of float32 to on a GPU: ``highest``, ``high``, ``medium``."""
    cudnn_benchmark: bool = True
    """Whether cuDNN tries its algorithms and keeps the fastest."""
    mixed_precision: str = "auto"
    """Whether the forward pass of the update is in bfloat16: ``on``, ``off``, or ``auto``: where a
    short measurement finds it faster by a tenth. Never on a CPU unless ``on``."""
    cuda_minibatch_size: int = 4096
    """In place of ``ppo.minibatch_size`` on CUDA, 0 to 1,000,000; 0: no other."""
    mps_minibatch_size: int = 2048
    """The same on Apple MPS."""

    def __post_init__(self) -> None:
        counts = "threads cuda_minibatch_size mps_minibatch_size"
        _require(self, counts, ">= 0", _not_negative, "device.")
        limits = {
            "threads": 1_024,
            "cuda_minibatch_size": MAX_MINIBATCH,
            "mps_minibatch_size": MAX_MINIBATCH,
        }
        _require_at_most(self, limits, "device.")
        named = {
            "name": DEVICES,
            "matmul_precision": MATMUL_PRECISIONS,
            "mixed_precision": MIXED_PRECISION,
        }
        for name, known in named.items():
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"device.{name}: must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """Where rollouts are collected."""

    address: str = ""
    """Empty: on this machine. Otherwise that of a Ray cluster: ``auto`` for the one that this
    machine belongs to, or ``ray://host:10001``. It changes the speed, and nothing else."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides the outcome of a training run.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    timesteps: int = 2_000_000
    """Decisions of PPO rollouts, 1 to 10**12."""
    seed: int = 0
    """Seed of everything random, >= 0 and below 2**63."""
    freeze_encoder: bool = False
    """Whether only the heads learn: what a policy sees of its problems stays as it is, which makes
    fine-tuning on few snapshots forget less."""
    validate_every: int = 10
    """Updates between two validations, >= 1."""
    validation_problems: int = 64
    """Problems of each size validated on, 1 to 1,000."""
    validation_sizes: tuple[int, ...] = (40, 100)
    """Families of generated problems validated on, each 1 to 60,000; not used for the makespan."""
    validation_data: tuple[str, ...] = ()
    """Snapshot files to validate on, beside generated problems. Where there are any, or
    ``task.data``, the policy that does best on them is kept."""
    patience: int = 0
    """Validations of PPO without a better policy that end the training, >= 0; 0: none do."""
    checkpoint_every: int = 50
    """Updates of PPO between two checkpoints that are kept beside the best and the last, >= 0;
    0: none."""
    save_seconds: float = 10.0
    """Most seconds of training between two writings of the last checkpoint, >= 0."""
    task: TaskConfig = field(default_factory=TaskConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    imitation: ImitationConfig = field(default_factory=ImitationConfig)
    ppo: PPOConfig = field(default_factory=PPOConfig)
    device: DeviceConfig = field(default_factory=DeviceConfig)
    cluster: ClusterConfig = field(default_factory=ClusterConfig)

    def __post_init__(self) -> None:
        _require(self, "patience checkpoint_every save_seconds", ">= 0", _not_negative)
        positive = "timesteps validate_every validation_problems"
        _require(self, positive, ">= 1", lambda value: value >= 1)
        _require_at_most(self, {"timesteps": MAX_TIMESTEPS, "validation_problems": 1_000})
        if not all(1 <= each <= MAX_FAMILIES for each in self.validation_sizes or (0,)):
            raise ConfigError(
                f"validation_sizes: must be one or more, each from 1 to {MAX_FAMILIES:,}, got "
                f"{self.validation_sizes}"
            )
        if not 0 <= self.seed < 2**63:
            raise ConfigError(f"seed: must be >= 0 and below 2**63, got {self.seed}")


ON_MISS = ("repeat", "go_on", "stop")


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One stage of a curriculum: what it trains on, for how long, and when it is passed.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    data: tuple[str, ...] = ()
    """Snapshot files; none: problems are generated, of ``min_families`` to ``max_families``."""
    min_families: int = 40
    max_families: int = 40
    timesteps: int = 100_000
    """Decisions of PPO rollouts, 1 to 10**12."""
    success_threshold: float = 0.9
    """Least completion rate that passes, in [0, 1]: the lowest over the problems of the stage."""
    cost_threshold: float = 0.0
    """Largest delay cost, relative to the best rule's, that passes, >= 0; 0: any does."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_families <= self.max_families:
            raise ConfigError(
                "stages.min_families: must be >= 1 and <= max_families, got "
                f"{self.min_families} and {self.max_families}"
            )
        _require_at_most(self, {"max_families": MAX_FAMILIES}, "stages.")
        _require(self, "timesteps", ">= 1", lambda value: value >= 1, "stages.")
        _require_at_most(self, {"timesteps": MAX_TIMESTEPS}, "stages.")
        _require(self, "success_threshold", "in [0, 1]", _share, "stages.")
        _require(self, "cost_threshold", ">= 0", _not_negative, "stages.")

    @property
    def name(self) -> str:
        """What the stage is called: its files, or its sizes."""
        if self.data:
            return ", ".join(PurePath(path).stem for path in self.data)
        if self.min_families == self.max_families:
            return f"{self.min_families} families"
        return f"{self.min_families} to {self.max_families} families"


@dataclass(frozen=True, slots=True)
class CurriculumConfig:
    """A curriculum: one policy is carried through stages, usually from small shops to large.

    Raises
    ------
    ConfigError
        If a field is outside its range.
    """

    stages: tuple[StageConfig, ...] = ()
    """At least one."""
    on_miss: str = "repeat"
    """When a threshold is missed: ``repeat`` the stage with the policy as it is by then, and stop
    if that does not help; ``go_on``; or ``stop``."""
    max_repeats: int = 1
    """Times that a stage is repeated at most, >= 0."""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    """Settings of all stages; their data, sizes and timesteps are those of the stage."""

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigError("stages: must be one or more")
        if self.on_miss not in ON_MISS:
            raise ConfigError(f"on_miss: must be one of {', '.join(ON_MISS)}, got {self.on_miss!r}")
        _require(self, "max_repeats", ">= 0", _not_negative)
