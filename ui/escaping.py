"""Names from files in texts that Streamlit reads as Markdown."""

from __future__ import annotations

from scheduler_core.library import escape as escaped

__all__ = ["escaped"]
