"""``scrapy demo``, as the README has it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsroom import load_truth
from tests.crawler.conftest import ROOT, Ran, read

Scrapy = Callable[..., Ran]
DATASETS = ("articles", "corpus", "copies", "rejected")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(scrapy: Scrapy, output: Path) -> Ran:
    return scrapy("demo", "-s", f"OUTPUT_DIR={output}", timeout=60)


def test_the_demo_prints_the_stories_and_how_to_read_them(demo: Ran, output: Path) -> None:
    """It ends well within a minute."""
    assert demo.status == 0, demo.output
    stories = {article.story for article in load_truth()}
    copies = len(load_truth()) - len(stories)
    assert "Stories that ran more than once" in demo.output
    assert f"{len(stories)} stories, {copies} copies" in demo.output
    assert f"corpus = pd.read_parquet({str(output / 'corpus')!r})" in demo.output
    assert "Traceback" not in demo.output


def test_the_demo_ends_with_the_path_of_its_report(demo: Ran, output: Path) -> None:
    """A page that holds the stories, on standard output's last line."""
    (page,) = output.glob("runs/*/report.html")
    assert f"Open the report in a browser:\n{page}\n" in demo.output
    assert b"Tugs free ferry" in page.read_bytes()


def test_what_the_demo_says_about_reading_works(demo: Ran) -> None:
    """Its last lines are a program."""
    program = demo.output.partition("Read it:\n")[2].partition("\n\n")[0]
    ran = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "word_count" in ran.stdout
    assert f"[{len({article.story for article in load_truth()})} rows x 4 columns]" in ran.stdout


def test_a_second_demo_adds_no_row(demo: Ran, scrapy: Scrapy, output: Path) -> None:
    """To no dataset."""
    before = {name: len(read(output, name)) for name in DATASETS}
    assert min(before.values()) > 0
    again = scrapy("demo", "-s", f"OUTPUT_DIR={output}", timeout=60)
    assert again.status == 0, again.output
    assert {name: len(read(output, name)) for name in DATASETS} == before


@pytest.mark.parametrize("redirected", [pytest.param("2>{stderr}", id="of the stories"), pytest.param("2>&1", id="of the report, while the crawl closes")])  # fmt: skip
def test_a_demo_whose_reader_leaves_early_ends(tmp_path: Path, redirected: str) -> None:
    """``scrapy demo | head -1``: the crawl is not cut short, nothing hangs, no traceback."""
    stderr = tmp_path / "stderr"
    stderr.touch()
    pipe = redirected.format(stderr=shlex.quote(str(stderr)))
    command = (
        f"{shlex.quote(sys.executable)} -m scrapy demo -s OUTPUT_DIR={shlex.quote(str(tmp_path))} {pipe} | head -2; exit ${{PIPESTATUS[0]}}"
    )
    ran = subprocess.run(["bash", "-c", command], cwd=ROOT, text=True, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, stderr.read_text()
    assert len(ran.stdout.splitlines()) == 2
    assert "Traceback" not in ran.stdout + stderr.read_text()
    assert len(read(tmp_path, "articles")) == len(load_truth())
    assert len(read(tmp_path, "corpus")) == len({article.story for article in load_truth()})


def test_the_demo_shows_what_it_put_elsewhere(scrapy: Scrapy, tmp_path: Path) -> None:
    """With DATASETS_URI its tables and its program read that place, not the output folder."""
    ran = scrapy(
        "demo", "-s", f"OUTPUT_DIR={tmp_path / 'here'}", "-s", f"DATASETS_URI=file://{tmp_path / 'there'}", "-s", "REPORT_PAGE=False"
    )
    assert ran.status == 0, ran.output
    assert f"{len({article.story for article in load_truth()})} stories" in ran.output
    assert f"corpus = pd.read_parquet({str(tmp_path / 'there' / 'corpus')!r})" in ran.output
