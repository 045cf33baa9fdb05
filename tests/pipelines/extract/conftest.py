"""Pages for the tests of the extract stage, all written for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pipelines import extract
from pipelines.records import Discovered, Draft, FetchedPage, ParsedPage, Rejection

FETCHED_AT = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
# Says that the page is an article; where nothing does, trafilatura has a word too.
ARTICLE = '<meta property="og:type" content="article">'
PARAGRAPHS = (
    "The harbour council voted on Tuesday to close the old ferry terminal, ending a service that has carried commuters across the bay for ninety years.",
    "Passengers learned of the decision from a notice at the ticket window, and several said they had been promised at least one more summer of crossings.",
    "The operator blamed falling revenue and the price of repairs, which it put at four million, for a pier that storms have damaged twice since the autumn.",
    "Councillors from the northern shore opposed the plan and said they would ask a court to review whether the public had been consulted as the law requires.",
)


@pytest.fixture
def fetched() -> Callable[..., FetchedPage]:
    """A fetched page from HTML text or bytes."""

    def build(
        html: str | bytes,
        *,
        url: str = "https://www.daily.example/news/ferry-terminal",
        encoding: str | None = "utf-8",
        hint: Discovered | None = None,
    ) -> FetchedPage:
        body = html.encode("utf-8", "surrogatepass") if isinstance(html, str) else html
        return FetchedPage(url=url, body=body, encoding=encoding, fetched_at=FETCHED_AT, source="daily", hint=hint)

    return build


@pytest.fixture
def news_page() -> Callable[..., str]:
    """HTML of a small news page; head, before, after and JSON-LD go where their names say."""

    def build(
        *,
        head: str = "",
        before: str = "<h1>Council closes the old ferry terminal</h1>",
        after: str = "",
        ld: object = None,
        html: str = '<html lang="en">',
    ) -> str:
        script = f'<script type="application/ld+json">{ld if isinstance(ld, str) else json.dumps(ld)}</script>' if ld is not None else ""
        body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
        return f"<!doctype html>{html}<head><title>Council closes the old ferry terminal - Daily Example</title>{ARTICLE}{head}{script}</head><body><article>{before}<div>{body}</div>{after}</article></body></html>"

    return build


@pytest.fixture
def parse(fetched: Callable[..., FetchedPage]) -> Callable[..., ParsedPage]:
    """Parse HTML that must not be rejected."""

    def run(html: str | bytes, **options: object) -> ParsedPage:
        parsed = extract.parse_page(fetched(html, **options))
        assert isinstance(parsed, ParsedPage), parsed
        return parsed

    return run


@pytest.fixture
def draft_of(fetched: Callable[..., FetchedPage]) -> Callable[..., Draft]:
    """Extract the article of HTML that must not be rejected."""

    def run(html: str | bytes, *, extractor: str = "blocks", **options: object) -> Draft:
        outcome = run_stage(fetched(html, **options), extractor=extractor)
        assert isinstance(outcome, Draft), outcome
        return outcome

    return run


@pytest.fixture
def outcome_of(fetched: Callable[..., FetchedPage]) -> Callable[..., Draft | Rejection]:
    """Run the stage on HTML and return whatever comes out."""
    return lambda html, **options: run_stage(fetched(html, **options))


def run_stage(page: FetchedPage, *, extractor: str = "blocks") -> Draft | Rejection:
    parsed = extract.parse_page(page)
    return parsed if isinstance(parsed, Rejection) else extract.extract_article(parsed, page, extractor=extractor)
