"""``scrapy collect`` as a timer starts it: real processes, real signals, a disk that is really full."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from scrapy.cmdline import execute
from scrapy.utils.project import get_project_settings

from pipelines.corpus import hold_run_lock
from tests.crawler.conftest import ROOT, Leave, Ran, read
from tests.crawler.site import ChangingSite, Page, article, change_state, read_state, rss

HOME = "http://www.gazette.example"
STORIES = [f"{HOME}/news/2026/story-number-{number}" for number in range(6)]
SLOW = f"{HOME}/news/2026/story-that-never-ends"


class Site(ChangingSite):
    """A feed of six stories and one whose server answers only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.pages[f"{HOME}/feed"] = rss(*((url, "") for url in [*STORIES, SLOW]))
        self.pages |= {url: article(f"Headline {number} of the day") for number, url in enumerate(STORIES)}

    def fallback(self, url: str) -> Page:  # type: ignore[override]
        if url == SLOW:
            self.released.wait(60)
            return article("At long last an answer")
        return ChangingSite.fallback(url)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site.serve() as site:
        assert isinstance(site, Site)
        try:
            yield site
        finally:
            site.released.set()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    path = tmp_path / "sources.toml"
    entry = f'name = "gazette"\nkind = "outlet"\nhome = "{HOME}/"\nlanguage = "en"\ncountry = "GB"\nfeeds = ["{HOME}/feed"]\n'
    path.write_text(f"[[source]]\n{entry}")
    return path


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(leave_running: Leave, site: Site, sources: Path, tmp_path: Path) -> Start:
    """Start ``scrapy collect`` on the site, into ``tmp_path/output``."""

    def run(*args: str, **environment: str) -> subprocess.Popen[str]:
        arguments = collect_arguments(sources, tmp_path / "output", *args)
        return leave_running(*arguments, **{"proxy": site.proxy, "no_proxy": "127.0.0.1", **environment})

    return run


def collect_arguments(sources: Path, output: Path, *args: str) -> list[str]:
    settings = {
        "SOURCES": sources, "OUTPUT_DIR": output, "DOWNLOAD_DELAY": 0, "EXTRACT_WORKERS": 0, "STORE_BATCH_SECONDS": 0.1,
        "STORE_FOLD_SECONDS": 900, "MONITOR_DISK_FREE_MB": 0, "REPORT_PAGE": False, "TDMREP_ENABLED": False,
    }  # fmt: skip
    return ["collect", *(f"-s{name}={value}" for name, value in settings.items()), *args]


@pytest.fixture
def collect(start: Start) -> Callable[..., Ran]:
    """Run ``scrapy collect`` to its end."""

    def run(*args: str, **environment: str) -> Ran:
        process = start(*args, **environment)
        output, _ = process.communicate(timeout=120)
        return Ran(process.returncode, output)

    return run


Collect = Callable[..., Ran]


def reports(output: Path) -> list[dict[str, Any]]:
    """The reports of an output folder, oldest first."""
    return [json.loads(path.read_text()) for path in sorted(output.glob("runs/*/report.json"))]


