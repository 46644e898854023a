"""The library of checkpoints: what is listed, promoted, imported and deleted, and its origin."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scheduler_core.checkpoint_file import FORMAT_VERSION
from scheduler_core.errors import CheckpointError, ConfigError
from scheduler_core.library import (
    MAX_BYTES,
    Library,
    StoredModel,
    card,
    escape,
    facts,
    parse_record,
    read_record,
    trace,
    validation_rows,
)
from scheduler_core.observation import FEATURE_VERSION
from scheduler_core.policy import DEFAULT_MODEL, load_checkpoint, save_checkpoint
from scheduler_core.policy.checkpoint import encode_checkpoint
from tests.builders import SMALL, untrained

RECORD = {
    "phase": "ppo",
    "timestep": 1200,
    "seconds": 3725.0,
    "date": "2026-11-25T20:23:11+00:00",
    "device": "cpu",
    "git_commit": "0123456789abcdef",
    "init_sha256": None,
    "data_sha256": [],
    "config": {"seed": 7, "task": {"min_families": 5, "max_families": 8}, "timesteps": 2000},
    "metrics": {"to_best_rule/default/40": 0.9, "to_edd/default/40": 0.5, "to_best_rule": 0.95},
}


def stored(path: Path, seed: int = 0, **record: Any) -> Path:
    """Write an untrained policy with a record, in parts as given, and return its path."""
    save_checkpoint(untrained(seed), {**RECORD, **record}, path)
    return path


def content(seed: int = 0, **record: Any) -> bytes:
    """Return the same as bytes."""
    return encode_checkpoint(untrained(seed), {**RECORD, **record})


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Return a library with one model that ships, and a run with four checkpoints."""
    library = Library(tmp_path / "ship", tmp_path / "imported", tmp_path / "runs")
    stored(library.shipped / "dispatch.safetensors", 1)
    folder = library.runs / "monday" / "checkpoints"
    stored(folder / "step-0000000400.safetensors", 2, timestep=400)
    stored(folder / "step-0000001200.safetensors", 3, timestep=1200)
    stored(folder / "best.safetensors", 3, timestep=1200)
    stored(folder / "last.safetensors", 4, timestep=1600)
    return library


def names(models: list[StoredModel]) -> list[str]:
    """Return what models are called."""
    return [model.name for model in models]


def test_read_record_agrees_with_what_torch_loads(tmp_path: Path) -> None:
    """Hash, network and number of weights, read from the header alone."""
    path = stored(tmp_path / "one.safetensors")
    record, loaded = read_record(path), load_checkpoint(path)
    assert record.sha256 == loaded.sha256
    assert record.hidden_sizes == loaded.network.config.hidden_sizes == SMALL.hidden_sizes
    assert record.num_parameters == sum(each.numel() for each in loaded.network.parameters())
    assert (record.decisions, record.seed, record.ratio) == (1200, 7, 0.95)
    assert record.fault is None


def test_read_record_of_a_changed_file_is_the_new_one(tmp_path: Path) -> None:
    """Records are kept in memory, but not beyond a change of the file."""
    path = stored(tmp_path / "one.safetensors", timestep=1)
    assert read_record(path).timestep == 1
    stored(path, timestep=22)
    assert read_record(path).timestep == 22


def test_read_record_of_a_missing_file_says_so(tmp_path: Path) -> None:
    """Somebody deleted it meanwhile."""
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_record(tmp_path / "gone.safetensors")


@pytest.mark.parametrize(
    "junk", [None, [], "text", {"a": []}, 10**400, True, -1.5], ids=lambda value: str(value)[:8]
)
def test_parse_record_with_junk_in_every_field_leaves_these_out(junk: object) -> None:
    """A record is anybody's text: no field of it is taken on trust."""
    record = parse_record(content(**dict.fromkeys(RECORD, junk)), "junk")
    model = StoredModel("imported/junk", Path("junk"), "imported")
    assert record.date is None
    assert record.fault is None
    assert card(model, record)


def test_stages_of_a_run_are_in_the_order_of_training(library: Library) -> None:
    """The best one is the step of the same decisions, once; last comes last."""
    stages = library.stages("runs/monday")
    assert [stage.record.timestep for stage in stages] == [400, 1200, 1600]
    assert [stage.best for stage in stages] == [False, True, False]


def test_stages_of_what_is_no_run_are_none(library: Library) -> None:
    """A name is looked up among the runs there are, never followed as a path."""
    assert library.stages("runs/../ship") == []
    assert library.stages("runs/tuesday") == []


