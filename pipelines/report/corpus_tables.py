"""What a corpus holds, for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.corpus import Summary

MOST = 12
"""Rows of a table; the rest is added up in a line."""


def print_corpus(counts: Mapping[str, int], summary: Summary, console: Console) -> None:
    """Print the store's counts (fields of ``corpus.Counts``) and files, then stories by day, language, source and agency, copies by relation."""
    table = Table(show_header=False)
    for name, number in counts.items():
        table.add_row(name, f"{number:,}")
    console.print(table)
    console.print(_file_table(summary))
    console.print(_table("days", "stories first seen", sorted(summary.days.items(), reverse=True)))
    console.print(_table("languages", "stories", _ranked(summary.languages)))
    console.print(_source_table(summary))
    console.print(_table("agencies", "stories", _ranked(summary.agencies)))
    console.print(_table("relations", "copies", _ranked(summary.relations)))


def _file_table(summary: Summary) -> Table:
    table = Table("dataset")
    table.add_column("files", justify="right")
    table.add_column("MB", justify="right")
    for dataset, files in summary.files.items():
        table.add_row(dataset, f"{files:,}", f"{summary.bytes[dataset] / 1e6:,.1f}")
    return table


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Most first; equal ones by name, so that the tables do not depend on the order of files."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _source_table(summary: Summary) -> Table:
    """Sources by what they have of both: stories whose canonical copy is theirs, and copies."""
    table = Table("sources")
    for name in ("stories", "copies"):
        table.add_column(name, justify="right")
    ranked = _ranked(summary.sources + summary.copied_by)
    for source, _ in ranked[:MOST]:
        table.add_row(escape(source), f"{summary.sources[source]:,}", f"{summary.copied_by[source]:,}")
    if rest := [source for source, _ in ranked[MOST:]]:
        table.add_row(f"{len(rest):,} more", _sum(summary.sources, rest), _sum(summary.copied_by, rest))
    return table


def _sum(counter: Counter[str], names: list[str]) -> str:
    return f"{sum(counter[name] for name in names):,}"


def _table(title: str, unit: str, ranked: list[tuple[str, int]]) -> Table:
    table = Table(title)
    table.add_column(unit, justify="right")
    for name, number in ranked[:MOST]:
        table.add_row(escape(name), f"{number:,}")
    if rest := ranked[MOST:]:
        table.add_row(f"{len(rest):,} more", f"{sum(number for _, number in rest):,}")
    return table
