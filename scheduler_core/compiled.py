"""Compiled kernels with a cache on disk that knows all of their sources.

Numba stores the machine code of each function by the source file of that function alone, so a
changed kernel would go on living in the cached code of the kernels that call it. Here the cache
lies in a directory named after the sources of all kernels.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import njit

_PACKAGE = Path(__file__).parent
_HAS_KERNELS = re.compile(rb"^@(kernel|lean_kernel|inlined)$", re.MULTILINE)


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if _HAS_KERNELS.search(source) or path.name == "arrays.py":
            digest.update(source)
    return digest.hexdigest()[:16]


# A directory chosen by the user stays; where the package cannot be written to it is installed, is
# not edited, and numba's own choice of directory serves.
if not vars(numba.config)["CACHE_DIR"] and os.access(_PACKAGE, os.W_OK):
    directory = _PACKAGE / "__pycache__" / f"kernels-{_sources_digest()}"
    vars(numba.config)["CACHE_DIR"] = str(directory)


def is_compiled(name: str) -> bool:
    """Return whether a kernel's machine code is in the cache; also where that cannot be told."""
    folder = vars(numba.config)["CACHE_DIR"]
    return not folder or any(Path(folder).rglob(f"*.{name}-*.nbi"))


Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile a function to machine code; it releases the interpreter lock while it runs."""
    return _compiled(function)


def lean_kernel(function: Function) -> Function:
    """Compile without counting references to arrays, and so without allocating.

    In the simulator the counting would cost ten times the work itself.
    """
    return _compiled(function, _nrt=False)


def inlined(function: Function) -> Function:
    """Compile a lean kernel as a part of those that call it.

    To pass all the arrays of a simulation to a function costs as much as a step.
    """
    return _compiled(function, _nrt=False, inline="always")


def _compiled(function: Function, **options: Any) -> Function:
    return njit(cache=True, nogil=True, **options)(function)  # type: ignore[no-any-return]