def test_stages_put_imitation_before_all_decisions(library: Library) -> None:
    """Decisions are counted anew in each phase."""
    folder = library.runs / "monday" / "checkpoints"
    stored(folder / "best.safetensors", 9, phase="imitation", timestep=50_000)
    stages = library.stages("runs/monday")
    assert [stage.record.phase for stage in stages] == ["imitation", "ppo", "ppo", "ppo"]
    assert stages[0].best


def test_find_knows_every_checkpoint_of_a_run(library: Library) -> None:
    """The run's own name is its best; the others have theirs behind it."""
    assert names(library.models()) == ["dispatch", "runs/monday"]
    found = library.find("runs/monday/step-0000000400")
    assert found is not None
    assert found.path.stem == "step-0000000400"
    assert library.find("../ship/dispatch") is None


def test_promote_makes_the_default_until_it_is_taken_back(library: Library) -> None:
    """None means those that ship."""
    assert library.default() is None
    library.promote("runs/monday/step-0000000400")
    promoted = library.default()
    assert promoted is not None
    assert promoted.name == "runs/monday/step-0000000400"
    library.promote(None)
    assert library.default() is None


def test_promote_of_a_model_with_other_features_is_refused(library: Library) -> None:
    """It could not make a single schedule."""
    stored(library.imported / "old.safetensors", feature_version=FEATURE_VERSION - 1)
    with pytest.raises(ConfigError, match=r"'imported/old': cannot be .* features of version"):
        library.promote("imported/old")
    with pytest.raises(ConfigError, match="'nobody': is not in the library"):
        library.promote("nobody")


def test_add_keeps_the_file_as_it_is(library: Library) -> None:
    """To the byte, so that its hash still names it."""
    data = content(5)
    model = library.add(data, "mine.safetensors")
    assert model.name == "imported/mine"
    assert model.path.read_bytes() == data
    assert library.find("imported/mine") == model


def test_add_of_the_same_content_names_the_one_that_is_there(library: Library) -> None:
    """Whatever it is called now."""
    data = (library.shipped / "dispatch.safetensors").read_bytes()
    with pytest.raises(ConfigError, match=r"'other': is here already, as 'dispatch'"):
        library.add(data, "other.safetensors")


def test_add_under_a_name_that_is_taken_numbers_it(library: Library) -> None:
    """Nothing is written over, not even where a file system takes A for a."""
    added = [library.add(content(seed), name) for seed, name in [(5, "a"), (6, "A"), (7, "a")]]
    assert names(added) == ["imported/a", "imported/A-2", "imported/a-3"]


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("../../etc/passwd.safetensors", "imported/passwd"),
        ("C:\\models\\x y.safetensors", "imported/x-y"),
        ("...safetensors", "imported/model"),
        ("*[$`\n.safetensors", "imported/model"),
        ("ü" * 300, "imported/model"),
        ("a" * 300 + ".safetensors", f"imported/{'a' * 60}"),
    ],
)
def test_add_makes_a_safe_name_of_any(filename: str, name: str, library: Library) -> None:
    """The user's file name is never a path."""
    model = library.add(content(5), filename)
    assert model.name == name
    assert model.path.parent == library.imported


class Bomb:
    """What runs a program when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was read",))


def zipped(data: bytes) -> bytes:
    """Return an archive as ``torch.save`` writes them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return stream.getvalue()


def framed(header: bytes, length: int | None = None) -> bytes:
    """Return a file with a header, and the length it claims to have."""
    return struct.pack("<Q", len(header) if length is None else length) + header


VERSIONS = {"format_version": FORMAT_VERSION, "feature_version": FEATURE_VERSION}
BARE = {"__metadata__": {"record": json.dumps(VERSIONS)}}
HUGE_SHAPE = {**BARE, "w": {"shape": [9 * 10**4000] * 50, "dtype": "F32", "data_offsets": [0, 0]}}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps(Bomb()), "is a pickle or an archive"),
        (zipped(pickle.dumps(Bomb())), "is a pickle or an archive"),
        (b"", "is not a checkpoint"),
        (content()[:-1], "does not hold a whole policy"),
        (content()[:100], "is not a checkpoint"),
        (framed(b"{}", 2**63), "is not a checkpoint"),
        (framed(b"[]"), "is not a checkpoint"),
        (framed(json.dumps(HUGE_SHAPE).encode()), "is not a checkpoint"),
        (framed(json.dumps(BARE).encode()), "does not hold a whole policy"),
        (content(feature_version=1), "feature_version must be"),
    ],
    ids=[
        "pickle", "zip", "empty", "cut off", "cut in the header", "huge header", "no mapping",
        "huge tensor", "no weights", "other features",
    ],
)  # fmt: skip
def test_add_of_what_is_no_checkpoint_is_refused_and_not_kept(
    data: bytes, message: str, library: Library
) -> None:
    """A sentence comes back, nothing is unpickled, and no file is left."""
    with pytest.raises(CheckpointError, match=message):
        library.add(data, "bad.safetensors")
    assert not library.imported.exists()


