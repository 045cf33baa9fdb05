"""The run report for the terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.report.funnel import Funnel
from pipelines.report.monitors import Outcome
from pipelines.report.run_report import RunReport

MAX_SOURCES = 25
MAX_PROBLEMS = 12
WIDTH_WITHOUT_TERMINAL = 120


class PipeConsole(Console):
    """A console that falls silent when its reader has gone (``| head``). Rich's own exits the process there, a running crawl included."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        with suppress(OSError, ValueError):
            # What is still in the stream's buffer must go somewhere, or Python complains when it ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.file.fileno())
            os.close(nowhere)


def make_console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal, or WIDTH_WITHOUT_TERMINAL columns for a file or pipe."""
    console = PipeConsole(stderr=stderr, highlight=False)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    # Height too: without it Rich falls back to 80 columns where TERM is not set.
    return PipeConsole(stderr=stderr, highlight=False, width=WIDTH_WITHOUT_TERMINAL, height=25)


def print_report(report: RunReport, path: Path, console: Console | None = None) -> None:
    """Print a run as two short tables: the stages, and the sources that gave most."""
    console = console or make_console(stderr=True)
    before, after = report.corpus_before, report.corpus
    console.print()
    console.print(_stage_table(report))
    news = {name: funnels for name, funnels in report.by_source.items() if any(funnel.seen for funnel in funnels)}
    if news:
        console.print(_source_table(news))
    if quiet := len(report.by_source) - len(news):
        console.print(f"{_number(quiet, 'source')} named nothing: unchanged since the last run, or not to be read")

    def added(name: str) -> int:
        return after.get(name, 0) - before.get(name, 0)

    console.print(
        f"[bold]{_number(after.get('stories', 0), 'story', 'stories')}[/] from {_number(after.get('articles', 0), 'article')} "
        f"({_number(after.get('copies', 0), 'copy', 'copies')}); this run added {_number(added('articles'), 'article')}, "
        f"{_number(added('stories'), 'story', 'stories')}, in {report.seconds:.1f} s"
    )
    for problem in report.problems[:MAX_PROBLEMS]:
        console.print(f"[yellow]![/] {escape(problem)}")
    if len(report.problems) > MAX_PROBLEMS:
        console.print(f"[yellow]![/] and {len(report.problems) - MAX_PROBLEMS} more problems, in the report")
    print_monitors(report.monitors, console)
    console.print(f"report: {escape(str(path))}", soft_wrap=True)


def print_monitors(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print what the monitors found: one line if all is well, else the failed ones with their reasons."""
    if outcomes and not any(outcome.problems for outcome in outcomes):
        skipped = [outcome.name for outcome in outcomes if outcome.skipped]
        told = f" (not judged: {', '.join(skipped)})" if skipped else ""
        console.print(f"[green]monitors: all is well[/]{told}")
    for outcome in outcomes:
        for problem in outcome.problems:
            console.print(f"[red]monitor {outcome.name}:[/] {escape(problem)}", soft_wrap=True)


def print_failures(run_id: str, outcomes: Sequence[Outcome], console: Console | None = None) -> None:
    """Print which run failed and what the monitors said; nothing if all is well: cron mails what a command prints."""
    if any(outcome.problems for outcome in outcomes):
        console = console or make_console(stderr=True)
        console.print(f"run {run_id}:")
        print_monitors(outcomes, console)


def _number(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _stage_table(report: RunReport) -> Table:
    table = Table(title=f"Run {report.run_id} ({report.spider}, {report.finish_reason})", title_justify="left")
    table.add_column("stage")
    for name in ("seen", "kept", "not new", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("why")
    for funnel in (report.endpoints, *report.funnel):
        why = ", ".join(f"{reason} {number}" for reason, number in funnel.rejected.items())
        table.add_row(funnel.stage, *map(str, (funnel.seen, funnel.kept, funnel.nothing_new, funnel.lost)), escape(why))
    return table


def _source_table(by_source: Mapping[str, list[Funnel]]) -> Table:
    rows = [(_stored(funnels), name, funnels) for name, funnels in by_source.items()]
    rows.sort(key=lambda row: (-_failed(row[2]), -row[0], row[1]))  # what a person may want to look at comes first
    hidden = len(rows) - MAX_SOURCES
    table = Table(title="Sources" if hidden <= 0 else f"Sources (the first {MAX_SOURCES} of {len(rows)})", title_justify="left")
    table.add_column("source")
    for name in ("named", "requested", "fetched", "stored"):
        table.add_column(name, justify="right")
    table.add_column("not kept", overflow="fold")
    for stored, name, funnels in rows[:MAX_SOURCES]:
        by_stage = {funnel.stage: funnel for funnel in funnels}
        lost: dict[str, int] = {}
        for funnel in funnels:
            for reason, number in funnel.rejected.items():
                lost[reason] = lost.get(reason, 0) + number
        table.add_row(
            name,
            str(by_stage["discover"].seen),
            str(by_stage["discover"].kept),
            str(by_stage["fetch"].kept),
            str(stored),
            escape(", ".join(f"{reason} {number}" for reason, number in lost.items())),
        )
    return table


def _failed(funnels: list[Funnel]) -> int:
    return sum(funnel.seen - funnel.kept for funnel in funnels if funnel.stage != "discover")


def _stored(funnels: list[Funnel]) -> int:
    return sum(funnel.kept for funnel in funnels if funnel.stage == "store")
