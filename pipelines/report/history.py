"""The runs of an output folder: their ``report.json`` files."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from pipelines.errors import CorpusError

logger = logging.getLogger(__name__)

NAMED_RUNS = 5


def list_runs(output_dir: Path) -> list[str]:
    """Return the ids of the runs that left a report, oldest first: an id starts with its UTC second."""
    return sorted(path.parent.name for path in (output_dir / "runs").glob("*/report.json"))


def read_run(output_dir: Path, run_id: str) -> dict[str, Any]:
    """Return the report of a run. Raises CorpusError, naming the file or the runs there are, if there is none or it is no report."""
    known = list_runs(output_dir)
    if run_id not in known:
        there = ", ".join(known[: -NAMED_RUNS - 1 : -1]) or "none"
        raise CorpusError(f"{output_dir / 'runs'}: expected the report of run {run_id!r}, found {len(known)} runs, the newest: {there}")
    path = output_dir / "runs" / run_id / "report.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path}: expected the report of a run in JSON: {error}") from error
    if not isinstance(report, dict) or not isinstance(report.get("stages"), dict):
        raise CorpusError(f"{path}: expected the report of a run, an object with 'stages', found {type(report).__name__}")
    return report


def summarize_runs(output_dir: Path, *, limit: int) -> list[dict[str, Any]]:
    """Return what each of the last runs did, oldest first; one whose report cannot be read is left out with a warning."""
    found = []
    for run_id in list_runs(output_dir)[-limit:]:
        try:
            found.append(_summarize(read_run(output_dir, run_id)))
        except (CorpusError, KeyError, TypeError, AttributeError) as error:
            logger.warning("left out of the history: %s", error)
    return found


def earlier_reports(output_dir: Path, run_id: str, *, limit: int) -> list[dict[str, Any]]:
    """Return the reports of the last runs before one, oldest first; one that cannot be read is left out with a warning."""
    found = []
    for earlier in [known for known in list_runs(output_dir) if known < run_id][-limit:]:
        try:
            report = read_run(output_dir, earlier)
            if not isinstance(report.get("sources"), dict):
                raise CorpusError(f"{earlier}: expected 'sources', found none")
            found.append(report)
        except CorpusError as error:
            logger.warning("no comparison with run %s: %s", earlier, error)
    return found


def _summarize(report: dict[str, Any]) -> dict[str, Any]:
    after, before = report["corpus"], report["corpus_before"]
    return {
        "run_id": report["run_id"],
        "spider": report["spider"],
        "started_at": report["started_at"],
        "seconds": report["seconds"],
        "stories": after["stories"] - before["stories"],
        "copies": after["copies"] - before["copies"],
        "rejected": sum(
            funnel["seen"] - funnel["kept"] for stage, funnel in report["stages"].items() if stage != "discover"
        ),
    }  # fmt: skip
