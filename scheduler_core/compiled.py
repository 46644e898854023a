"""Compiled kernels with a cache on disk that knows all of their sources.

Numba stores the machine code of each function by the source file of that function alone, so a
changed kernel would go on living in the cached code of the kernels that call it. Here the cache
lies in a directory named after the sources of all kernels.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numba
from numba import njit

_PACKAGE = Path(__file__).parent


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if b"@kernel" in source or path.name == "arrays.py":
            digest.update(source)
    return digest.hexdigest()[:16]


# A directory chosen by the user stays; where the package cannot be written to it is installed, is
# not edited, and numba's own choice of directory serves.
if not vars(numba.config)["CACHE_DIR"] and os.access(_PACKAGE, os.W_OK):
    directory = _PACKAGE / "__pycache__" / f"kernels-{_sources_digest()}"
    vars(numba.config)["CACHE_DIR"] = str(directory)

kernel = njit(cache=True, nogil=True)
"""Compile a function to machine code; it releases the interpreter lock while it runs."""
