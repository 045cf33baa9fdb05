"""How far a crawl has got, as a block and as a line."""

from __future__ import annotations

from rich.console import Console

from pipelines.report.progress import Rate, Snapshot, clock, count_stages, describe_progress, render_progress

STAGES = ("endpoint", "discover", "fetch", "extract", "scrub", "attribute", "store")
STATS = {
    "endpoint/kept": 12, "endpoint/rejected/unreadable": 1, "discover/kept": 200, "discover/rejected/known": 900, "fetch/kept": 110,
    "fetch/rejected/http_404": 10, "extract/kept": 100, "extract/rejected/paywalled": 10, "store/kept": 80, "downloader/request_count": 5,
}  # fmt: skip


def snapshot(**fields: object) -> Snapshot:
    usual: dict[str, object] = {
        "title": "news: 9 sources", "seconds": 3725.0, "funnel": count_stages(STATS, STAGES), "pages_per_second": 2.345,
        "hosts": ["www.northwire.example"], "stories": 1234, "copies": 567,
    }  # fmt: skip
    return Snapshot(**(usual | fields))  # type: ignore[arg-type]


def test_the_line_says_it_all() -> None:
    """For logs: no column, no color."""
    assert describe_progress(snapshot()) == (
        "1:02:05: 13 endpoints asked, 120 of 200 pages (2.3/s), 80 articles stored, 20 rejected; "
        "1,234 stories and 567 copies in the corpus; now: www.northwire.example"
    )
    assert describe_progress(snapshot(stories=None, copies=None, hosts=[])).endswith("stories not counted yet; now: nobody")


def test_the_display_fits_a_narrow_terminal_and_a_wide_one() -> None:
    """With every stage, and with hosts beyond the first few counted."""
    for width in (80, 200):
        console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
        with console.capture() as capture:
            console.print(render_progress(snapshot(hosts=[f"host-{number}.example" for number in range(9)])))
        lines = capture.get().splitlines()
        assert len(lines) == 11
        assert all(len(line) <= width for line in lines)
    assert [line.split()[0] for line in lines[2:9]] == list(STAGES)
    assert "discover      1,100       200       900" in capture.get()
    assert "and 3 more" in capture.get()
    assert "120 of 200 pages, 2.3/s" in capture.get()


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    """A crawl that has come to a halt shows it."""
    rate = Rate()
    assert rate.add(0, 0) == 0
    assert rate.add(10, 20) == 2
    assert rate.add(100, 200) == 2
    for second in range(101, 140):
        halted = rate.add(second, 200)
    assert halted == 0


def test_time_reads_as_a_clock() -> None:
    """Hours do not wrap at a day."""
    assert [clock(seconds) for seconds in (0, 65.9, 90_061)] == ["0:00:00", "0:01:05", "25:01:01"]
