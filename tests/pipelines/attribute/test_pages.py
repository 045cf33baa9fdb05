"""Whole pages as agencies' customers and republishers print them; all names and texts are invented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pipelines.attribute import attribute_draft, read_marks
from pipelines.records import Draft, ParsedPage

Parse = Callable[..., ParsedPage]
ArticleHtml = Callable[..., str]
MakeDraft = Callable[..., Draft]


def page(
    header: str = "",
    first: str = "",
    last: str = "",
    footer: str = "",
    meta: Mapping[str, str] | None = None,
    ld: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {"header": header, "first": first, "last": last, "footer": footer, "meta": meta or {}, "ld": ld or {}}


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param(
            page(
                header="<p class='byline'>Jane Doe, The Canadian Press</p>",
                first="HARBOR BAY, N.L. — ",
                last="This report by The Canadian Press was first published March 12, 2026.",
            ),
            {"agencies": ("CP",), "dateline": "HARBOR BAY", "mode": "wire"},
            id="Canadian Press",
        ),
        pytest.param(
            page(
                header="<div class='author'>Jeanne Dupont <span>La Presse Canadienne</span></div>",
                last="Cette dépêche de La Presse Canadienne a été publiée pour la première fois le 12 mars 2026.",
            ),
            {"agencies": ("CP",)},
            id="La Presse Canadienne",
        ),
        pytest.param(
            page(
                header="<p class='byline'>By Jane Doe | AP</p>",
                first="LISBON — ",
                last="Copyright 2026 The Associated Press. All rights reserved.",
            ),
            {"agencies": ("AP",), "dateline": "LISBON"},
            id="AP on a paper's site",
        ),
        pytest.param(
            page(
                header="<p class='byline'>Jane Doe, Harbor Times (TNS)</p>",
                last="©2026 Harbor Times. Visit harbortimes.example. Distributed by Tribune Content Agency, LLC.",
            ),
            {"agencies": ("TNS",)},
            id="Tribune News Service",
        ),
        pytest.param(
            page(
                header="<p class='byline'>By Jane Doe, CNN</p>",
                first="Lisbon (CNN) — ",
                last="The-CNN-Wire ™ & © 2026 Cable News Network, Inc. All rights reserved.",
            ),
            {"agencies": ("CNN-WIRE",), "dateline": "Lisbon"},
            id="CNN Wire",
        ),
        pytest.param(
            page(
                header="<div class='story-source'>PTI</div>",
                first="New Delhi, Mar 12 (PTI) ",
                last="(This story has not been edited by Harbor Daily staff and is auto-generated from a syndicated feed.)",
            ),
            {"agencies": ("PTI",), "dateline": "New Delhi"},
            id="PTI from a feed",
        ),
        pytest.param(
            page(first="New Delhi [India], March 12 (ANI): ", last="(ANI)"), {"agencies": ("ANI",), "dateline": "New Delhi"}, id="ANI"
        ),
        pytest.param(page(last="--IANS"), {"agencies": ("IANS",)}, id="IANS"),
        pytest.param(page(header="<p class='credit-line source'>Jane Doe, AAP</p>", last="AAP"), {"agencies": ("AAP",)}, id="AAP"),
        pytest.param(page(header="<span class='author'>By PA Reporter</span>"), {"agencies": ("PA",)}, id="PA Media"),
        pytest.param(page(ld={"author": {"name": "PA Media"}}), {"agencies": ("PA",)}, id="PA in JSON-LD"),
        pytest.param(page(first="HARBOR, March 12 (UPI) -- "), {"agencies": ("UPI",), "dateline": "HARBOR"}, id="UPI"),
        pytest.param(
            page(header="<p class='byline'>Jane Doe, Bloomberg</p>", first="(Bloomberg) -- ", last="©2026 Bloomberg L.P."),
            {"agencies": ("BLOOMBERG",)},
            id="Bloomberg",
        ),
        pytest.param(page(header="<p class='bron'>Bron: Belga</p>"), {"agencies": ("BELGA",)}, id="Belga"),
        pytest.param(
            page(header="<p class='byline'>Door onze redactie en ANP</p>"), {"agencies": ("ANP",), "mode": "mixed"}, id="ANP with staff"
        ),
        pytest.param(page(first="OSLO (NTB): ", last="(©NTB)"), {"agencies": ("NTB",), "dateline": "OSLO"}, id="NTB"),
        pytest.param(page(header="<p class='byline'>Anna Svensson/TT</p>"), {"agencies": ("TT",)}, id="TT"),
        pytest.param(page(last="/ritzau/AFP"), {"agencies": ("RITZAU", "AFP")}, id="Ritzau"),
        pytest.param(page(header="<p class='author'>STT–AFP</p>"), {"agencies": ("STT", "AFP")}, id="STT"),
        pytest.param(
            page(first="Lisboa, 12 mar 2026 (Lusa) – ", last="Lusa/Fim"), {"agencies": ("LUSA",), "dateline": "Lisboa"}, id="Lusa"
        ),
        pytest.param(page(last="Źródło: PAP"), {"agencies": ("PAP",)}, id="PAP"),
        pytest.param(page(first="Praha 12. března (ČTK) - "), {"agencies": ("CTK",), "dateline": "Praha"}, id="CTK"),
        pytest.param(page(last="Forrás: MTI"), {"agencies": ("MTI",)}, id="MTI"),
        pytest.param(page(header="<div class='autor'>Izvor: Tanjug</div>"), {"agencies": ("TANJUG",)}, id="Tanjug"),
        pytest.param(page(first="Москва. 12 марта. INTERFAX.RU - "), {"agencies": ("INTERFAX",), "dateline": "Москва"}, id="Interfax"),
        pytest.param(page(last="Джерело: Укрінформ"), {"agencies": ("UKRINFORM",)}, id="Ukrinform"),
        pytest.param(page(first="Abuja, March 12, 2026 (NAN) ", last="(NAN)"), {"agencies": ("NAN",), "dateline": "Abuja"}, id="NAN"),
        pytest.param(
            page(first="Jakarta (ANTARA) - ", last="Copyright © ANTARA 2026"), {"agencies": ("ANTARA",), "dateline": "Jakarta"}, id="Antara"
        ),
        pytest.param(page(first="KUALA LUMPUR, March 12 (Bernama) -- ", last="-- BERNAMA"), {"agencies": ("BERNAMA",)}, id="Bernama"),
        pytest.param(page(first="【ワシントン共同】", last="（共同）"), {"agencies": ("KYODO",), "dateline": "ワシントン"}, id="Kyodo"),
        pytest.param(page(first="【ワシントン時事】"), {"agencies": ("JIJI",), "dateline": "ワシントン"}, id="Jiji"),
        pytest.param(page(first="(서울=연합뉴스) 홍길동 기자 = "), {"agencies": ("YONHAP",), "dateline": "서울"}, id="Yonhap"),
        pytest.param(page(first="ANKARA (AA) - ", last="Kaynak: AA"), {"agencies": ("AA",), "dateline": "ANKARA"}, id="Anadolu"),
        pytest.param(page(first="باريس (أ ف ب) – ", last="(أ ف ب)"), {"agencies": ("AFP",), "dateline": "باريس"}, id="AFP in Arabic"),
        pytest.param(
            page(header="<p class='byline'>Le Phare avec AFP</p>"),
            {"agencies": (), "credited_agencies": ("AFP",), "mode": "mixed"},
            id="with AFP",
        ),
        pytest.param(
            page(last="Con información de EFE y AFP"), {"agencies": (), "credited_agencies": ("EFE", "AFP")}, id="material of EFE"
        ),
        pytest.param(page(last="(With PTI inputs)"), {"agencies": (), "credited_agencies": ("PTI",)}, id="PTI inputs"),
        pytest.param(page(last="Additional reporting by AAP"), {"agencies": (), "credited_agencies": ("AAP",)}, id="reporting by AAP"),
        pytest.param(
            page(
                footer="<p>This article is republished from <a href='https://theconversation.com/the-pier-123456'>The Conversation</a> under a Creative Commons license. Read the <a href='https://theconversation.com/the-pier-123456'>original article</a>.</p>"
            ),
            {"agencies": (), "syndicated_from": "theconversation.com", "syndicated_url": "https://theconversation.com/the-pier-123456"},
            id="The Conversation",
        ),
        pytest.param(page(header="<p>© Provided by Grist</p>"), {"syndicated_from": "grist.org"}, id="a portal's provider line"),
        pytest.param(
            page(header="<p>Bereitgestellt von dpa</p>"), {"syndicated_from": None, "agencies": ("DPA",)}, id="an agency as provider"
        ),
    ],
)
def test_a_page_says_whose_copy_it_is(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], printed: dict[str, Any], expected: dict[str, object]
) -> None:
    """Byline, dateline, closing lines and source lines together."""
    texts = [printed["first"] + prose[0], *prose[1:], *filter(None, [printed["last"]])]
    html = article_html(header=printed["header"], footer=printed["footer"], paragraphs=texts)
    _, attribution = attribute_draft(draft(*texts), read_marks(parse(html, meta=printed["meta"], article_ld=printed["ld"])))
    assert {name: getattr(attribution, name) for name in expected} == expected


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param(page(header="<figure><img src='a.jpg'><figcaption>Jane Doe/AP</figcaption></figure>"), id="photo credit"),
        pytest.param(page(header="<p class='byline'>By Jane Doe</p><p class='location'>Pittsburgh, PA</p>"), id="Pennsylvania"),
        pytest.param(page(first="HARRISBURG, Pa. — ", last="He lives in Scranton, PA."), id="a Pennsylvanian story"),
        pytest.param(
            page(footer="<footer><p>AP material Copyright 2026 The Associated Press. All rights reserved.</p></footer>"), id="site footer"
        ),
        pytest.param(page(footer="<div>Copyright 2026 The Associated Press. All rights reserved.</div>"), id="a notice outside the text"),
        pytest.param(page(last="More than 200 pupils took the AP exams, the A.P. Moller fund said."), id="exams and a shipping line"),
        pytest.param(page(header="<p class='byline'>Sid Muster und Petra Antara</p>"), id="first names"),
        pytest.param(page(header="<span class='tag'>UPI</span>", last="Pay by UPI or card."), id="payments"),
        pytest.param(page(header="<p class='byline'>Michael Bloomberg</p>"), id="a person"),
        pytest.param(page(last="The Aam Aadmi Party (AAP) said it would appeal."), id="a party"),
        pytest.param(page(last="The Australian Federal Police (AFP) are looking for witnesses."), id="a police"),
        pytest.param(
            page(footer="<aside><p class='byline'>By The Associated Press</p></aside><div class='related'><p>By Reuters</p></div>"),
            id="teasers",
        ),
        pytest.param(
            page(ld={"author": {"name": "Jane Doe"}, "image": {"creditText": "dpa", "author": {"name": "AFP"}}}), id="an image's author"
        ),
        pytest.param(page(last="El sistema de AFP administra las pensiones."), id="pension funds"),
        pytest.param(page(last="Der SID-Wert und die APA-Regeln gelten weiter."), id="abbreviations in prose"),
    ],
)
def test_a_page_that_only_mentions_agencies_names_none(
    parse: Parse, article_html: ArticleHtml, draft: MakeDraft, prose: tuple[str, ...], printed: dict[str, Any]
) -> None:
    """Photo credits, footers, teasers, homonyms: neither agency nor credit."""
    texts = [printed["first"] + prose[0], *prose[1:], *filter(None, [printed["last"]])]
    html = article_html(header=printed["header"], footer=printed["footer"], paragraphs=texts)
    _, attribution = attribute_draft(draft(*texts), read_marks(parse(html, meta=printed["meta"], article_ld=printed["ld"])))
    assert (attribution.agencies, attribution.credited_agencies, attribution.syndicated_from) == ((), (), None)
