"""Strict JSON: bytes to plain values, with a named fault for everything a file can get wrong.

Python's reader alone takes NaN and duplicate keys in silence, turns 1e400 into infinity, and raises
three kinds of exception. Here each of these is a `Fault` with its place in the file.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from scheduler_core.errors import Fault, ProblemError

MAX_BYTES = 128 * 1024 * 1024
"""Largest file read; a snapshot of 50,000 families is about 50 MB."""
MAX_DEPTH = 64
"""Deepest nesting of objects and lists; a snapshot needs 6."""
MAX_DIGITS = 300
"""Longest whole number. Beyond about 308 digits it would not fit a float."""
_Path = tuple["_Path | None", str | int]
_SHOWN = 60
_SNAPSHOT = "a snapshot is a JSON object with families and machines"


class _Refused:
    """Stands where a number stood that JSON, or a float, cannot hold."""

    def __init__(self, message: str) -> None:
        self.message = message


class _Repeated(dict[str, object]):
    """An object in which some keys were given more than once."""

    repeated: tuple[str, ...] = ()


def decode(data: bytes, what: str = _SNAPSHOT) -> tuple[object, list[Fault]]:
    """Return the value that a JSON file holds and its faults, each with its place.

    Parameters
    ----------
    data
        The bytes of the file: UTF-8, with or without a byte order mark.
    what
        What the file should be, for whoever gave an empty one.

    Returns
    -------
    tuple[object, list[Fault]]
        The value, and what in it is not legal: repeated keys, NaN, numbers too large, half
        characters, nesting too deep.

    Raises
    ------
    ProblemError
        If there is no value at all: too large, empty, not UTF-8, not JSON.
    """
    text = _text(data, what)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        raise _file_error(
            f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}; "
            "export the file again or repair that line"
        ) from None
    except RecursionError:
        raise _file_error(f"must be nested at most {MAX_DEPTH} levels deep") from None
    faults: list[Fault] = []
    _walk(value, None, faults)
    return value, faults


def _text(data: bytes, what: str) -> str:
    if len(data) > MAX_BYTES:
        raise _file_error(f"must be at most {MAX_BYTES} bytes, got {len(data)}")
    if not data.strip():
        raise _file_error(f"is empty; {what}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _file_error(
            f"is not UTF-8 text (byte {data[error.start]:#04x} at position {error.start}); "
            "save it with the encoding UTF-8"
        ) from None


def _file_error(message: str) -> ProblemError:
    return ProblemError([Fault("file", message)])


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    counts: dict[str, int] = {}
    for key, _ in pairs:
        counts[key] = counts.get(key, 0) + 1
    marked = _Repeated(plain)
    marked.repeated = tuple(key for key, count in counts.items() if count > 1)
    return marked


def _constant(text: str) -> object:
    return _Refused(f"must be a finite number, got {text}, which JSON does not have")


def _float(text: str) -> object:
    value = float(text)
    if math.isfinite(value):
        return value
    return _Refused(f"must be a number that a computer can hold, got {_shorten(text)}")


def _int(text: str) -> object:
    if len(text) > MAX_DIGITS:  # also far below the 4,300 digits that int() refuses
        return _Refused(f"must have at most {MAX_DIGITS} digits, got {len(text)}")
    return int(text)


def _walk(value: object, path: _Path | None, faults: list[Fault], depth: int = 0) -> None:
    """Note the faults of a value and of all it holds; only those have their places spelt out."""
    if isinstance(value, _Refused):
        faults.append(Fault(_place(path), value.message))
    elif isinstance(value, str) and not _encodable(value):
        message = f"holds half a character (a lone surrogate), got {show(value)}"
        faults.append(Fault(_place(path), message))
    elif isinstance(value, dict | list) and depth >= MAX_DEPTH:
        message = f"must be nested at most {MAX_DEPTH} levels deep, got more at {_place(path)}"
        faults.append(Fault("file", message))
    elif isinstance(value, dict):
        if isinstance(value, _Repeated):
            for key in value.repeated:
                message = "appears more than once in its object; keep one"
                faults.append(Fault(_place((path, key)), message))
        for key, item in value.items():
            if not _encodable(key):
                message = f"has a key with half a character, got {show(key)}"
                faults.append(Fault(_place(path), message))
            _walk(item, (path, key), faults, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(item, (path, index), faults, depth + 1)


def _place(path: _Path | None) -> str:
    """Return a path as a message shows it."""
    if path is None:
        return "file"
    outer, step = path
    place = "" if outer is None else _place(outer)
    return join(place, step) if isinstance(step, str) else f"{place}[{step}]"


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def refused(value: object) -> bool:
    """Return whether `decode` has named this value as a fault already."""
    return isinstance(value, _Refused)


def join(place: str, key: str) -> str:
    """Return the path of a key in the object at ``place``; an odd or long key is quoted."""
    plain = (
        key.isprintable() and key.strip() == key != "" and not any(sign in key for sign in ".[]")
    )
    if not plain or len(key) > _SHOWN:
        return f"{place}[{show(key)}]"
    return f"{place}.{key}" if place else key


def show(value: object) -> str:
    """Return a value as a message shows it: as in the file, on one line, cut when long."""
    if isinstance(value, dict):
        keys = "1 key" if len(value) == 1 else f"{len(value)} keys"
        return f"an object with {keys}" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):  # cut first: a text may be megabytes long
        return json.dumps(_shorten(value), ensure_ascii=not value.isprintable())
    return _shorten(json.dumps(value))


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def encode(document: Mapping[str, object]) -> bytes:
    """Return the bytes of a JSON file that `decode` reads back to an equal document."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    ProblemError
        If the file cannot be read or is too large; it is not read then.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)  # `decode` refuses the byte too many
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot be read: {reason}; check the path"
        raise ProblemError([Fault(os.fspath(path), message)]) from None
