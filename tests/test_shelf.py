"""Snapshots kept on disk: found by their title, whatever the name, and not too many of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler_core.errors import ProblemError
from scheduler_core.snapshot import Shelf, parse_snapshot, shelf, shown_name
from tests.snapshots.documents import TASK, dumped


def numbered(number: int) -> bytes:
    """Return one of many snapshots."""
    return dumped(((*TASK, "original_quantity"), number))


def test_snapshot_is_found_by_its_title_with_the_same_contents(tmp_path: Path) -> None:
    """A title names kind, name and the first eight digits of the hash."""
    data = numbered(1)
    kept = Shelf(tmp_path).put(data, "morning.json")
    sha256 = parse_snapshot(data).sha256
    assert kept.title == f"Upload, morning.json ({sha256[:8]})"
    found = Shelf(tmp_path).find(kept.title)
    assert found == kept
    assert found.read() == parse_snapshot(data, "morning.json")


def test_snapshot_put_again_under_another_name_is_found_by_both(tmp_path: Path) -> None:
    """One file on the disk; the list has the last name."""
    here = Shelf(tmp_path)
    first, second = here.put(numbered(1), "a.json"), here.put(numbered(1), "b.json", "Scenario")
    assert here.find(first.title) == first
    assert here.find(second.title) == second
    assert [kept.title for kept in here.kept()] == [second.title]
    assert len(list(tmp_path.glob("*.json"))) == 1


@pytest.mark.parametrize(
    "title",
    ["", "Upload, a.json", "Upload, other.json ({hash})", "Upload, a.json (00000000)",
     "Upload, a.json (*)", "Upload, a.json (../../..)"],
)  # fmt: skip
def test_title_that_was_never_given_finds_nothing(tmp_path: Path, title: str) -> None:
    """Nobody can make the screen show a false name, or another file."""
    kept = Shelf(tmp_path).put(numbered(1), "a.json")
    assert Shelf(tmp_path).find(title.replace("{hash}", kept.sha256[:8])) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\orders\\a.csv", "a.csv"), ("a\nb\x00c", "a b c"),
        ("", "snapshot"), ("..", ".."), ("x" * 300, "x" * 77 + "..."),
    ],
)  # fmt: skip
def test_name_is_shown_on_one_short_line_and_is_never_a_path(
    tmp_path: Path, name: str, shown: str
) -> None:
    """What lies on the disk is called by its hash."""
    assert shown_name(name) == shown
    kept = Shelf(tmp_path).put(numbered(1), name)
    assert kept.path.parent == tmp_path
    assert Shelf(tmp_path).find(kept.title) == kept


def test_slash_in_the_name_of_a_scenario_is_part_of_it(tmp_path: Path) -> None:
    """Orders are often called 4711/2; only the name of a file is cut to the last part of a path."""
    kept = Shelf(tmp_path).put(numbered(1), "Rush order 4711/2", "Scenario")
    assert kept.name == "Rush order 4711/2"
    assert Shelf(tmp_path).find(kept.title) == kept


def test_shelf_that_is_full_lets_go_of_what_was_put_there_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest always stays, and nothing of the oldest is left."""
    monkeypatch.setattr(shelf, "MAX_KEPT", 3)
    here = Shelf(tmp_path)
    titles = []
    for number in range(4):
        kept = here.put(numbered(number), f"{number}.json")
        os.utime(kept.path, (number + 1, number + 1))
        titles.append(kept.title)
    here.put(numbered(9), "9.json")
    assert [here.find(title) is not None for title in titles] == [False, False, True, True]
    assert len(list(tmp_path.iterdir())) == 6


def test_shelf_counts_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is too large for the shelf alone is kept, alone."""
    monkeypatch.setattr(shelf, "MAX_KEPT_BYTES", 10)
    here = Shelf(tmp_path)
    here.put(numbered(1), "1.json")
    last = here.put(numbered(2), "2.json")
    assert [kept.title for kept in here.kept()] == [last.title]


def test_file_that_was_changed_on_the_disk_is_refused(tmp_path: Path) -> None:
    """What has another hash is another snapshot."""
    kept = Shelf(tmp_path).put(numbered(1), "a.json")
    kept.path.write_bytes(numbered(2))
    with pytest.raises(ProblemError, match="was changed after it was put here"):
        kept.read()
