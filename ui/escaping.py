"""Names from files in texts that Streamlit reads as Markdown."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|$:<>~^=&])")


def escaped(text: str) -> str:
    """Return a text so that Markdown prints it as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
