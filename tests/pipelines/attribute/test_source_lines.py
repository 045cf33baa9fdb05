"""Lines that name the outlet a text was taken from, in many languages; all sentences are invented."""

from __future__ import annotations

import pytest

from pipelines.attribute.line_sections import find_cues, section_table
from pipelines.attribute.lines import read_line


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        pytest.param("This story comes with thanks. Republished with kind permission from The Tyee.", "thetyee.ca", id="kind permission"),
        pytest.param("Reposted from Inside Climate News.", "insideclimatenews.org", id="reposted"),
        pytest.param("This report is republished by arrangement with Harbor Weekly.", "Harbor Weekly", id="by arrangement"),
        pytest.param("Read the original article on Harbor Weekly.", "Harbor Weekly", id="read the original"),
        pytest.param(
            "This article is republished from The Conversation Africa under a Creative Commons license. Read the original article.",
            "theconversation.com",
            id="an edition of The Conversation",
        ),
        pytest.param(
            "Cet article est republié à partir de The Conversation sous licence Creative Commons. Lire l’article original.",
            "theconversation.com",
            id="The Conversation in French",
        ),
        pytest.param("Este artículo apareció originalmente en Nexos.", "Nexos", id="Spanish"),
        pytest.param("Esta reportagem foi publicada originalmente no Brasil de Fato.", "Brasil de Fato", id="Portuguese"),
        pytest.param("Questo articolo è apparso originariamente su Wired.", "wired.com", id="Italian"),
        pytest.param("Dit artikel verscheen eerder in De Havenkrant.", "Havenkrant", id="Dutch"),
        pytest.param("Artikeln publicerades ursprungligen i Hamnbladet.", "Hamnbladet", id="Swedish"),
        pytest.param("Denne artikkelen ble først publisert på Forskning.no.", "forskning.no", id="Norwegian"),
        pytest.param("Artiklen blev oprindeligt bragt i Havneposten.", "Havneposten", id="Danish"),
        pytest.param("Tekst ukazał się pierwotnie na łamach Kuriera Portowego.", "Kuriera Portowego", id="Polish"),
        pytest.param("Článek původně vyšel na Novinky.cz.", "novinky.cz", id="Czech"),
        pytest.param("Articolul a fost publicat inițial pe Hotnews.ro.", "hotnews.ro", id="Romanian"),
        pytest.param("Материал впервые опубликован на сайте «Медуза».", "Медуза", id="Russian"),
        pytest.param("Статтю вперше опубліковано на сайті «Гавань».", "Гавань", id="Ukrainian"),
        pytest.param("Bu yazı ilk olarak Agos’ta yayımlandı.", "Agos", id="Turkish"),
        pytest.param("Artikel ini pertama kali diterbitkan di Mongabay.", "mongabay.com", id="Indonesian"),
        pytest.param("Το άρθρο δημοσιεύτηκε αρχικά στο Politico.", "politico.com", id="Greek"),
        pytest.param("この記事はWiredから転載", "wired.com", id="Japanese"),
        pytest.param("本文原载于《环球科学》。", "环球科学", id="Chinese"),
    ],
)
def test_republishers_name_the_outlet_in_their_language(text: str, origin: str) -> None:
    """A sentence that says where the text was first is a source line; known outlets come as their domain."""
    line = read_line(text)
    assert line is not None
    assert (line.kind, line.origin) == ("source_line", origin)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Dieser Artikel wurde ursprünglich am 27. Februar 2017 veröffentlicht.", id="German date"),
        pytest.param("Originally published March 3, 2026, updated March 4.", id="English date"),
        pytest.param("Publicado originalmente em 3 de março de 2026.", id="Portuguese date"),
        pytest.param("Publié initialement le 3 mars", id="French date"),
    ],
)
def test_a_date_is_no_outlet(text: str) -> None:
    """A sentence that only says when names nobody."""
    line = read_line(text)
    assert line is None or line.origin is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The report was published by the ministry on Monday and appeared in full on its site.", id="a ministry's report"),
        pytest.param("He first appeared on Broadway in 1998 and posted record sales.", id="an actor"),
        pytest.param("Der Bericht erschien am Montag in Genf und löste Kritik aus.", id="German report"),
        pytest.param("El informe fue publicado en enero por el ministerio.", id="Spanish report"),
        pytest.param("Исследование опубликовано в журнале на этой неделе.", id="Russian study"),
        pytest.param("The statement said the photographs had been reproduced from a drone survey of the bay.", id="photographs"),
    ],
)
def test_prose_on_publishing_is_none(text: str) -> None:
    """Reports, studies and appearances in the news are prose."""
    line = read_line(text)
    assert line is None or line.signal == "data_label"


@pytest.mark.parametrize("section", ["certain", "source", "provider", "copyright", "contributors", "phrases", "agencies"])
def test_every_section_has_cues_in_lower_case(section: str) -> None:
    """Cues are compared with text in lower case: a capital would never be found."""
    table = section_table(section)  # type: ignore[arg-type]
    assert table["words"] or table["signs"]
    assert all(cue == cue.lower() for cue in (*table["words"], *table["signs"]))


def test_cues_are_found_in_the_whole_text_at_once() -> None:
    """Only the sections whose cues stand somewhere are worth their patterns."""
    assert find_cues(["The council voted on Monday.", "It rained."]) == {}
    assert find_cues(["The council voted.", "(Reporting by Jane Doe)"]) == {"reporting": ("phrases", "contributors")}
