"""The add-on, in a Scrapy project of its own beside an installed Copydesk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scrapy.settings import Settings

import crawler.settings
from crawler.addon import Copydesk
from newsroom import Newsroom
from tests.crawler.conftest import ROOT, Ran, read

PAGE = (ROOT / "docs" / "addon.md").read_text(encoding="utf-8")
SETTINGS, SPIDER = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copydesk as pip installs it, not the working copy: packages with their data files."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for folder in ("crawler", "pipelines", "newsroom"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
    ]
    done = subprocess.run([*pip, "--target", target, source], text=True, capture_output=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of docs/addon.md, word for word but for the site's address."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = dailies.settings\n")
    package = folder / "dailies"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "settings.py").write_text(f'SPIDER_MODULES = ["dailies.spiders"]\nSTORE_BATCH_ARTICLES = 3\n{SETTINGS}')
    (package / "spiders").mkdir()
    (package / "spiders" / "__init__.py").touch()
    assert "https://www.daily.example/" in SPIDER
    (package / "spiders" / "daily.py").write_text(SPIDER.replace("https://www.daily.example/", "http://www.portaldenherald.example/"))
    return folder


@pytest.fixture(scope="module")
def run(installed: Path, project: Path, newsroom: Newsroom) -> Callable[..., Ran]:
    """Run a command in that project."""

    def command(*args: str) -> Ran:
        env = {**os.environ, "PYTHONPATH": str(installed), "http_proxy": newsroom.proxy_url, "no_proxy": "", "COLUMNS": "200"}
        done = subprocess.run([sys.executable, *args], cwd=project, env=env, text=True, capture_output=True, timeout=120, check=False)
        return Ran(done.returncode, done.stdout + done.stderr)

    return command


@pytest.fixture(scope="module")
def crawled(run: Callable[..., Ran], project: Path) -> Path:
    """Its output after the example's crawl."""
    ran = run("-m", "scrapy", "crawl", "daily", "-s", "DOWNLOAD_DELAY=0", "-o", "articles.jsonl")
    assert ran.status == 0, ran.output
    assert "Traceback" not in ran.output, ran.output
    return project / "output"


def test_an_installed_copy_brings_all_its_files(installed: Path) -> None:
    """Word lists, sources, the model, the parts of the report: everything that the repository tracks."""
    data = {
        path.relative_to(ROOT) for folder in ("crawler", "pipelines", "newsroom") for path in (ROOT / folder).rglob("*") if path.is_file()
    }
    wanted = {path for path in data if path.suffix not in (".pyc", ".md")}
    assert len(wanted) > 150
    assert sorted(path for path in wanted if not (installed / path).exists()) == []


def test_the_packages_that_run_are_the_installed_ones(run: Callable[..., Ran], installed: Path) -> None:
    """Guards the tests below."""
    ran = run("-c", "import crawler.addon, pipelines; print(crawler.addon.__file__, pipelines.__file__)")
    assert ran.output.count(str(installed)) == 2


def test_ten_lines_of_spider_give_stories_and_a_report(crawled: Path, project: Path) -> None:
    """The stages, the store and the page; articles go on to feeds."""
    articles, corpus = read(crawled, "articles"), read(crawled, "corpus")
    assert len(articles) >= 10
    assert set(articles["source"]) == {"daily"}
    assert len(corpus) == articles["article_id"].nunique() - len(read(crawled, "copies"))
    assert set(corpus["agencies"].explode().dropna()) >= {"AP", "REUTERS"}
    # What arrives while a batch is being written goes into the next together, however much it is: on a slow disk there are two parts.
    assert len(list(crawled.glob("articles/*/*.parquet"))) >= 2, "STORE_BATCH_ARTICLES of the project stands"
    (page,) = crawled.glob("runs/*/report.html")
    assert b"Content-Security-Policy" in page.read_bytes()
    exported = [json.loads(line) for line in (project / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {entry["article_id"] for entry in exported} == set(articles["article_id"])


def test_kept_and_rejected_add_up_without_our_spiders(crawled: Path) -> None:
    """Discovery and fetching begin with the pages that the spider yields."""
    (path,) = crawled.glob("runs/*/report.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["unbalanced"] == []
    assert report["stages"]["fetch"]["kept"] == report["stages"]["extract"]["seen"] >= 10
    assert report["stages"]["store"]["kept"] == len(read(crawled, "articles"))


def test_report_and_explain_work_in_that_project(run: Callable[..., Ran], crawled: Path) -> None:
    """They find its output without being told."""
    ran = run("-m", "scrapy", "report")
    assert ran.status == 0, ran.output
    assert ran.output.strip().endswith("report.html")
    article = read(crawled, "corpus").iloc[0]
    explained = run("-m", "scrapy", "explain", article["article_id"][:12])
    assert explained.status == 0, explained.output
    assert article["title"] in explained.output


def test_what_a_project_says_stands() -> None:
    """Our defaults have the priority of an add-on; components that the project placed or switched off stay so."""
    settings = Settings({"SCRUB_MIN_WORDS": 7, "ITEM_PIPELINES": {"crawler.item_pipelines.StoreArticles": None}}, priority="project")
    Copydesk().update_settings(settings)
    assert settings.getint("SCRUB_MIN_WORDS") == 7
    assert settings.getint("EXTRACT_PAGES_PER_WORKER") == crawler.settings.EXTRACT_PAGES_PER_WORKER
    assert settings["OUTPUT_DIR"] == "output"
    assert settings["USER_AGENT"] == Settings()["USER_AGENT"]
    pipelines = {str(getattr(name, "__name__", name)): place for name, place in settings["ITEM_PIPELINES"].items()}
    assert pipelines == {"crawler.item_pipelines.StoreArticles": None, "ProcessPages": 100}
