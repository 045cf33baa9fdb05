"""Lines of furniture are told from lines of the story."""

from __future__ import annotations

import pytest

from pipelines.scrub.lines import furniture_reason, is_timestamp


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Read more: Storm damages the pier", "related"),
        ("READ NEXT: Storm damages the pier", "related"),
        ("ALSO READ | Storm damages the pier", "related"),
        ("MORE : Storm damages the pier", "related"),
        ("» Related stories", "related"),
        ("Lesen Sie auch: Sturm beschädigt den Steg", "related"),
        ("Auch interessant", "related"),
        ("À lire aussi La tempête abîme la jetée", "related"),
        ("Lea también: La tormenta daña el muelle", "related"),
        ("MIRA | La tormenta daña el muelle", "related"),
        ("Leia mais: Tempestade danifica o cais", "related"),
        ("Leggi anche: La tempesta danneggia il molo", "related"),
        ("Lees ook: Storm beschadigt de pier", "related"),
        ("Czytaj też: Sztorm uszkodził molo", "related"),
        ("Les også: Stormen skader kaia", "related"),
        ("Läs också: Stormen skadar kajen", "related"),
        ("関連記事", "related"),
        ("Sign up for our free morning newsletter", "newsletter"),
        ("All the news of the day, delivered to your inbox", "newsletter"),
        ("Abonnieren Sie unseren Newsletter", "newsletter"),
        ("Download the Daily Example app for breaking news and politics", "app"),
        ("CLICK HERE TO GET THE DAILY EXAMPLE APP", "app"),
        ("Follow us on Facebook, X and Instagram.", "follow"),
        ("Follow Daily Example on Google News", "follow"),
        ("Folgst du schon dem Tagblatt auf Whatsapp?", "follow"),
        ("Siga-nos no Telegram", "follow"),
        ("Support our journalism with a small gift", "donate"),
        ("Share on Facebook", "share"),
        ("Facebook Twitter WhatsApp Email", "share"),
        ("Advertisement", "ad"),
        ("- Advertisement 1Story continues below", "ad"),
        ("Anzeige", "ad"),
        ("CONTINUA DEPOIS DA PUBLICIDADE", "ad"),
        ("Buying through our links may earn us a commission", "ad"),
        ("12 Comments", "comments"),
        ("Kommentar abgeben", "comments"),
        ("Please read our Comment Policy before commenting.", "comments"),
        ("Got a story? Get in touch with our news team.", "tip"),
        ("Fehler gefunden? Jetzt melden.", "tip"),
        ("Listen to this article", "audio"),
        ("Empfohlener redaktioneller Inhalt", "consent"),
        ("We use cookies to improve your experience.", "consent"),
        ("Already a subscriber? Sign in.", "paywall"),
        ("Back to top", "furniture"),
        ("Updated: May 3, 2024, 10:30 am EDT", "timestamp"),
        ("Lesedauer: 4 Minuten", "timestamp"),
        ("20 Nisan 2026•Güncelleme: 20 Nisan 2026", "timestamp"),
        ("03.05.2024, 10:30 Uhr", "timestamp"),
        ("5 min read", "timestamp"),
        ("Posted 3 hours ago", "timestamp"),
    ],
)
def test_furniture_is_known_by_its_words(line: str, reason: str) -> None:
    """In each language, with the reason that goes to the removed column."""
    assert furniture_reason(line) == reason


@pytest.mark.parametrize(
    "line",
    [
        "More than forty people came to the meeting.",
        "More people came than the hall could hold",
        "Follow the money, she said, and the answer becomes plain.",
        "Share prices fell on Tuesday.",
        "Related to the closure is the question of the buses.",
        "Watch the tide before you cross, fishermen say.",
        "Read the letter aloud, the judge told him.",
        "The newsletter of the harbour museum, which has been printed since 1950, will close as well, its editor told a meeting of members.",
        "Support for the plan has fallen.",
        "Escucha el viento, dice el pescador.",
        "Spenden kamen aus dem ganzen Land.",
        "Interessant ist, dass niemand gefragt wurde.",
        "Mehr als vierzig Menschen kamen.",
        "Live music will return to the pier.",
        "Comments by the minister drew criticism.",
        "Subscribe, they were told, or lose the seat.",
        "Opinion is divided on the northern shore",
        "What happens next",
        "International concern",
        "Taking off gloves",
        "1 | 24.5 | 31.2",
        "286,35 €",
        "42",
        "+81 158-23-2012",
        "In 2024 ferries ran every day.",
        "In May the ferries ran.",
        "print()",
        "a",
    ],
)
def test_the_story_is_not_furniture(line: str) -> None:
    """Words that open furniture open sentences too; sub-heads, numbers and tables are text."""
    assert furniture_reason(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "(dpa/gem)",
        "Von dpa",
        "By The Associated Press",
        "Source: | This article originally belongs to Daily.example",
        "The post Ferry closes appeared first on Daily Example.",
        "With files from The Canadian Press",
        "Jane Doe reported from Port Haven.",
        "The Associated Press contributed to this report.",
        "© 2024 Daily Example. All rights reserved.",
        "Copyright 2024 The Associated Press",
        "Quelle: APA/sda/dpa",
        "Dieser Artikel ist zuerst bei „Tagblatt“ erschienen.",
        "Read the original article on Daily Example.",
        "This article was originally published in our newsletter",
        "Aus dem Englischen übersetzt von Jana Müller",
    ],
)
def test_lines_of_origin_are_left_to_attribution(line: str) -> None:
    """Who wrote the text and where it came from is a fact, not furniture."""
    assert furniture_reason(line) is None


def test_a_long_paragraph_is_never_furniture() -> None:
    """Forty words are a paragraph, whatever they begin with."""
    assert furniture_reason("Read more: " + "the council closed the pier " * 8) is None


@pytest.mark.parametrize(
    "line", ["10:30", "2024-05-03", "3 May 2024", "Publié le 3 mai 2024 à 10h30", "Stand: 03.05.2024", "1h ago · 4 min read"]
)
def test_timestamps(line: str) -> None:
    """Dates and times with their labels, in several languages."""
    assert is_timestamp(line)
