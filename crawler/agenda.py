"""``scrapy collect --dry-run``: what the next scheduled run would ask, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from pipelines.chain import open_store
from pipelines.corpus import find_run
from pipelines.discover import endpoints_of, plan_visits
from pipelines.discover.agenda import Visit
from pipelines.records import Source
from pipelines.report import make_console


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """What a run that started now would ask."""

    visits: Sequence[Visit]
    """Every endpoint of the chosen sources."""
    pages: Counter[str]
    """Source -> pages that failed or changed and whose time to be asked again has come; at most 1,000 are counted."""
    now: datetime
    running: str | None
    """Who holds the lock, in words."""


def look_ahead(output_dir: Path, sources: Sequence[Source], *, with_revisits: bool) -> Agenda:
    """Return the agenda of some sources; creates nothing. Raises CorpusError if there is a store that cannot be read."""
    now = datetime.now(UTC)
    running = find_run(output_dir)
    if not (output_dir / "state" / "copydesk.sqlite").exists():
        return Agenda(visits=plan_visits(sources, {}, now=now), pages=Counter(), now=now, running=running)
    pages: Counter[str] = Counter()
    with open_store(output_dir, recover=False) as store:
        known = store.endpoints([url for source in sources for _, url in endpoints_of(source)])
        for source in sources:
            pages[source.name] = len(store.due_retries(source.name, now=now))
            if with_revisits:
                pages[source.name] += len(store.due_revisits(source.name, now=now))
    return Agenda(visits=plan_visits(sources, known, now=now), pages=+pages, now=now, running=running)


def print_agenda(agenda: Agenda) -> None:
    """Print the endpoints that are due with the reason, the pages, and when the next of the others is due."""
    console = make_console()
    due = [visit for visit in agenda.visits if visit.is_due]
    waiting = [visit.due_at for visit in agenda.visits if not visit.is_due and visit.due_at]
    if due:
        table = Table()
        for heading in ("source", "by", "endpoint", "due since", "why"):
            table.add_column(heading, overflow="fold")
        for visit in due:
            since = f"{visit.due_at:%Y-%m-%d %H:%M}" if visit.due_at else "now"
            table.add_row(visit.source, visit.channel, visit.url, since, visit.why)
        console.print(table)
    for source, number in agenda.pages.items():
        console.print(f"{source}: {number} pages to ask again")
    sources = {visit.source for visit in due} | set(agenda.pages)
    console.print(
        f"{len(sources)} of {len({visit.source for visit in agenda.visits})} sources would be asked: {len(due)} of {len(agenda.visits)} "
        f"endpoints, {agenda.pages.total()} pages asked before. Times are UTC."
    )
    if waiting:
        console.print(f"The next of the other endpoints is due at {min(waiting):%Y-%m-%d %H:%M}.")
    if agenda.running:
        console.print(f"A run would end at once with status 3: {agenda.running}.", markup=False)
