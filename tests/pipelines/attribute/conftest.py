"""Hand-made pages and drafts: attribution is tested without the stages before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import lxml.html
import pytest

from pipelines.records import INDEXED_TAGS, Block, Draft, ParsedPage

PROSE = (
    "The harbor council voted late on Monday to rebuild the northern pier, ending a dispute that had divided the town for most of the decade.",
    "Work is due to start in the spring and should take about two years, according to the plan that members approved by eleven votes to four.",
    "Opponents said they would study the decision before they choose whether to appeal, and pointed to the cost, which has doubled since 2019.",
)


@pytest.fixture
def prose() -> tuple[str, ...]:
    """Three paragraphs that say nothing of where they come from."""
    return PROSE


@pytest.fixture
def parse() -> Callable[..., ParsedPage]:
    """Build a ParsedPage from HTML as extraction would, with the given JSON-LD article and meta."""

    def build(
        html: str,
        *,
        url: str = "https://www.harbordaily.example/world/pier-vote-2026",
        article_ld: Mapping[str, Any] | None = None,
        meta: Mapping[str, str] | None = None,
        canonical_url: str | None = None,
        site_name: str | None = "Harbor Daily",
    ) -> ParsedPage:
        tree = lxml.html.document_fromstring(html)
        return ParsedPage(
            url=url,
            tree=tree,
            indexed=tuple((element.tag, element) for element in tree.iter(*INDEXED_TAGS)),
            json_ld=(article_ld,) if article_ld else (),
            meta=meta or {},
            article_ld=article_ld or {},
            canonical_url=canonical_url,
            site_name=site_name,
        )

    return build


@pytest.fixture
def article_html() -> Callable[..., str]:
    """An article page: what stands between headline and body, the body, what stands behind it."""

    def build(header: str = "", footer: str = "", paragraphs: Sequence[str] = PROSE) -> str:
        body = "".join(f"<p>{text}</p>" for text in paragraphs)
        return f"<html><body><article><h1>Council votes on pier</h1>{header}<div class='body'>{body}{footer}</div></article></body></html>"

    return build


@pytest.fixture
def draft() -> Callable[..., Draft]:
    """A draft of these paragraphs, at positions 10, 20, 30 …"""

    def build(
        *texts: str,
        authors: tuple[str, ...] = (),
        url: str = "https://www.harbordaily.example/world/pier-vote-2026",
        standfirst: str | None = None,
    ) -> Draft:
        blocks = tuple(Block(text=text, position=10 * number) for number, text in enumerate(texts, 1))
        return Draft(url=url, canonical_url=None, title="Council votes on pier", standfirst=standfirst, blocks=blocks, authors=authors)

    return build