def status_of(report: dict[str, Any], monitor: str) -> str:
    return next(str(outcome["status"]) for outcome in report["monitors"] if outcome["name"] == monitor)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_a_scheduled_run_asks_what_is_due_and_then_rests(collect: Collect, site: Site, tmp_path: Path) -> None:
    """Told beforehand without touching anything; crawled, folded, reported, judged; and nothing is asked again before its time."""
    site.released.set()
    output = tmp_path / "output"
    ahead = collect("--dry-run")
    assert ahead.status == 0
    assert "1 of 1 sources would be asked: 1 of 1 endpoints" in ahead.output
    assert "never asked" in ahead.output
    assert not output.exists()
    assert site.asked == []

    ran = collect()
    assert ran.status == 0, ran.output
    assert "monitors: all is well" in ran.output
    assert len(read(output, "corpus")) + len(read(output, "copies")) == 7
    assert {outcome["status"] for outcome in reports(output)[0]["monitors"]} == {"passed"}

    site.urls()
    again = collect()
    assert again.status == 0
    assert "nothing is due of 1 sources" in again.output
    assert site.asked == []
    assert len(reports(output)) == 1

    change_state(output, "UPDATE endpoint SET due_us = 1, failures = 2")
    assert "failed 2 times in a row" in collect("--dry-run").output
    quiet = collect("--quiet")
    assert (quiet.status, quiet.output) == (0, "")
    assert site.urls() == [f"{HOME}/feed"]


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL], ids=["asked to end", "killed"])
def test_a_run_that_was_ended_is_taken_up_by_the_next(
    start: Start, collect: Collect, site: Site, tmp_path: Path, ended_by: signal.Signals
) -> None:
    """While it runs a second one exits at once; when it has gone the next folds what it stored and asks for what it left."""
    output = tmp_path / "output"
    run = start()
    wait_until(lambda: output.exists() and len(read(output, "articles")) == 6)
    assert not any(output.glob("corpus/*/*.parquet"))

    second = collect()
    assert second.status == 3
    assert f"process {run.pid} on " in second.output

    run.send_signal(ended_by)
    printed, _ = run.communicate(timeout=120)
    if ended_by == signal.SIGTERM:
        assert run.returncode == 0, printed
        assert "Traceback" not in printed
        assert "the run ended (shutdown) before 1 requested URLs were fetched" in printed
        assert [report["finish_reason"] for report in reports(output)] == ["shutdown"]
        assert status_of(reports(output)[0], "yield") == "skipped"
        assert read(output, "rejected").empty
        assert len(read(output, "corpus")) == 6
    site.released.set()
    ran = collect()
    assert ran.status == 0, ran.output
    assert sorted(read(output, "corpus")["url"]) == sorted([*STORIES, SLOW])
    assert len(read(output, "articles")) == 7


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(["-sMONITOR_WEBHOOK=ftp://x.example/"], "MONITOR_WEBHOOK must be an http(s) URL", id="setting"),
        pytest.param(["-sOUTPUT_DIR=/dev/null/news"], "/dev/null/news", id="output folder"),
    ],
)
def test_a_run_that_cannot_begin_ends_with_1(collect: Collect, site: Site, args: list[str], message: str) -> None:
    """With what was expected and found."""
    ran = collect(*args)
    assert ran.status == 1
    assert message in ran.output
    assert "Traceback" not in ran.output
    assert site.asked == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(["--kind", "paper"], "--kind: expected one of wire, outlet, syndicator, got 'paper'", id="kind"),
        pytest.param(["--source", "a,,b"], "expected names parted by commas, found an empty one", id="source"),
        pytest.param(["--sauce=x"], "expected options only, got '--sauce=x'", id="unknown option"),
        pytest.param(["--kind"], "argument --kind: expected one argument", id="no value"),
    ],
)
def test_wrong_usage_ends_with_1(
    args: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 is a failed monitor, so not even a wrong option may end with that."""
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    with pytest.raises(SystemExit) as left:
        execute(["scrapy", "collect", *args], settings=get_project_settings())
    assert left.value.code == 1
    assert message in capsys.readouterr().err


@contextmanager
def webhook(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that keeps what is posted to it, and answers as it likes."""
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer(self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/secret", posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_history(output: Path, *, stored: int, runs: int = 4) -> None:
    """Reports of runs in which the gazette gave so many articles each."""
    for number in range(runs):
        folder = output / "runs" / f"20260101T00000{number}Z-abcdef"
        folder.mkdir(parents=True)
        stages = {stage: {"seen": stored, "kept": stored, "rejected": {}} for stage in ("discover", "fetch", "store")}
        (folder / "report.json").write_text(json.dumps({"sources": {"gazette": stages}, "stages": {}, "monitors": []}))


def test_a_failed_monitor_is_told_everywhere(collect: Collect, site: Site, tmp_path: Path) -> None:
    """In report.json, on the terminal, as exit status 2, and to the webhook; and so is that all is well again."""
    site.released.set()
    output = tmp_path / "output"
    write_history(output, stored=100)
    sentence = "gazette: 7 new articles, the median of 4 runs before is 100"
    with webhook(lambda request: request.send_response(204) or request.end_headers()) as (url, posted):  # type: ignore[func-returns-value]
        ran = collect("--quiet", COPYDESK_WEBHOOK=url)
        assert ran.status == 2
        assert f"monitor yield: {sentence}" in ran.output
        report = reports(output)[-1]
        assert status_of(report, "yield") == "failed"
        assert len(posted) == 1
        assert posted[0]["status"] == "failed"
        assert posted[0]["run_id"] == report["run_id"]
        assert sentence in posted[0]["text"]
        assert posted[0]["monitors"] == report["monitors"]

        change_state(output, "UPDATE endpoint SET due_us = 1")
        ran = collect("-sMONITOR_YIELD_MIN=1000", COPYDESK_WEBHOOK=url)
        assert ran.status == 0, ran.output
        assert [message["status"] for message in posted] == ["failed", "recovered"]


def test_a_webhook_that_hangs_holds_up_nothing(collect: Collect, site: Site) -> None:
    """The run waits for it as long as it was told, says so without the secret in the address, and ends as it would have ended."""
    site.released.set()
    let_go = threading.Event()
    try:
        with webhook(lambda request: let_go.wait(60) and None) as (url, posted):  # type: ignore[arg-type,return-value]
            ran = collect("-sMONITOR_DISK_FREE_MB=1e12", "-sMONITOR_WEBHOOK_TIMEOUT_SECONDS=0.5", COPYDESK_WEBHOOK=url)
            assert not let_go.is_set()
            assert len(posted) == 1
            let_go.set()
    finally:
        let_go.set()
    assert ran.status == 2
    assert "did not answer within 0.5 s" in ran.output or "timed out" in ran.output
    assert "secret" not in ran.output
    assert "Traceback" not in ran.output


def can_mount() -> bool:
    """Whether this machine lets us mount a small disk in a namespace of our own."""
    try:
        command = [
            "unshare",
            "-rm",
            "sh",
            "-c",
            "mkdir -p /tmp/probe-$$ && mount -t tmpfs none /tmp/probe-$$; e=$?; umount /tmp/probe-$$; rmdir /tmp/probe-$$; exit $e",
        ]
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@pytest.mark.skipif(not can_mount(), reason="needs a mount namespace (unshare -rm) for a small disk")
def test_a_full_disk_is_told_and_costs_nothing(site: Site, sources: Path, tmp_path: Path) -> None:
    """The run that meets it ends with 2, naming it; when there is room again the next one stores everything."""
    site.released.set()
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    collect = shlex.join([sys.executable, "-m", "scrapy", *collect_arguments(sources, disk / "output", "--quiet")])
    script = f"""
        mount -t tmpfs -o size=24m none {disk}
        mkdir {disk}/output {disk}/output/state && python3 - <<'END'
import shutil
free = shutil.disk_usage("{disk}").free
open("{disk}/filler", "wb").write(bytes(free - {600 * 1024}))
END
        {collect}; echo "full: $?"
        rm {disk}/filler
        {collect}; echo "again: $?"
        cp -r {disk}/output {kept}
    """
    env = {**os.environ, "http_proxy": site.proxy, "no_proxy": "", "COLUMNS": "200"}
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=ROOT, env=env, text=True, timeout=120, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    full, _, again = ran.stdout.partition("full:")
    assert "No space left on device" in full or "disk is full" in full, ran.stdout
    assert again.startswith((" 1", " 2")), ran.stdout
    assert "again: 0" in again, ran.stdout
    assert sorted(read(kept, "corpus")["url"]) == sorted([*STORIES, SLOW])


def test_the_lock_is_free_again_when_its_holder_has_gone(tmp_path: Path) -> None:
    """However it went: nothing is left to clean up."""
    code = f"from pipelines.corpus import hold_run_lock as h\nfrom pathlib import Path\nwith h(Path({str(tmp_path)!r})):\n print(1, flush=True)\n input()"
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    holder.stdout.readline()
    with pytest.raises(Exception, match=f"process {holder.pid} on .* holds the lock since "), hold_run_lock(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with hold_run_lock(tmp_path):
        assert json.loads((tmp_path / "state" / "collect.lock").read_text())["pid"] == os.getpid()


def test_a_feed_that_is_gone_is_named(collect: Collect, site: Site, tmp_path: Path) -> None:
    """An endpoint that fails is a dead feed after MONITOR_DEAD_AFTER times, and named."""
    site.pages[f"{HOME}/feed"] = Page(b"", status=410)
    ran = collect("-sMONITOR_DEAD_AFTER=1")
    assert ran.status == 2
    assert f"monitor dead_feeds: {HOME}/feed has given nothing 1 times in a row" in ran.output
    assert "monitor run: nothing that was asked could be read" in ran.output
    assert read_state(tmp_path / "output", "SELECT failures FROM endpoint") == [(1,)]
