"""What the pictures of the app show: a module for each page, with its scenes by file name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page


def _stay(page: Page) -> None:
    """Do nothing: the picture shows the page as it opens."""


def _nothing(home: Path) -> None:
    """Leave the workbench empty."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A page at an address, after some steps."""

    address: str
    """Path and query, such as ``compare?methods=SPT&methods=EDD``."""
    ready: str
    """Selector of what is there once the page is drawn."""
    steps: Callable[[Page], None] = _stay
    scheme: str = "light"
    height: int = 900
    prepare: Callable[[Path], None] = _nothing
    """Is given the folder that the app keeps its runs, models and uploads in."""


def all_scenes() -> dict[str, Scene]:
    """Return every scene of every module here, by the name of its picture."""
    found: dict[str, Scene] = {}
    for module in pkgutil.iter_modules(__path__):
        found |= importlib.import_module(f"{__name__}.{module.name}").SCENES
    return found
