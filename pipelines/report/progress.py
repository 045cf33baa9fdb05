"""How far a crawl has got: figures of one moment, as a block for the terminal and as a log line."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipelines.report.funnel import Funnel, make_funnel

MAX_HOSTS = 6
RATE_SECONDS = 30.0
"""Pages per second are those of so many last seconds: a crawl's own mean hides that it has come to a halt."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A crawl at one moment."""

    title: str
    seconds: float
    """Since the crawl began."""
    funnel: Sequence[Funnel]
    """``endpoint`` and the stages, in order."""
    pages_per_second: float
    hosts: Sequence[str]
    """Those that are sending an answer now."""
    stories: int | None
    copies: int | None
    """In the whole corpus, as last counted; None before the first count."""

    def stage(self, name: str) -> Funnel:
        """Return the counts of a stage."""
        return next(funnel for funnel in self.funnel if funnel.stage == name)


class Rate:
    """Pages per second over the last RATE_SECONDS."""

    def __init__(self) -> None:
        self.marks: deque[tuple[float, int]] = deque()

    def add(self, seconds: float, pages: int) -> float:
        """Note how many pages there were at a moment (seconds, of any clock that only goes forward), and return the rate."""
        self.marks.append((seconds, pages))
        while seconds - self.marks[0][0] > RATE_SECONDS and len(self.marks) > 2:
            self.marks.popleft()
        since, before = self.marks[0]
        return (pages - before) / (seconds - since) if seconds > since else 0.0


def count_stages(stats: Mapping[str, Any], stages: Sequence[str]) -> list[Funnel]:
    """Return the counts of stages from Scrapy's stats, ``<stage>/kept`` and ``<stage>/rejected/<reason>``."""
    outcomes: dict[tuple[str, str], int] = {}
    for key, number in stats.items():
        stage, _, outcome = key.partition("/")
        if stage in stages and (outcome == "kept" or outcome.startswith("rejected/")):
            outcomes[stage, outcome.removeprefix("rejected/")] = number
    return make_funnel(outcomes, stages)


def render_progress(snapshot: Snapshot) -> RenderableType:
    """Return the block for the terminal: a row a stage, a bar, what is going on now."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for name in ("seen", "kept", "not new", "rejected"):
        table.add_column(name, justify="right", min_width=8)
    table.add_column("mostly", no_wrap=True, overflow="ellipsis")
    for funnel in snapshot.funnel:
        mostly = next(iter(funnel.rejected), "")
        figures = (f"{number:,}" if number else "·" for number in (funnel.seen, funnel.kept, funnel.nothing_new, funnel.lost))
        table.add_row(Text(funnel.stage, "bold"), *figures, Text(mostly, "dim"))
    done, asked = snapshot.stage("fetch").seen, snapshot.stage("discover").kept
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=max(asked, 1), completed=done, width=40), f"{done:,} of {asked:,} pages, {snapshot.pages_per_second:.1f}/s"
    )
    head = Text.assemble((snapshot.title, "bold"), f"  {clock(snapshot.seconds)}")
    return Group(head, table, bar, Text(f"{_stories(snapshot)}   now: {_hosts(snapshot.hosts)}", "dim", no_wrap=True, overflow="ellipsis"))


def describe_progress(snapshot: Snapshot) -> str:
    """Return the figures as one line."""
    fetched, stored = snapshot.stage("fetch"), snapshot.stage("store")
    rejected = sum(snapshot.stage(name).lost for name in ("fetch", "extract", "scrub", "attribute", "store"))
    return (
        f"{clock(snapshot.seconds)}: {snapshot.stage('endpoint').seen:,} endpoints asked, {fetched.seen:,} of "
        f"{snapshot.stage('discover').kept:,} pages ({snapshot.pages_per_second:.1f}/s), {stored.kept:,} articles stored, "
        f"{rejected:,} rejected; {_stories(snapshot)}; now: {_hosts(snapshot.hosts)}"
    )


def clock(seconds: float) -> str:
    """Return a time as hours, minutes and seconds: 0:01:05."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _stories(snapshot: Snapshot) -> str:
    if snapshot.stories is None:
        return "stories not counted yet"
    return f"{snapshot.stories:,} stories and {snapshot.copies:,} copies in the corpus"


def _hosts(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - MAX_HOSTS} more" if len(hosts) > MAX_HOSTS else ""
    return (", ".join(hosts[:MAX_HOSTS]) or "nobody") + more
