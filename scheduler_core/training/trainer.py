"""A training run from settings to checkpoints: the one place where everything is wired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from scheduler_core.cluster import make_executor
from scheduler_core.errors import ConfigError
from scheduler_core.executors import Executor, LocalExecutor
from scheduler_core.generator import problem_stream
from scheduler_core.policy import CandidatePolicy, load_checkpoint
from scheduler_core.training.collector import (
    IMITATION,
    MINIBATCHES,
    TEACHER,
    UNIT_RULES,
    Collector,
    Harvest,
    weights_of,
)
from scheduler_core.training.config import first_difference, load_config
from scheduler_core.training.episodes import collect_rollout
from scheduler_core.training.gradients import Compute
from scheduler_core.training.hardware import choose_compute
from scheduler_core.training.imitation import Lessons, imitate
from scheduler_core.training.ledger import Ledger, Listener, TrainingResult, git_commit
from scheduler_core.training.ppo import approach, update
from scheduler_core.training.run import RunFolder
from scheduler_core.training.settings import TrainingConfig
from scheduler_core.training.state import TrainingState
from scheduler_core.training.tasks import Job, job_source, make_tasks, read_data
from scheduler_core.training.teachers import Lesson, TeacherActor, find_plan
from scheduler_core.training.validation import Validation
from scheduler_core.training.watch import StopRequested, Watch

TEACHERS_AT_ONCE = 32
"""Problems of which teachers make schedules between two reports."""

ORIGIN = ("init_sha256", "data_sha256", "git_commit")
"""What every checkpoint remembers of where the run began."""

HEADS = ("scorer.", "critic.")
"""Parts of the network behind the encoder."""


def train(
    config: TrainingConfig,
    run: Path,
    *,
    init: Path | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    listener: Listener = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    until: int | None = None,
) -> TrainingResult:
    """Train a policy and leave its best and last checkpoint in the folder of a run.

    The same settings give the same metrics and policies on a CPU, to the bit, on any number of
    threads and machines, and however often the run was stopped, or killed, and resumed.

    Parameters
    ----------
    config
        Settings.
    run
        Folder of the run; made if missing. See `scheduler_core.training.run` for what it holds.
    init
        Checkpoint to start from, in place of random weights and imitation.
    resume
        Go on from the last checkpoint in the folder. Only ``device``, ``cluster`` and
        ``save_seconds`` may differ from the settings that the run began with.
    executor
        Where rollouts and teachers run; default: as ``cluster`` says, or in threads here, as many
        as ``device`` says.
    listener
        Told of every update.
    tell
        Told in a sentence what the network learns on.
    should_stop
        Asked many times a second. Once it answers yes, or `RunFolder.ask_to_stop` was called, the
        update under way is dropped, and the run returns as ``stopped``. `RunFolder.ask_to_pause`
        makes it stand still instead, until `RunFolder.go_on`.
    until
        Decisions of PPO after which the run returns as ``stopped``, if it has not finished.

    Raises
    ------
    CheckpointError, ProblemError
        If ``init``, the last checkpoint or a snapshot of the config cannot be read.
    ConfigError
        If the folder already holds a run, or to resume none or one of other settings; if another
        process trains in it.
    DeviceError
        If the device is not on this machine.
    ExecutorError
        If the cluster of the config cannot be reached, or is lost.
    """
    folder = RunFolder(run)
    _check_folder(folder, config, init, resume)
    with _settings_of_torch():
        source = folder.checkpoint("last") if resume else init
        parent = load_checkpoint(source) if source else None
        size = parent.network.config if parent else config.network
        compute = choose_compute(config.device, size, config.ppo)
        tell(compute.reason)
        if parent and resume:
            state = TrainingState.decode(parent, config, compute.device)
            origin = {name: parent.record[name] for name in ORIGIN}
        else:
            torch.manual_seed(config.seed)
            network = parent.network if parent else CandidatePolicy(size)
            state = TrainingState.fresh(network.to(compute.device), config)
            hashes = [read_data(path).sha256 for path in config.task.data]
            values = (parent and parent.sha256, hashes, git_commit())
            origin = dict(zip(ORIGIN, values, strict=True))
            if parent or not config.imitation.problems:
                state.enter("ppo", config)
        origin["device"] = compute.device.type
        ledger = Ledger(config, folder, state, origin, listener)
        executor = executor or make_executor(config.cluster.address, compute.threads)
        trainer = Trainer(config, state, ledger, compute, executor)
        trainer.check.should_stop, trainer.until = should_stop, until
        with folder.locked():
            return trainer.run()


def _check_folder(
    folder: RunFolder, config: TrainingConfig, init: Path | None, resume: bool
) -> None:
    if not resume:
        if folder.config.exists():
            raise ConfigError(
                f"run {folder.path}: already holds a run; name another folder, or resume it"
            )
        return
    if init:
        raise ConfigError(f"run {folder.path}: to be resumed; it takes no other checkpoint")
    if not folder.checkpoint("last").exists():
        raise ConfigError(f"run {folder.path}: has no last checkpoint to resume from; start anew")
    if folder.read_status()["state"] == "finished":
        raise ConfigError(
            f"run {folder.path}: has finished; train on from its best checkpoint, in a new run"
        )
    begun = load_config(folder.config)
    free = {name: getattr(begun, name) for name in ("device", "cluster", "save_seconds")}
    name = first_difference(begun, replace(config, **free))
    if name:
        raise ConfigError(
            f"run {folder.path}: began with another {name}; resume it with its own settings, or "
            "start a new run from its best checkpoint"
        )


@contextmanager
def _settings_of_torch() -> Iterator[None]:
    """Put PyTorch's own settings, which are those of the whole process, back in the end."""
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    autotuner = torch.backends.cudnn.benchmark
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.benchmark = autotuner


