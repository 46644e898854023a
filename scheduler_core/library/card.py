"""The card of a model: what its record says, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from scheduler_core.library.record import ModelRecord
from scheduler_core.library.store import StoredModel

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&=^@/])")
_ORIGINS = {"ships": "Ships with the program", "imported": "Imported", "run": "A training run here"}
_PHASES = {
    "teacher": "Not yet: its teachers were still at work",
    "imitation": "By imitating good schedules only",
}
MAX_SETTINGS = 20_000
"""Most characters of settings that are shown: ten times what a run of this program has."""
_RATIO, _EDD = "to_best_rule", "to_edd"


def facts(model: StoredModel, record: ModelRecord) -> list[tuple[str, str]]:
    """Return what there is to know of a model, each fact with its name, in plain words."""
    found: list[tuple[str, str | None]] = [
        ("Usable here", "Yes" if record.fault is None else f"No: {record.fault}"),
        ("Where from", _ORIGINS[model.origin]),
        ("Made on", f"{record.date:%d %B %Y, %H:%M}" if record.date else None),
        ("Trained", _training(record)),
        ("Training took", _duration(record.seconds)),
        ("Trained on", _data(record)),
        ("Began with", _start(record)),
        ("Against the best rule", _quality(record)),
        ("Network", _network(record)),
        ("Seed", None if record.seed is None else str(record.seed)),
        ("Device", record.device),
        ("Program version", record.git_commit and record.git_commit[:10]),
        ("File", f"{record.num_bytes / 1000:,.0f} KB, SHA-256 {record.sha256[:16]}…"),
    ]
    return [(name, value) for name, value in found if value]


def validation_rows(metrics: Mapping[str, float]) -> list[tuple[str, float | None, float | None]]:
    """Return the validation figures by kind of problem: ratio to the best rule, ratio to EDD.

    The first row is all problems together, where the metrics have it.
    """
    kinds = [name.partition("/")[2] for name in metrics if name.split("/")[0] in (_RATIO, _EDD)]
    rows = []
    for kind in sorted(dict.fromkeys(kinds), key=bool):
        place = f"/{kind}" if kind else ""
        name = kind.replace("_", " ").replace("/", ", ") if kind else "All problems"
        rows.append((name, metrics.get(_RATIO + place), metrics.get(_EDD + place)))
    return rows


def card(model: StoredModel, record: ModelRecord) -> str:
    """Return the card as Markdown, in which nothing that the record says is markup."""
    lines = [f"# Model {escape(model.name)}", ""]
    lines += [f"- **{name}:** {escape(value)}" for name, value in facts(model, record)]
    rows = validation_rows(record.metrics)
    if rows:
        lines += [
            "",
            "| validation problems | cost / best rule's | cost / EDD's |",
            "|---|---|---|",
        ]
        lines += [
            f"| {escape(name)} | {_figure(one)} | {_figure(two)} |" for name, one, two in rows
        ]
    return "\n".join(lines) + "\n"


def settings_text(config: Mapping[str, Any]) -> str:
    """Return settings as YAML for a reader, cut off where nobody would read on."""
    try:
        text = yaml.safe_dump(dict(config), sort_keys=False)
    except RecursionError:  # an imported record may be nested as deep as JSON allows
        return "# nested too deep to be shown"
    return text if len(text) <= MAX_SETTINGS else f"{text[:MAX_SETTINGS]}\n# …"


def escape(text: str) -> str:
    """Return a text on one line, so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _training(record: ModelRecord) -> str | None:
    if record.phase is None:
        return None
    return _PHASES.get(record.phase, f"{record.timestep:,} decisions of trial and error (PPO)")


def _duration(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _data(record: ModelRecord) -> str | None:
    task = record.config.get("task")
    sizes = task if isinstance(task, dict) else {}
    span = f"{sizes.get('min_families')} to {sizes.get('max_families')} families"
    generated = f"Generated shops of {span}" if "min_families" in sizes else None
    hashes = record.data_sha256
    if not hashes:
        return generated
    count = f"{len(hashes):,} snapshot{'s' if len(hashes) != 1 else ''}"
    named = ", ".join(f"{each[:12]}…" for each in hashes[:3]) + ", …" * (len(hashes) > 3)
    return f"{count} (SHA-256 {named})"


def _start(record: ModelRecord) -> str:
    parent = record.init_sha256
    return f"The model with SHA-256 {parent[:16]}…" if parent else "Random weights"


def _quality(record: ModelRecord) -> str | None:
    if record.ratio is None:
        return None
    return (
        f"{record.ratio:.3f} of its delay cost on the validation problems of the training; "
        "below 1 is better than the best rule"
    )


def _network(record: ModelRecord) -> str | None:
    if not record.hidden_sizes:
        return None
    *first, last = map(str, record.hidden_sizes)
    sizes = f"{', '.join(first)} and {last}" if first else last
    return f"{sizes} units, {record.num_parameters:,} weights"
