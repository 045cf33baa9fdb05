"""The record of a run and its file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipelines.report import Funnel, RunReport, write_report


def test_the_file_holds_what_the_run_did(make_report: Callable[..., RunReport], tmp_path: Path) -> None:
    """Below ``runs/<run_id>/``: endpoints, stages, sources, corpus before and after, problems."""
    path = write_report(make_report(problems=["daily: Störung"]), tmp_path)
    assert path == tmp_path / "runs" / "20240506T120000Z-abc123" / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["endpoints"] == {"seen": 3, "kept": 2, "rejected": {"unchanged": 1}}
    assert report["stages"]["fetch"] == {"seen": 10, "kept": 8, "rejected": {"http_404": 2}}
    assert report["sources"]["daily"]["store"]["kept"] == 8
    assert (report["corpus_before"]["articles"], report["corpus"]["articles"]) == (100, 108)
    assert report["seconds"] == 61.5
    assert report["started_at"] == "2024-05-06T12:00:00+00:00"
    assert report["problems"] == ["daily: Störung"]
    assert "Störung" in path.read_text(encoding="utf-8")


def test_nothing_but_the_report_is_left_in_its_folder(make_report: Callable[..., RunReport], tmp_path: Path) -> None:
    """It is written beside its place and moved there; a second writing replaces it."""
    report = make_report()
    write_report(report, tmp_path)
    path = write_report(replace(report, finish_reason="shutdown"), tmp_path)
    assert [file.name for file in path.parent.iterdir()] == ["report.json"]
    assert json.loads(path.read_text(encoding="utf-8"))["finish_reason"] == "shutdown"


def test_a_hole_in_the_funnel_is_named(make_report: Callable[..., RunReport]) -> None:
    """A sound report says nothing."""
    report = make_report()
    assert report.as_dict()["unbalanced"] == []
    lossy = replace(report, funnel=[*report.funnel[:2], Funnel(stage="store", kept=7)])
    assert lossy.as_dict()["unbalanced"] == ["store saw 7 of the 8 that fetch kept"]