class Trainer:
    """The loop: teachers, imitation, then PPO, with validation and checkpoints on the way.

    Parameters
    ----------
    config
        Settings.
    state
        Where to go on from.
    ledger
        Writes down what happens.
    compute
        What the network learns on.
    executor
        Where rollouts and teachers run.
    """

    def __init__(
        self,
        config: TrainingConfig,
        state: TrainingState,
        ledger: Ledger,
        compute: Compute,
        executor: Executor,
    ) -> None:
        self.config = config
        self.state = state
        self.ledger = ledger
        self.compute = compute
        self.here = LocalExecutor(compute.threads)
        self.executor = executor
        self.check = Watch(ledger)
        self.until: int | None = None
        self.draw_small = job_source(config.task, config.imitation.max_families)
        self.collector = Collector(config, job_source(config.task), self.executor)
        self.update_began = 0.0
        for name, parameter in state.network.named_parameters():
            parameter.requires_grad_(not config.freeze_encoder or name.startswith(HEADS))

    def run(self) -> TrainingResult:
        """Train from where the state is to the end, or until somebody asks to stop."""
        self.ledger.begin()
        self.ledger.log(f"learning on {self.compute.reason}")
        try:
            self.validation = Validation.of(self.config, self.here, self.check)
            self.update_began = self.ledger.seconds
            self._go_on()
            return self.ledger.end("finished" if self._is_over() else "stopped")
        except StopRequested:
            return self.ledger.end("stopped")
        except BaseException as error:
            self.ledger.fail(error)
            raise
        finally:
            self.collector.close()
            self.ledger.close()

    def _go_on(self) -> None:
        if self.state.counters.phase == "teacher":
            self._teach()
        if self.state.counters.phase == "imitation":
            self._imitate()
        self._improve()

    def _teach(self) -> None:
        """Draw small problems and let teachers schedule them."""
        counters, settings = self.state.counters, self.config.imitation
        self.ledger.total = settings.problems
        while counters.timestep < settings.problems:
            jobs = self._lesson_jobs(counters.update)
            lessons = [Lesson(job, settings.swaps) for job in jobs]
            plans = self.executor.map(find_plan, lessons, self.check)
            self.state.plans += plans
            total = sum(plan.cost for plan in plans), sum(plan.rule_cost for plan in plans)
            ratio = total[0] / total[1] if total[1] else 1.0  # a rule may leave nothing to gain
            self._end_update(len(jobs), {"cost_to_rule": ratio})
        self.state.enter("imitation", self.config)

    def _lesson_jobs(self, block: int) -> list[Job]:
        settings = self.config.imitation
        rng = self._stream(TEACHER, block)
        count = min(TEACHERS_AT_ONCE, settings.problems - block * TEACHERS_AT_ONCE)
        return [self.draw_small(rng) for _ in range(count)]

    def _lessons(self, block: int) -> Lessons:
        """Return what the teachers decide on a block of problems."""
        first = block * TEACHERS_AT_ONCE
        plans = self.state.plans[first : first + TEACHERS_AT_ONCE]
        choose_machines = self.config.task.choose_machines
        tasks = make_tasks(
            self._lesson_jobs(block), rules=UNIT_RULES, choose_machines=choose_machines
        )
        return Lessons.of(collect_rollout(tasks, TeacherActor(tasks, plans)))

    def _imitate(self) -> None:
        """Learn from the teachers."""
        state, settings, ppo = self.state, self.config.imitation, self.config.ppo
        blocks = range(0, len(state.plans), TEACHERS_AT_ONCE)
        lessons = Lessons.join(self.here.map(self._lessons, range(len(blocks)), self.check))
        self.ledger.total = settings.epochs * len(lessons.actions)
        for epoch in range(state.counters.update, settings.epochs):
            _set_step_size(state.optimizer, settings.learning_rate, 1 - epoch / settings.epochs)
            rng = self._stream(IMITATION, epoch)
            loss = imitate(
                state.network,
                state.optimizer,
                lessons,
                ppo,
                rng,
                compute=self.compute,
                check=self.check,
            )
            self._end_update(len(lessons.actions), {"cross_entropy": loss})
        state.enter("ppo", self.config)

    def _improve(self) -> None:
        """Learn by reinforcement."""
        state, ppo, timesteps = self.state, self.config.ppo, self.config.timesteps
        counters, self.ledger.total = state.counters, timesteps
        if not counters.last:
            self.ledger.report(self._validate())
            self.ledger.commit()
        counters.start = counters.start or counters.last
        while not (self._is_over() or (self.until and counters.timestep >= self.until)):
            left = 1 - counters.timestep / timesteps
            _set_step_size(state.optimizer, ppo.learning_rate, left)
            experience, rewards = self._harvest()
            rng, entropy_coef = self._stream(MINIBATCHES, counters.update), ppo.entropy_coef * left
            stats = update(
                state.network,
                state.optimizer,
                experience,
                ppo,
                entropy_coef,
                rng,
                compute=self.compute,
                check=self.check,
            )
            approach(state.kept, state.network, 1 - ppo.averaging)
            metrics = {
                "reward": float(rewards.mean()),
                **asdict(stats),
                "learning_rate": state.optimizer.param_groups[0]["lr"],
            }
            self._end_update(len(experience.actions), metrics)

    def _harvest(self) -> Harvest:
        """Return what the next update learns from, and begin to collect what the one after does."""
        state, number = self.state, self.state.counters.update
        if not self.config.ppo.overlap:
            return self.collector.collect(number, state.network, self.check)
        if not self.collector.has_begun:
            weights = state.behind or weights_of(state.network)
            self.collector.begin(number, state.network.config, weights)
        harvest = self.collector.finish(self.check)
        state.behind = weights_of(state.network)
        self.collector.begin(number + 1, state.network.config, state.behind)
        return harvest

    def _is_over(self) -> bool:
        """Return whether there is nothing left to do."""
        counters, patience = self.state.counters, self.config.patience
        tired = patience > 0 and counters.unimproved >= patience
        done = counters.timestep >= self.config.timesteps
        return counters.phase == "ppo" and (done or tired)

    def _stream(self, part: int, number: int) -> np.random.Generator:
        return problem_stream("train", self.config.seed, part, number)

    def _end_update(self, timesteps: int, metrics: dict[str, float]) -> None:
        """Count an update, validate if it is time to, and tell of it."""
        counters, config = self.state.counters, self.config
        counters.update += 1
        counters.timestep += timesteps
        speed = timesteps / (self.ledger.seconds - self.update_began)
        due = counters.update % config.validate_every == 0 or counters.timestep >= self.ledger.total
        if due and counters.phase != "teacher":
            metrics = metrics | self._validate()
        self.ledger.report(metrics, speed)
        often = config.checkpoint_every
        if counters.phase == "ppo" and often and counters.update % often == 0:
            self.ledger.save(f"step-{counters.timestep:010d}")
        self.ledger.commit()
        self.update_began = self.ledger.seconds

    def _validate(self) -> dict[str, float]:
        """Measure the greedy policy, keep it if it is the best so far, and return the figures."""
        counters = self.state.counters
        counters.last = self.validation.measure(self.state.kept, self.here, self.check)
        ratio = counters.last["to_best_rule"]
        if ratio < counters.best_ratio:
            counters.best_ratio, counters.best, counters.unimproved = ratio, counters.last, 0
            self.ledger.save("best")
        elif counters.phase == "ppo":
            counters.unimproved += 1
        self.ledger.log(
            f"{counters.phase}, {counters.timestep:,} decisions: delay cost {ratio:.4f} of the "
            f"best rule's, best {counters.best_ratio:.4f}"
        )
        return counters.last


def _set_step_size(optimizer: torch.optim.Optimizer, first: float, left: float) -> None:
    """Let the step size fall from ``first`` to a tenth of it, as the share ``left`` goes to 0."""
    optimizer.param_groups[0]["lr"] = first * (0.1 + 0.9 * left)
