"""What the documents say is so: their examples run, and what they name is there."""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler_core.cli.main import build_parser

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]

_REGISTRIES = re.compile(
    r"pypi\.(org|python\.org)|pythonhosted\.org|pytorch\.org/whl|npmjs\.(org|com)"
)
_MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(work|root|home|Users)/\w")


def blocks(document: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text("utf-8"), re.M | re.S)


def tree() -> list[str]:
    """Return the paths in the annotated tree of CONTRIBUTING, folders with a slash at the end."""
    (text,) = blocks(ROOT / "CONTRIBUTING.md", "text")
    folders: list[str] = []
    paths = []
    for line in text.splitlines():
        name, depth = line.split()[0], (len(line) - len(line.lstrip())) // 4
        folders = folders[:depth]
        paths.append("".join([*folders, name]))
        folders.append(name)
    return paths


def own_files() -> Iterator[Path]:
    """Yield the files of the project: those that .gitignore does not name."""
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split()]
    ignored.append(".git")
    for folder, subfolders, files in os.walk(ROOT):
        for names in (subfolders, files):
            names[:] = [
                name for name in names if not any(fnmatch.fnmatch(name, each) for each in ignored)
            ]
        yield from (Path(folder, name) for name in files)


def test_readme_example_run_prints_what_the_readme_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python block, run from the root of the repository, gives the block below it."""
    (example,) = blocks(ROOT / "README.md", "python")
    (printed,) = blocks(ROOT / "README.md", "text")
    monkeypatch.chdir(ROOT)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed


def test_readme_command_line_is_understood() -> None:
    """Every line that starts with scheduler has arguments that the parser takes."""
    lines = re.findall(r"^    scheduler (.+)$", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert len(lines) >= 6
    for line in lines:
        assert callable(build_parser().parse_args(shlex.split(line)).run)


def test_tree_in_contributing_names_what_exists() -> None:
    """Each path of the tree is there, a folder where it ends in a slash."""
    for path in tree():
        assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file(), path


def test_tree_in_contributing_leaves_no_module_out() -> None:
    """Every module of the app and of the package has its line."""
    modules = {"app.py"} | {
        path.relative_to(ROOT).as_posix()
        for folder in ("pages", "ui", "scheduler_core")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert modules - set(tree()) == set()


def test_make_targets_in_documents_exist() -> None:
    """What a document tells the reader to make has a rule in the Makefile."""
    rules = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"(?:`|^    )make ([a-z]+)", document.read_text("utf-8"), re.M)
    }
    assert {"app", "test", "lint", "bench"} <= named <= rules


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_in_documents_lead_to_files(document: Path) -> None:
    """A link or a picture within the repository is there."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_files_name_no_registry_and_no_path_of_one_machine() -> None:
    """Where packages come from is each machine's own setting, and so is where a checkout lies."""
    paths = list(own_files())
    assert {ROOT / "README.md", ROOT / "pyproject.toml", Path(__file__).resolve()} <= set(paths)
    found = []
    for path in paths:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:  # a picture or a checkpoint
            continue
        for pattern in (_REGISTRIES, _MACHINE_PATHS):
            found += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in pattern.finditer(text)]
    assert found == []
