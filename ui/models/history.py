"""The checkpoints of a run one after the other: how its schedule came to be what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from scheduler_core.charts import cost_curve, gantt, row_names
from scheduler_core.errors import CheckpointError
from scheduler_core.library import Library, Stage
from scheduler_core.methods import load_policy
from scheduler_core.objective import Metrics, RewardWeights, measure
from scheduler_core.problem import SECONDS_PER_HOUR, Problem
from ui import kpis, plans
from ui.bench import Bench
from ui.escaping import escaped
from ui.gantt import draw
from ui.glossary import FIGURES
from ui.models.entries import Entry, pick
from ui.part import part
from ui.plans import Plan

RUN = "models_run"
_ROWS = 12
_MAX_STAGES = 60
_AGAINST = ("EDD", "the one before")


@dataclass(frozen=True)
class _Look:
    """The checkpoint that is looked at, among those of its run."""

    stages: Sequence[Stage]
    figures: Sequence[Metrics]
    """Of the schedule that each makes of the snapshot on the bench."""
    place: int

    @property
    def stage(self) -> Stage:
        """The one that the slider is on."""
        return self.stages[self.place]

    @property
    def best(self) -> int | None:
        """Number of the best one, if it is among them."""
        return next((number for number, each in enumerate(self.stages) if each.best), None)


def show_history(library: Library, bench: Bench, entry: Entry) -> None:
    """Draw the picker of runs and, for the one picked, the slider over its checkpoints."""
    runs = library.run_names()
    if not runs:
        st.info("There is no training run here yet. Start one on page Training.")
        return
    path = entry.model.path
    own = next((run for run in runs if path.is_relative_to(_folder(library, run))), runs[0])
    _show_run(library, bench, runs, own)


def _folder(library: Library, run: str) -> Path:
    return library.runs / run.removeprefix("runs/")


@part
def _show_run(library: Library, bench: Bench, runs: Sequence[str], own: str) -> None:
    """Draw slider, tiles, curve and chart; a move of the slider runs this part alone."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="models_stage_tools"):
        run = st.selectbox(
            "Training run", runs, index=runs.index(own), width=240,
            key=RUN, persist_state="session",
            help="Each run keeps its best and its last checkpoint, and as many on the way as its "
            "setting checkpoint_every asks for.",
        )  # fmt: skip
        stages = _thinned(library.stages(run or own))
        place = _choose_stage(run or own, stages) if stages else 0
        against = st.segmented_control(
            "Difference to", _AGAINST, default="EDD", required=True,
            key="models_against", persist_state="session",
        )  # fmt: skip
    if not stages:
        st.info("This run has no checkpoint that can be used here. Pick another one.")
        return
    try:
        look = _Look(stages, [_measure(bench, stage) for stage in stages], place)
        plan = _plan(bench, look.stage)
        before = _plan(bench, stages[place - 1]) if place else None
    except CheckpointError as error:
        st.error(escaped(str(error)))
        return
    edd = plans.plan_of(bench, "edd")
    _show_tiles(plan, edd if against == "EDD" else before)
    left, right = st.columns([1, 2])
    with left:
        _show_curve(bench, look, edd)
        _show_what_changed(look, plan, before)
    with right:
        _show_chart(bench, look, plan, edd)


