"""What hosts said, between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.conduct import Answer, HostMemory, Rest

NOW = 1_800_000_000.0
DAY = 86_400.0
URL = "https://paper.example/robots.txt"


def test_the_next_run_knows_what_was_said(tmp_path: Path) -> None:
    """Answers and rests, byte for byte; the later word counts."""
    memory = HostMemory(tmp_path / "state" / "hosts.sqlite", now=NOW)
    memory.keep_answer(URL, Answer(fetched_at=NOW - 5, status=404, body=b""))
    memory.keep_answer(URL, Answer(fetched_at=NOW, status=200, body=b"User-agent: *\n\xff"))
    memory.keep_rest("paper.example", Rest(until=NOW + 60, why="HTTP 429"))
    memory.close()
    again = HostMemory(tmp_path / "state" / "hosts.sqlite", now=NOW + 1)
    assert again.answer(URL) == Answer(fetched_at=NOW, status=200, body=b"User-agent: *\n\xff")
    assert again.rests() == {"paper.example": Rest(until=NOW + 60, why="HTTP 429")}
    assert again.answer("https://other.example/robots.txt") is None
    again.close()


def test_what_is_too_old_is_forgotten(tmp_path: Path) -> None:
    """After thirty days, and a rest when it is over."""
    memory = HostMemory(tmp_path / "hosts.sqlite", now=NOW)
    memory.keep_answer(URL, Answer(fetched_at=NOW, status=200, body=b""))
    memory.keep_rest("paper.example", Rest(until=NOW + 60, why="HTTP 429"))
    memory.close()
    later = HostMemory(tmp_path / "hosts.sqlite", now=NOW + 31 * DAY)
    assert later.answer(URL) is None
    assert later.rests() == {}
    later.close()


def test_two_runs_share_one_file(tmp_path: Path) -> None:
    """What one learns, the other knows."""
    one, other = (HostMemory(tmp_path / "hosts.sqlite", now=NOW) for _ in range(2))
    one.keep_answer(URL, Answer(fetched_at=NOW, status=200, body=b"x"))
    assert other.answer(URL) is not None
    one.close()
    other.close()


@pytest.mark.parametrize("damage", ["a folder", "garbage"])
def test_a_file_that_cannot_be_used_is_as_good_as_none(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    """Told once; nothing fails."""
    path = tmp_path / "hosts.sqlite"
    if damage == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database " * 1000)
    memory = HostMemory(path, now=NOW)
    memory.keep_answer(URL, Answer(fetched_at=NOW, status=200, body=b"x"))
    assert memory.answer(URL) is None
    assert memory.rests() == {}
    memory.close()
    assert len(caplog.records) == 1
    assert str(path) in caplog.text
