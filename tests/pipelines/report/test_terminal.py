"""The run report for the eye."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.report import Funnel, RunReport, make_console, print_report
from pipelines.report.terminal import MAX_PROBLEMS, MAX_SOURCES, WIDTH_WITHOUT_TERMINAL
from tests.pipelines.report.conftest import FUNNELS

PATH = Path("output/runs/1/report.json")


def printed(report: RunReport) -> str:
    """What a report looks like in a file."""
    stream = io.StringIO()
    print_report(report, PATH, Console(file=stream, width=160))
    return stream.getvalue()


def row(text: str, name: str) -> list[str]:
    """The cells of a table's row."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"│ {name} ")]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_tables_show_the_stages_and_the_sources(make_report: Callable[..., RunReport]) -> None:
    """Seen, kept, not new, rejected and why; what the run added."""
    text = printed(make_report())
    assert row(text, "endpoint") == ["endpoint", "3", "2", "1", "0", "unchanged 1"]
    assert row(text, "discover") == ["discover", "14", "10", "4", "0", "known 4"]
    assert row(text, "fetch") == ["fetch", "10", "8", "0", "2", "http_404 2"]
    assert row(text, "daily") == ["daily", "14", "10", "8", "8", "known 4, http_404 2"]
    assert "53 stories from 108 articles (55 copies); this run added 8 articles, 3 stories, in 61.5 s" in text
    assert text.endswith(f"report: {PATH}\n")


def test_the_sources_that_gave_most_come_first_and_the_rest_is_counted(make_report: Callable[..., RunReport]) -> None:
    """A catalogue of hundreds does not fill the screen."""
    stages = ("discover", "fetch", "store")
    by_source = {f"s{number:02}": [Funnel(stage=stage, kept=number + 1) for stage in stages] for number in range(MAX_SOURCES + 5)}
    text = printed(make_report(by_source=by_source))
    shown = [line.split()[1] for line in text.splitlines() if line.startswith("│ s") and line.split()[1][1:].isdigit()]
    assert shown == sorted(by_source, reverse=True)[:MAX_SOURCES]
    assert f"the first {MAX_SOURCES} of {MAX_SOURCES + 5}" in text


def test_a_source_that_named_nothing_is_no_row(make_report: Callable[..., RunReport]) -> None:
    """Feeds that have not changed since the last run say nothing about a source: how many there are is told."""
    silent = [Funnel(stage=stage, kept=0) for stage in ("discover", "fetch", "store")]
    text = printed(make_report(by_source={"daily": FUNNELS, "weekly": silent, "monthly": silent}))
    assert row(text, "daily")
    assert "weekly" not in text
    assert "2 sources named nothing" in text
    alone = printed(make_report(by_source={"weekly": silent}))
    assert "1 source named nothing" in alone
    assert "Sources" not in alone


def test_problems_are_printed_as_they_are_and_not_without_end(make_report: Callable[..., RunReport]) -> None:
    """Brackets are no markup; how many more there are is told."""
    text = printed(make_report(problems=[f"[red]feed {number}[/red]" for number in range(MAX_PROBLEMS + 3)]))
    assert "! [red]feed 0[/red]" in text
    assert text.count("! [red]feed") == MAX_PROBLEMS
    assert "3 more problems" in text


def test_without_a_terminal_the_width_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables in a log file stay wide enough to read; COLUMNS is the user's word."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert make_console().width == WIDTH_WITHOUT_TERMINAL
    monkeypatch.setenv("COLUMNS", "70")
    assert make_console().width == 70


def test_a_console_whose_reader_has_gone_does_not_end_the_process() -> None:
    """``| head``: what comes after the printing still happens."""
    program = "import sys; from pipelines.report import make_console; c = make_console(); [c.print('x' * 9000) for _ in range(50)]; print('alive', file=sys.stderr)"
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run([sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False, cwd=Path(__file__).parents[3])  # fmt: skip
    os.close(writing)
    assert "alive" in ran.stderr