def _thinned(stages: Sequence[Stage]) -> list[Stage]:
    """Return a part of very many checkpoints, evenly spaced; the best and the last stay."""
    step = -(-len(stages) // _MAX_STAGES) or 1
    last = len(stages) - 1
    return [each for i, each in enumerate(stages) if i % step == 0 or each.best or i == last]


def _choose_stage(run: str, stages: Sequence[Stage]) -> int:
    """Draw the slider and return the number of the checkpoint it is on; it begins at the best."""
    labels = [_label(stage) for stage in stages]
    if len(stages) == 1:
        st.caption(f"This run has one checkpoint: {labels[0]}.")
        return 0
    # Places in training, not numbers: while a run goes on, checkpoints come and go between moves.
    options = [f"{stage.record.phase} {stage.record.timestep}" for stage in stages]
    key = f"models_stage_{run}"
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    best = next((number for number, each in enumerate(stages) if each.best), len(stages) - 1)
    chosen = st.select_slider(
        "Checkpoint, by decisions learned from",
        options,
        value=options[best],
        format_func=dict(zip(options, labels, strict=True)).get,
        key=key,
        persist_state="session",
        help="Move it with the mouse or the arrow keys: chart and figures follow.",
        width="stretch",
    )
    return options.index(chosen)


def _label(stage: Stage) -> str:
    """Return what a checkpoint is called: by what it learned from until then."""
    learned = f"{stage.record.timestep:,}"
    kind = learned if stage.record.phase == "ppo" else f"imitation, {learned}"
    return f"{kind} (best)" if stage.best else kind


def _plan(bench: Bench, stage: Stage) -> Plan:
    return plans.plan_of(replace(bench, model=stage.model.path), "ppo")


def _measure(bench: Bench, stage: Stage) -> Metrics:
    return _figures(
        bench.snapshot.sha256, stage.record.sha256, bench.weights, bench.problem, stage.model.path
    )


# Figures alone, so that a whole run has room beside the schedules that pages show.
@st.cache_data(max_entries=1024, show_spinner=False)
def _figures(
    snapshot: str,  # noqa: ARG001
    model: str,  # noqa: ARG001
    weights: RewardWeights,
    _problem: Problem,
    _path: Path,
) -> Metrics:
    schedule = load_policy(_path).schedule(_problem, weights)
    return measure(_problem, schedule, weights)


def _show_tiles(plan: Plan, reference: Plan | None) -> None:
    with st.container(horizontal=True, gap="xsmall", key="models_stage_tiles"):
        for figure in FIGURES:
            kpis.show_plan_tile(figure, plan, reference)


def _show_curve(bench: Bench, look: _Look, edd: Plan) -> None:
    rule = plans.plan_of(bench, "best_rule")
    levels = {"EDD": edd.metrics.delay_cost, "Best rule": rule.metrics.delay_cost}
    figure = cost_curve(
        [_label(stage) for stage in look.stages],
        [each.delay_cost for each in look.figures],
        levels,
        look.place,
        best=look.best,
        dark=st.context.theme.type == "dark",
    )
    st.plotly_chart(
        figure,
        key="models_curve",
        config={"displayModeBar": False},
        alt="Delay cost of this snapshot under each checkpoint of the run, EDD and the best rule",
    )


def _show_chart(bench: Bench, look: _Look, plan: Plan, edd: Plan) -> None:
    """Draw the schedule; rows and time axis are those of the whole run, so that change is seen."""
    rows = row_names(bench.problem, [edd.schedule], "machine")
    last = max(each.makespan_hours for each in look.figures) * SECONDS_PER_HOUR
    late = plan.metrics.late_families
    title = f"{_label(look.stage)} · {late:,} late famil{'y' if late == 1 else 'ies'}"
    figure = gantt(
        bench.problem,
        {title: plan.schedule},
        rows=rows[:_ROWS],
        window=(-int(last) // 80, int(last) + int(last) // 80),
        dark=st.context.theme.type == "dark",
    )
    draw(figure, "models_stage_chart", f"Gantt chart of the schedule by checkpoint {title}")


def _show_what_changed(look: _Look, plan: Plan, before: Plan | None) -> None:
    if before is not None:
        moved = len(plan.schedule.moved_from(before.schedule))
        st.caption(f"{moved:,} of {len(plan.schedule):,} tasks moved since the checkpoint before.")
    machines = len({task.machine for task in plan.schedule})
    shown = f"the busiest {_ROWS} of {machines:,} machines" if machines > _ROWS else "all machines"
    st.caption(f"Chart: {shown} in use, on one time axis for the whole run.")
    if st.button(
        "Look at this checkpoint",
        key="models_stage_pick",
        on_click=pick,
        args=(look.stage.model.name,),
        help="Picks it above: to promote, export, evaluate or compare it.",
    ):
        st.rerun()