def test_add_of_a_large_file_is_refused_unread(library: Library) -> None:
    """One byte more than is allowed."""
    with pytest.raises(CheckpointError, match="must have at most 64 MB"):
        library.add(bytes(MAX_BYTES + 1), "large.safetensors")


def test_delete_of_the_default_lets_those_that_ship_serve_again(library: Library) -> None:
    """Only that file goes."""
    library.promote("runs/monday")
    library.delete("runs/monday")
    assert library.default() is None
    assert names(library.models()) == ["dispatch"]
    assert len(library.checkpoints("runs/monday")) == 3
    with pytest.raises(ConfigError, match="is not in the library"):
        library.delete("runs/monday")


def test_delete_of_a_model_that_ships_is_refused(library: Library) -> None:
    """The program could not do without."""
    with pytest.raises(ConfigError, match="'dispatch': ships with the program and stays"):
        library.delete("dispatch")
    assert library.find("dispatch") is not None


def test_trace_follows_parents_to_random_weights_and_finds_children(library: Library) -> None:
    """One trained on from a step of Monday's run, and one from that."""
    folder = library.runs / "monday" / "checkpoints"
    step = read_record(folder / "step-0000000400.safetensors").sha256
    middle = stored(library.imported / "middle.safetensors", 5, init_sha256=step)
    last = stored(library.imported / "end.safetensors", 6, init_sha256=read_record(middle).sha256)
    lineage = trace(library, read_record(last))
    assert [each.model and each.model.name for each in lineage.ancestors] == [
        "imported/middle",
        "runs/monday/step-0000000400",
    ]
    assert lineage.complete
    assert lineage.children == ()
    assert names(list(trace(library, read_record(middle)).children)) == ["imported/end"]


def test_trace_to_a_file_that_is_gone_ends_there(library: Library) -> None:
    """The hash is all that is left of it."""
    orphan = stored(library.imported / "orphan.safetensors", 5, init_sha256="f" * 64)
    lineage = trace(library, read_record(orphan))
    assert [(each.sha256, each.model) for each in lineage.ancestors] == [("f" * 64, None)]
    assert not lineage.complete


def test_card_shows_what_a_record_says_as_text(tmp_path: Path) -> None:
    """Markup in an imported record stays text, on one line."""
    record = parse_record(content(device="[x](http://y)\n# **loud** $a$ :red[b]"), "evil")
    text = card(StoredModel("imported/evil", tmp_path, "imported"), record)
    assert r"\[x\]\(http\:\/\/y\) \# \*\*loud\*\* \$a\$ \:red\[b\]" in text
    assert escape("a_b") == r"a\_b"


def test_facts_of_a_fine_tuned_model_name_its_data_and_its_parent(tmp_path: Path) -> None:
    """Each by the hash of its file."""
    data = content(init_sha256="ab" * 32, data_sha256=["cd" * 32])
    told = dict(facts(StoredModel("m", tmp_path, "run"), parse_record(data, "m")))
    assert told["Began with"] == f"The model with SHA-256 {'ab' * 8}…"
    assert told["Trained on"] == f"1 snapshot (SHA-256 {'cd' * 6}…)"
    assert told["Training took"] == "1 h 2 min"
    assert told["Trained"] == "1,200 decisions of trial and error (PPO)"


def test_validation_rows_pair_the_ratios_of_each_kind() -> None:
    """All problems together come first, wherever they stand."""
    rows = validation_rows(RECORD["metrics"])  # type: ignore[arg-type]
    assert rows == [("All problems", 0.95, None), ("default, 40", 0.9, 0.5)]


def test_facts_of_the_policy_that_ships_are_whole() -> None:
    """An older record, without hashes, is still told in full."""
    told = dict(facts(StoredModel("dispatch", DEFAULT_MODEL, "ships"), read_record(DEFAULT_MODEL)))
    assert told["Usable here"] == "Yes"
    assert told["Network"] == "128, 64 and 64 units, 30,850 weights"
    assert told["Trained"] == "7,620,372 decisions of trial and error (PPO)"
    assert told["Trained on"] == "Generated shops of 20 to 200 families"
    assert told["Began with"] == "Random weights"
