"""How the states and figures of runs read."""

from __future__ import annotations

from scheduler_core.training.standing import Standing, State

STATES: dict[State, tuple[str, str]] = {
    "starting": ("Starting", ":material/hourglass_top:"),
    "running": ("Running", ":material/play_circle:"),
    "pausing": ("Pausing", ":material/pause_circle:"),
    "paused": ("Paused", ":material/pause_circle:"),
    "stopping": ("Stopping", ":material/stop_circle:"),
    "stopped": ("Stopped", ":material/stop_circle:"),
    "finished": ("Finished", ":material/check_circle:"),
    "failed": ("Failed", ":material/error:"),
    "died": ("Died", ":material/heart_broken:"),
    "failed to start": ("Failed to start", ":material/error:"),
}
SYMBOLS: dict[State, str] = {
    "starting": "◌", "running": "▶", "pausing": "⏸", "paused": "⏸", "stopping": "■",
    "stopped": "■", "finished": "✓", "failed": "✕", "died": "✕", "failed to start": "✕",
}  # fmt: skip
"""The same signs for tables, which draw no icons."""

PHASES = {"teacher": "Teachers", "imitation": "Imitation", "ppo": "PPO"}


def duration(seconds: float | None) -> str:
    """Return a time as people say it: 45 s, 12 min, 2 h 05 min; a dash for none."""
    if seconds is None:
        return "-"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"


def progress(now: Standing) -> str:
    """Return how far a run is, in words."""
    if not now.phase:
        return "has not begun yet"
    if not now.timesteps:
        return f"{PHASES[now.phase]}: getting ready"
    unit = "problems" if now.phase == "teacher" else "decisions"
    return f"{PHASES[now.phase]}: {now.timestep:,} of {now.timesteps:,} {unit}"
