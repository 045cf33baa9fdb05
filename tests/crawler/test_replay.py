"""``scrapy replay`` and the ``warc`` spider: archived pages become the corpus that their crawl would have given."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.crawler.conftest import ROOT, Ran, read
from tests.crawler.site import article
from tests.pipelines.warc.archives import write_warc

SETTINGS = ("-s", "REPORT_PAGE=False", "-s", "EXTRACT_WORKERS=2", "-s", "EXTRACT_TIMEOUT_SECONDS=120")
NAMES = [f"story {number}" for number in range(24)]


def url_of(name: str) -> str:
    return f"https://gazette.example/{name.replace(' ', '-')}"


def archive(path: Path, names: list[str], **options: object) -> list[int]:
    return write_warc(path, [(url_of(name), article(name).body) for name in names], **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def replayed(scrapy: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Ran]:
    """A whole archive, a truncated, a corrupt, an empty one and one that is none, replayed together: archives, output, what was said."""
    folder = tmp_path_factory.mktemp("archives")
    archive(folder / "a-whole.warc.gz", NAMES[:6])
    offsets = archive(folder / "b-truncated.warc.gz", NAMES[6:12])
    data = (folder / "b-truncated.warc.gz").read_bytes()
    (folder / "b-truncated.warc.gz").write_bytes(data[: offsets[4] + 300])
    offsets = archive(folder / "c-corrupt.warc.gz", NAMES[12:18])
    data = (folder / "c-corrupt.warc.gz").read_bytes()
    (folder / "c-corrupt.warc.gz").write_bytes(data[: offsets[2] + 300] + b"\xff" * 50 + data[offsets[2] + 350 :])
    (folder / "d-empty.warc.gz").touch()
    (folder / "e-text.warc.gz").write_text("no archive")
    archive(folder / "f-plain.warc.gz", NAMES[18:], gzip=False)
    ran = scrapy("replay", folder / "*.warc.gz", "-s", f"OUTPUT_DIR={folder / 'output'}", *SETTINGS)
    return folder, folder / "output", ran


def test_damage_costs_the_damaged_pages_only(replayed: tuple[Path, Path, Ran]) -> None:
    """What is whole becomes articles, in whatever file it stands and however that is packed."""
    _, output, ran = replayed
    assert ran.status == 0, ran.output
    lost = {*NAMES[10:12], NAMES[14]}
    assert set(read(output, "articles")["url"]) == {url_of(name) for name in NAMES if name not in lost}


def test_the_report_says_what_the_stages_took(replayed: tuple[Path, Path, Ran]) -> None:
    """CPU of the stages alone, a part of what the workers took: the rest went into reading."""
    _, output, _ = replayed
    measures = json.loads(next((output / "runs").glob("*/report.json")).read_text())["measures"]
    assert 0 < measures["stages_cpu_seconds"] < measures["extract_cpu_seconds"]


@pytest.mark.parametrize("name", ["b-truncated", "c-corrupt", "d-empty", "e-text"])
def test_damage_is_told_with_file_and_place(replayed: tuple[Path, Path, Ran], name: str) -> None:
    """One line a fault: which file, at which byte, what was wrong."""
    folder, _, ran = replayed
    assert f"{folder / name}.warc.gz: byte " in ran.output.replace("\n", "")


def test_pages_keep_the_time_of_their_fetch(replayed: tuple[Path, Path, Ran]) -> None:
    """``fetched_at`` and the day's folder are the archive's."""
    _, output, _ = replayed
    rows = read(output, "articles")
    assert set(rows["fetched_at"]) == {datetime(2026, 11, 20, 8, 30, 0, 250_000, tzinfo=UTC)}
    assert [path.name for path in (output / "articles").iterdir()] == ["crawl_date=2026-11-20"]


def test_pages_of_others_are_named_for_their_domain(replayed: tuple[Path, Path, Ran]) -> None:
    """No source of the catalogue has that site: its domain stands for it."""
    _, output, _ = replayed
    assert set(read(output, "articles")["source"]) == {"gazette.example"}


def test_what_was_replayed_is_not_replayed_again(replayed: tuple[Path, Path, Ran], scrapy: Callable[..., Ran]) -> None:
    """A second run finds all files done and adds no row; ``--again`` takes them once more, and the corpus stays as it is."""
    folder, output, _ = replayed
    rows, stories = len(read(output, "articles")), read(output, "corpus").sort_values("article_id", ignore_index=True)
    ran = scrapy("replay", folder / "[abcf]*.warc.gz", "-s", f"OUTPUT_DIR={output}", *SETTINGS)
    assert ran.status == 0, ran.output
    assert len(read(output, "articles")) == rows
    ran = scrapy("replay", folder / "a*.warc.gz", "--again", "-s", f"OUTPUT_DIR={output}", *SETTINGS)
    assert ran.status == 0, ran.output
    assert len(read(output, "articles")) == rows + 6
    assert read(output, "corpus").sort_values("article_id", ignore_index=True).equals(stories)


def test_hosts_and_days_narrow_a_replay(tmp_path: Path, scrapy: Callable[..., Ran]) -> None:
    """Only what was fetched on the host and in the time asked for."""
    archive(tmp_path / "a.warc.gz", NAMES[:2], date="2026-11-20T23:59:59Z")
    archive(tmp_path / "b.warc.gz", NAMES[2:4], date="2026-11-21T00:00:00Z")
    write_warc(tmp_path / "c.warc.gz", [("https://other.example/x", article("other").body)], date="2026-11-21T00:00:00Z")
    write_warc(tmp_path / "d.warc.gz", [("https://m.gazette.example/y", article("below").body)], date="2026-11-21T12:00:00Z")
    ran = scrapy(
        "crawl", "warc", "-a", f"files={tmp_path}/*.warc.gz", "-a", "host=gazette.example", "-a", "since=2026-11-21", "-a", "until=2026-11-22",
        "-s", f"OUTPUT_DIR={tmp_path / 'output'}", *SETTINGS,
    )  # fmt: skip
    assert ran.status == 0, ran.output
    assert set(read(tmp_path / "output", "articles")["url"]) == {url_of(NAMES[2]), url_of(NAMES[3]), "https://m.gazette.example/y"}


def test_a_file_that_grows_is_read_on(tmp_path: Path, scrapy: Callable[..., Ran]) -> None:
    """A record that was cut off when it was still being written is a page once it is whole; a name may look like a pattern."""
    path, output = tmp_path / "still growing [1].warc.gz", tmp_path / "output"
    offsets = archive(path, NAMES[:6])
    whole = path.read_bytes()
    for size in (offsets[3] + 500, len(whole)):
        path.write_bytes(whole[:size])
        ran = scrapy("replay", path, "-s", f"OUTPUT_DIR={output}", *SETTINGS)
        assert ran.status == 0, ran.output
    assert sorted(read(output, "articles")["url"]) == [url_of(name) for name in NAMES[:6]]


@pytest.mark.timeout(900)
def test_a_killed_replay_goes_on(tmp_path: Path, scrapy: Callable[..., Ran]) -> None:
    """Killed as soon as one file is noted as done: its pages are in the log then, and the next run brings the rest."""
    for number in range(8):
        archive(tmp_path / f"{number}.warc.gz", [f"tale {number} {page}" for page in range(4)])
    output = tmp_path / "output"
    command = ["replay", f"{tmp_path}/*.warc.gz", "-s", f"OUTPUT_DIR={output}", "-s", "STORE_BATCH_ARTICLES=1", *SETTINGS]
    process = subprocess.Popen([sys.executable, "-m", "scrapy", *command], cwd=ROOT, env=dict(os.environ), start_new_session=True)
    while process.poll() is None and not done_bytes(output):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = done_bytes(output)
    assert done
    assert read(output, "rejected").empty
    durable = set(read(output, "articles")["url"])
    for path in done:
        assert {url_of(f"tale {Path(path).name[0]} {page}") for page in range(4)} <= durable
    ran = scrapy(*command, timeout=600)
    assert ran.status == 0, ran.output
    assert read(output, "rejected").empty
    assert set(read(output, "articles")["url"]) == {url_of(f"tale {number} {page}") for number in range(8) for page in range(4)}


@pytest.mark.timeout(900)
def test_a_page_that_kills_its_worker_costs_itself(tmp_path: Path) -> None:
    """Tried alone, and once more alone, then rejected and told; the pages beside it are stored, and the file is done."""
    archive(tmp_path / "a.warc.gz", [*NAMES[:3], "deadly tale", *NAMES[3:6]])
    output = tmp_path / "output"
    command = [
        sys.executable,
        "-m",
        "tests.crawler.deadly_page",
        "replay",
        f"{tmp_path}/a.warc.gz",
        "-s",
        f"OUTPUT_DIR={output}",
        *SETTINGS,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert set(read(output, "articles")["url"]) == {url_of(name) for name in NAMES[:6]}
    rejected = read(output, "rejected")
    assert list(rejected[["url", "stage", "reason", "is_final"]].itertuples(index=False, name=None)) == [
        (url_of("deadly tale"), "extract", "worker_died", False)
    ]
    assert f"{url_of('deadly tale')}: rejected as worker_died" in said.replace("\n", "")
    assert list(done_bytes(output).values()) == [(tmp_path / "a.warc.gz").stat().st_size]


def done_bytes(output: Path) -> dict[str, int]:
    """What the done-list says; nothing while there is none."""
    path = output / "state" / "replay.sqlite"
    if not path.exists():
        return {}
    try:
        with closing(sqlite3.connect(path)) as connection:
            return dict(connection.execute("SELECT path, done FROM file"))
    except sqlite3.OperationalError:
        return {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nothing/*.warc.gz"], "expected WARC files, found none at 'nothing/*.warc.gz'", id="no file"),
        pytest.param(["{file}", "--since", "yesterday"], "-a since=: expected a day or time", id="no day"),
        pytest.param(["{file}", "--since", "2026-12-01", "--until", "2026-11-01"], "expected a time and a later one", id="no time between"),
        pytest.param(["{file}", "--host", "https://a.example/"], "-a host=: expected host names", id="no host"),
    ],
)
def test_wrong_arguments_are_told(tmp_path: Path, scrapy: Callable[..., Ran], arguments: list[str], message: str) -> None:
    """One line, status 1, and no folder left behind."""
    (tmp_path / "a.warc.gz").touch()
    ran = scrapy("replay", *(part.format(file=tmp_path / "a.warc.gz") for part in arguments), "-s", f"OUTPUT_DIR={tmp_path / 'output'}")
    assert ran.status == 1
    assert "scrapy replay: " in ran.output
    assert message in ran.output
    assert not (tmp_path / "output").exists()


def test_an_unknown_option_is_wrong_usage(tmp_path: Path, scrapy: Callable[..., Ran]) -> None:
    """Not a file of that name; a flag that says neither yes nor no is no silent no."""
    ran = scrapy("replay", "--hosts=a.example", "-s", f"OUTPUT_DIR={tmp_path / 'output'}")
    assert ran.status == 2
    assert "got the option '--hosts=a.example'" in ran.output
    (tmp_path / "a.warc.gz").touch()
    ran = scrapy("crawl", "warc", "-a", f"files={tmp_path}/a.warc.gz", "-a", "again=maybe", "-s", f"OUTPUT_DIR={tmp_path / 'output'}")
    assert ran.status == 1
    assert "-a again=: expected 1 or 0, got 'maybe'" in ran.output
