"""Pictures of page Schedule."""

from __future__ import annotations

from tests.e2e.scenes import Scene

_BARS = ".js-plotly-plot .barlayer .point path"
SCENES = {
    "schedule.png": Scene("", _BARS),
    "schedule-dark.png": Scene("", _BARS, scheme="dark"),
    "shifts.png": Scene("?sample=Sample,+60+families+in+shifts", _BARS),
}
