"""How far the files of a replay are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.warc import Span
from pipelines.warc.progress import DoneList, SpansInHand


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(bytes(9_000))
    return path


def test_a_narrow_replay_leaves_the_rest_to_others(tmp_path: Path, file: Path) -> None:
    """What one replay of a host has done is done for that host; another host begins anew, and all pages do."""
    state = tmp_path / "replay.sqlite"
    DoneList(state, only_what="a.example").save({file: 9_000})
    assert DoneList(state, only_what="a.example").done(file) == 9_000
    assert DoneList(state, only_what="b.example").done(file) == 0
    assert DoneList(state).done(file) == 0


def test_a_replay_of_all_pages_is_one_of_each_host(tmp_path: Path, file: Path) -> None:
    """Nothing is left for a narrower one."""
    state = tmp_path / "replay.sqlite"
    DoneList(state, only_what="a.example").save({file: 3_000})
    DoneList(state).save({file: 6_000})
    assert DoneList(state, only_what="a.example").done(file) == 6_000


def test_another_file_under_the_same_path_is_new(tmp_path: Path, file: Path) -> None:
    """A file is known by its first bytes too."""
    done_list = DoneList(tmp_path / "replay.sqlite")
    done_list.save({file: 9_000})
    file.write_bytes(b"x" * 9_000)
    assert done_list.done(file) == 0


def test_a_file_that_is_gone_is_left_out(tmp_path: Path, file: Path) -> None:
    """Deleted while its pages are on their way: the other files are noted all the same."""
    done_list, gone = DoneList(tmp_path / "replay.sqlite"), tmp_path / "gone.warc.gz"
    done_list.save({gone: 100, file: 9_000})
    assert done_list.done(file) == 9_000


def test_a_span_is_done_when_its_outcomes_are_durable(file: Path) -> None:
    """In the order of the file, whichever span is ready first; a record that is cut off at the end is not done."""
    first, second = Span(path=file, start=0, end=4_000), Span(path=file, start=4_000, end=9_000)
    spans = SpansInHand()
    spans.begin(first)
    spans.begin(second)
    spans.finish(second, 1, stop=8_500)
    spans.settle(second)
    assert spans.take() == {}
    spans.finish(first, 0, stop=first.end)
    assert spans.take() == {file: 8_500}
