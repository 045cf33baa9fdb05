"""Lines of furniture are told from lines of the story."""

from __future__ import annotations

import pytest

from pipelines.records import BlockKind
from pipelines.scrub.lines import belongs_beside, furniture_reason, is_timestamp


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
        ("Lue myös: Myrsky vaurioitti laituria", "related"),
        ("Læs også: Stormen ødelagde molen", "related"),
        ("Čtěte také: Bouře poškodila molo", "related"),
        ("Ayrıca okuyun: Fırtına iskeleye zarar verdi", "related"),
        ("Читайте также: Шторм повредил причал", "related"),
        ("اقرأ أيضا: العاصفة تضرب الرصيف", "related"),
        ("यह भी पढ़ें: तूफ़ान से घाट टूटा", "related"),
        ("관련기사: 폭풍으로 부두 파손", "related"),
        ("関連記事", "related"),
        ("【関連記事】嵐で桟橋が壊れる", "related"),
        ("延伸阅读：风暴损坏码头", "related"),
        ("LESEN SIE AUCH Sturm beschädigt den Steg", "related"),
        ("Leggi anche Il molo danneggiato dalla tempesta", "related"),
        ("👉 Alle Bilder vom Steg", "related"),
        ("Tags: harbour, ferry, council", "tags"),
        ("Filed under: harbour", "tags"),
        ("Schlagwörter: Hafen, Fähre", "tags"),
        ("Etiquetas: puerto, muelle", "tags"),
        ("Sign up for our free morning newsletter", "newsletter"),
        ("All the news of the day, delivered to your inbox", "newsletter"),
        ("Abonnieren Sie unseren Newsletter", "newsletter"),
        ("Download the Daily Example app for breaking news and politics", "app"),
        ("CLICK HERE TO GET THE DAILY EXAMPLE APP", "app"),
        ("Follow us on Facebook, X and Instagram.", "follow"),
        ("Follow Daily Example on Google News", "follow"),
        ("Get the latest on our WhatsApp channel: tap here to join.", "follow"),
        ("Die News auf dem Handy: Abonniere den WhatsApp-Kanal vom Tagblatt.", "follow"),
        ("Love what you’re reading? Get Daily Example delivered every evening.", "newsletter"),
        ("Suscríbete a El Ejemplo y lee sin límites", "newsletter"),
        ("Suscríbete y recibe el boletín del puerto", "newsletter"),
        ("Inscrivez-vous à notre newsletter", "newsletter"),
        ("Iscriviti alla newsletter del Molo", "newsletter"),
        ("Schrijf je in voor onze nieuwsbrief", "newsletter"),
        ("Zapisz się na nasz newsletter", "newsletter"),
        ("Get the Daily Example app for free on Google Play", "app"),
        ("Disponible en App Store y Google Play", "app"),
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
        ("Kommentare (12)", "comments"),
        ("12 komentarzy", "comments"),
        ("Kommentar abgeben", "comments"),
        ("Please read our Comment Policy before commenting.", "comments"),
        ("Got a story? Get in touch with our news team.", "tip"),
        ("Fehler gefunden? Jetzt melden.", "tip"),
        ("Listen to this article", "audio"),
        ("Empfohlener redaktioneller Inhalt", "consent"),
        ("We use cookies to improve your experience.", "consent"),
        ("Already a subscriber? Sign in.", "paywall"),
        ("Enjoying our latest content? Log in or create an account to continue", "paywall"),
        ("Back to top", "furniture"),
        ("Click to enlarge", "furniture"),
        ("E-mail this story", "share"),
        ("Sponsored Links", "ad"),
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
        "The newsletter costs nothing.",
        "Newsletter-writers are a cautious people",
        "Follow-up videos on YouTube showed the pier empty.",
        "Like many posts on Facebook, it was false.",
        "Products approved by the commission may be sold again.",
        "Download the app and create an account.",
        "The app left Google Play on Friday.",
        "Our reporter was told by email that the pier is safe.",
        "Recibe amenazas por correo desde mayo.",
        "Sigue la polémica en Twitter.",
        "Entre os mais vistos no YouTube está o cais.",
        "Chaque semaine, il reçoit des lettres par e-mail.",
        "Folge 3 gibt es auf YouTube.",
        "Questo sito ha duemila anni.",
        "Watch: the tide turns at nine.",
        "“Read more: it helps,” she said.",
        "»Lesen Sie auch: es hilft«, sagte sie.",
        "Sign-up sheets hang in the bakery.",
        "Confira:",
        "March 2020",
        "Themen gab es genug.",
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


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Video: the storm that damaged the pier", "heading"),
        ("3 May 2024", "heading"),
        ("20 minutes", "list_item"),
        ("Day | Date | Hour", "table"),
        ("Tags | 12", "table"),
    ],
)
def test_what_is_furniture_as_a_paragraph_may_be_the_story_elsewhere(line: str, kind: BlockKind) -> None:
    """Sub-heads of a timeline, durations of a recipe, rows of a table."""
    assert furniture_reason(line, kind) is None


@pytest.mark.parametrize(
    ("line", "reason", "belongs"),
    [
        ("Sign up for the stories that matter before breakfast.", "newsletter", True),
        ("X", "share", True),
        ("Print this article", "share", True),
        ("Sign up for the stories that matter before breakfast.", "share", False),
        ("The council voted on Tuesday.", "newsletter", False),
        ("“Sign up,” she said.", "newsletter", False),
        ("1", "share", False),
    ],
)
def test_a_prompt_comes_in_several_lines(line: str, reason: str, belongs: bool) -> None:
    """Beside furniture, a line that may be more of it is."""
    assert belongs_beside(line, reason) is belongs


def test_a_long_paragraph_is_never_furniture() -> None:
    """Forty words are a paragraph, whatever they begin with."""
    assert furniture_reason("Read more: " + "the council closed the pier " * 8) is None


@pytest.mark.parametrize(
    "line", ["10:30", "2024-05-03", "3 May 2024", "Publié le 3 mai 2024 à 10h30", "Stand: 03.05.2024", "1h ago · 4 min read"]
)
def test_timestamps(line: str) -> None:
    """Dates and times with their labels, in several languages."""
    assert is_timestamp(line)
