"""``report.html``: one page that asks nothing of the network, with its data, styles and scripts inside."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.corpus import Place, read_window
from pipelines.corpus.files import claim_file, unlink_if_orphan
from pipelines.errors import CorpusError
from pipelines.report.embed import encode_json
from pipelines.report.history import list_runs, read_run, summarize_runs
from pipelines.report.overview import summarize_window
from pipelines.report.story_data import choose_stories

MAX_PAGE_BYTES = 1_900_000
MAX_ROW_BYTES = 450_000
MAX_DAYS = 30
MAX_ARTICLES = 50_000
"""Of the corpus are read: whole days, newest first, but always one."""
MAX_RUNS = 90
# Entries of each list; a catalogue may hold thousands of sources.
MAX_ENTRIES = {"by_source": 400, "agencies": 60, "rejected": 60, "removed": 60, "outlets": 200, "agency_flows": 200, "run_sources": 400}
MAX_PROBLEMS = 100

# Browsers' tools would ask for it.
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_FILES = Path(__file__).parent / "page"
_SCRIPTS = (
    "vendor/chart.umd.min.js",
    "vendor/chartjs-chart-sankey.min.js",
    "vendor/diff.min.js",
    "elements.js",
    "charts.js",
    "figures.js",
    "stories.js",
    "story.js",
)


def write_page(output_dir: Path, *, datasets: Place | None = None, run_id: str | None = None, target: Path | None = None) -> Path:
    """Write the report page of a run (the newest without run_id) and the days before it, in one step; return its path.

    datasets: where they lie if not in output_dir. target: ``runs/<run_id>/report.html`` without it, ``report.html`` in a corpus that no run of ours made. Raises CorpusError if there is no
    such run or no corpus, or if the page cannot be written.
    """
    runs = list_runs(output_dir)
    run = read_run(output_dir, run_id or runs[-1]) if run_id or runs else None
    if target is None:
        target = output_dir / "runs" / run["run_id"] / "report.html" if run else output_dir / "report.html"
    page = render_page(gather_data(output_dir, datasets=datasets, run=run))
    _remove_leftovers(output_dir, target)
    try:
        with claim_file(target.parent, prefix=f".{target.name}.", suffix=".tmp") as (descriptor, temporary):
            try:
                with os.fdopen(os.dup(descriptor), "wb") as file:
                    file.write(page)
                temporary.replace(target)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise CorpusError(f"{target}: the report cannot be written there: {error.strerror}") from error
    return target


def _remove_leftovers(output_dir: Path, target: Path) -> None:
    """Remove what writers that were killed left of their pages, of this run and of others."""
    for path in (*target.parent.glob(f".{target.name}.*.tmp"), *output_dir.glob("runs/*/.report.html.*.tmp")):
        unlink_if_orphan(path)


def gather_data(
    output_dir: Path,
    *,
    datasets: Place | None = None,
    run: dict[str, Any] | None,
    max_days: int = MAX_DAYS,
    max_articles: int = MAX_ARTICLES,
) -> dict[str, Any]:
    """Return what the page shows, ready for JSON, within the bytes that a page may have; ``left_out`` says what that cost."""
    window = read_window(datasets or output_dir, max_days=max_days, max_articles=max_articles)
    left_out = [f"{window.days_left_out} older days: the page covers the newest {len(window.days)}"] if window.days_left_out else []
    data: dict[str, Any] = {
        "generated_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "run": run and _shorten_run(run, left_out),
        "runs": summarize_runs(output_dir, limit=MAX_RUNS),
        **summarize_window(window),
    }
    for owner, name, limit in (
        (data, "by_source", "by_source"), (data, "agencies", "agencies"), (data, "rejected", "rejected"), (data, "removed", "removed"),
        (data["flows"], "outlets", "outlets"), (data["flows"], "agencies", "agency_flows"),
    ):  # fmt: skip
        if (more := len(owner[name]) - MAX_ENTRIES[limit]) > 0:
            left_out.append(f"{more:,} smaller entries of {limit.replace('_', ' ')}")
            owner[name] = owner[name][: MAX_ENTRIES[limit]]
    room = MAX_PAGE_BYTES - len(_frame()[0]) - len(_frame()[1]) - len(encode_json(data))
    rows = min(MAX_ROW_BYTES, room // 2)
    stories = choose_stories(
        window, datasets or output_dir, run_id=run["run_id"] if run else None, max_row_bytes=rows, max_detail_bytes=room - rows - 1_000
    )  # fmt: skip
    return data | {"stories": stories.rows, "details": stories.details, "left_out": left_out + stories.left_out}


def render_page(data: dict[str, Any]) -> bytes:
    """Return the whole page for the data of ``gather_data``, UTF-8. No word of the data stands outside its JSON."""
    before, after = _frame()
    return before + encode_json(data) + after


def _shorten_run(run: dict[str, Any], left_out: list[str]) -> dict[str, Any]:
    """A run's report without what a page of bounded size cannot hold."""
    sources, problems = run.get("sources") or {}, run.get("problems") or []
    limit = MAX_ENTRIES["run_sources"]
    if len(sources) > limit:
        left_out.append(f"what the run found in {len(sources) - limit:,} of {len(sources):,} sources: see report.json")
        most = sorted(sources, key=lambda name: (-sum(stage["seen"] for stage in sources[name].values()), name))[:limit]
        sources = {name: sources[name] for name in most}
    if len(problems) > MAX_PROBLEMS:
        left_out.append(f"{len(problems) - MAX_PROBLEMS:,} of {len(problems):,} problems: see report.json")
    return run | {"sources": sources, "problems": [str(problem)[:500] for problem in problems[:MAX_PROBLEMS]]}


@cache
def _frame() -> tuple[bytes, bytes]:
    """The page before and after its data. Only the scripts and the style sheet whose hashes its policy names may run in it."""
    scripts = [_read(name) for name in _SCRIPTS]
    style = _read("page.css")
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash_source, scripts))}; style-src {_hash_source(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    page = _read("page.html").replace("{policy}", policy).replace("{style}", style)
    page = page.replace("{scripts}", "\n".join(f"<script>{script}</script>" for script in scripts))
    before, _, after = page.partition("{data}")
    return before.encode(), after.encode()


def _read(name: str) -> str:
    return _SOURCE_MAP.sub("", (_FILES / name).read_text(encoding="utf-8"))


def _hash_source(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
