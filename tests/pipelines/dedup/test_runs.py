"""Posting run files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup import runs as runs_module
from pipelines.dedup.runs import KeyFilter, PostingRuns, Run
from pipelines.errors import DedupError


def column(values: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    return np.array(values, np.uint32)


def rows(runs: PostingRuns) -> list[tuple[str, int, int, int]]:
    return [(run.name, run.level, run.count, run.checksum) for run in runs.runs]


def add(runs: PostingRuns, postings: list[tuple[int, int]]) -> tuple[list[Run], list[Run]]:
    postings = sorted(postings)
    return runs.add(column([key for key, _ in postings]), column([text for _, text in postings]))


def found(runs: PostingRuns, keys: list[int]) -> list[tuple[int, int]]:
    return sorted(zip(*(part.tolist() for part in runs.find(column(keys))), strict=True))


@settings(max_examples=30)
@given(
    folds=st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=12), max_size=9), asked=st.sets(st.integers(0, 32))
)
def test_all_postings_are_found_after_any_folds(
    tmp_path_factory: pytest.TempPathFactory, folds: list[list[tuple[int, int]]], asked: set[int]
) -> None:
    """What was added is found, by this object and by one that opens the files."""
    runs = PostingRuns(tmp_path_factory.mktemp("runs"))
    for postings in folds:
        _, gone = add(runs, postings)
        runs.remove_files(run.name for run in gone)
    again = PostingRuns(runs.folder)
    again.load(rows(runs))
    expected = sorted(posting for postings in folds for posting in postings if posting[0] in asked)
    assert found(runs, sorted(asked)) == found(again, sorted(asked)) == expected


def test_runs_merge_by_levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen folds leave one run file, merged in small pieces and in order."""
    monkeypatch.setattr(runs_module, "_MERGED_AT_ONCE", 10)
    runs = PostingRuns(tmp_path)
    everything = [(key * 0x10000001 % (1 << 32), key) for key in range(160)]
    for fold in range(16):
        _, gone = add(runs, everything[fold::16])
        runs.remove_files(run.name for run in gone)
    assert len(runs.runs) == len(list(tmp_path.iterdir())) == 1
    assert (np.diff(runs.runs[0].keys.astype(np.int64)) >= 0).all()
    assert found(runs, sorted(key for key, _ in everything)) == sorted(everything)


def test_the_key_filter_forgets_no_key_and_rules_out_most_others() -> None:
    """Every key that was added may be there, however the filter grew; of strangers at most a fifth may."""
    draw = np.random.default_rng(7)
    key_filter, runs = KeyFilter(), PostingRuns(Path())
    keys = np.unique(draw.integers(0, 1 << 32, 40_000, np.uint32))
    for place, some in enumerate(np.array_split(draw.permutation(keys), 20)):
        some.sort()
        runs.runs.append(Run(name=str(place), level=0, count=len(some), checksum=0, keys=some, texts=some))
        key_filter.add(some, runs.runs)
    assert key_filter.may_have(keys).all()
    strangers = np.setdiff1d(draw.integers(0, 1 << 32, 40_000, np.uint32), keys)
    assert key_filter.may_have(strangers).mean() < 0.2


def test_a_large_run_is_mapped_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers as a small one does, also from a new object."""
    monkeypatch.setattr(runs_module, "_IN_MEMORY", 2)
    runs = PostingRuns(tmp_path)
    add(runs, [(5, 1), (3, 2), (5, 3)])
    again = PostingRuns(tmp_path)
    again.load(rows(runs))
    assert found(runs, [5]) == found(again, [5]) == [(5, 1), (5, 3)]
    assert again.runs[0].mapped is not None


def test_files_merged_away_stay_until_told(tmp_path: Path) -> None:
    """Rows still name them while the fold is not committed."""
    runs = PostingRuns(tmp_path)
    for fold in range(4):
        added, gone = add(runs, [(fold, fold)])
    assert (len(added), len(gone)) == (1, 3)
    assert {run.name for run in added + gone} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="missing"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-4]), id="cut short"),
        pytest.param(lambda path: path.write_bytes(b"\1" + path.read_bytes()[1:]), id="a key changed"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\1"), id="a text changed"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, damage: object) -> None:
    """The error names the file and says what to do."""
    runs = PostingRuns(tmp_path)
    add(runs, [(256, 1), (512, 2)])
    damage(tmp_path / runs.runs[0].name)  # type: ignore[operator]
    with pytest.raises(DedupError, match=rf"{runs.runs[0].name}.*rebuild the index"):
        PostingRuns(tmp_path).load(rows(runs))


def test_orphans_are_removed_and_nothing_else(tmp_path: Path) -> None:
    """Files that no row names go; files that are not ours stay."""
    runs = PostingRuns(tmp_path)
    add(runs, [(1, 1)])
    (tmp_path / "0123456789abcdef.run").write_bytes(b"left by a killed process")
    (tmp_path / "README").write_text("not ours")
    runs.remove_orphans(run.name for run in runs.runs)
    assert {path.name for path in tmp_path.iterdir()} == {runs.runs[0].name, "README"}
