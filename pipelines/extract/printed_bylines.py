"""Visible bylines by their words: lines of the text that name the author, where neither metadata nor markup do.

Each function returns the texts of one line, [] where there is none; telling people from other words is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from lxml.html import HtmlElement

from pipelines.extract.headline import FIRST_PARAGRAPH_WORDS, above_text, find_headline
from pipelines.extract.names import looks_like_names
from pipelines.extract.page_blocks import PageBlock, text_key
from pipelines.extract.printed_dates import find_days
from pipelines.text import clean_text

# Names of two words at least: "By the sea" is no byline.
_BYLINE = re.compile(
    r"(?:[Bb]y|BY|[Vv]on|VON|[Pp]ar|PAR|[Pp]or|POR|[Dd]i|DI|[Dd]oor|Av|AV|Af|AF|Przez|Autor|Autorka|Autorin|Autoren|Auteurs?|Autore|Text|Texte"
    r"|Testo|Texto|Tekst|Text von|Texte de|Yazar|Penulis|Author|Authors|Words)\s?:?\s+(?P<names>[^\W\d_a-zß-ÿ][\w'’.-]*(?:\s[^\n]{2,60})?)$"
)
# Words that say so, wherever they stand: "Autorin: Jane Doe, correspondent in Tunis".
_LABELLED = re.compile(
    r"(?:Autor|Autorin|Autoren|Autor[*:/]in|Autorin/Autor|Auteurs?|Auteure|Autrice|Authors?|Autore|Autora|Autores|Autorka|Yazar|Forfatter"
    r"|Författare)\s?:?\s+(?P<names>[^\W\d_a-zß-ÿ][\w'’.-]*\s[^\n]{2,80})$"
)
# Names alone: two to four capitalised words, two people parted by a slash.
_SIGNATURE = re.compile(r"(?=[^\W\d_])(?:[^\W\d_a-zß-ÿ][\w'’.-]*(?:\s|/|$)){2,4}")
_BETWEEN = re.compile(r"\s+[|•·–—-]\s*|\s*[|•·]\s+")
_SIGNATURE_REACH = 4
MAX_LINE_WORDS = 12
MAX_LINE_CHARS = 160


def printed_bylines(page: Sequence[PageBlock], *, title: str | None = None) -> list[str]:
    """Return the line that opens with "By" in some language and holds names only, between the headline and the second paragraph.

    The first may be the standfirst. Else the line that names a day and a person: "Jane Doe | 3 May 2024".
    """
    lines = [block.text for block in above_text(page, title=title, paragraphs=1) if block.words <= MAX_LINE_WORDS]
    for line in lines:
        if (match := _BYLINE.match(line[:MAX_LINE_CHARS])) and looks_like_names(match["names"]):
            return [match["names"]]
    return next((names for line in lines if (names := _beside_a_day(line))), [])


def labelled_bylines(page: Sequence[PageBlock]) -> list[str]:
    """Return the names behind a word for "author", in a short line anywhere on the page."""
    for block in page:
        if block.words <= MAX_LINE_WORDS and (match := _LABELLED.match(block.text)) and looks_like_names(match["names"]):
            return [match["names"]]
    return []


def signed_lines(tree: HtmlElement, page: Sequence[PageBlock], *, title: str | None = None) -> list[str]:
    """Return the line of capitalised words that stands alone and bold beside the text's first or last paragraph, as some papers sign.

    On 718 labelled pages it was an author's name wherever it was found: 5 pages of 4 hosts in 4 languages.
    """
    headline = find_headline(page, title)
    prose = [block.position for block in page if block.words >= FIRST_PARAGRAPH_WORDS and block.link_share < 0.3]
    prose = [position for position in prose if headline is not None and position > headline]
    if headline is None or not prose:
        return []
    beside = [*page[max(headline + 1, prose[0] - _SIGNATURE_REACH) : prose[0]], *page[prose[-1] + 1 : prose[-1] + _SIGNATURE_REACH]]
    candidates = {block.key: block.text for block in beside if 2 <= block.words <= 4 and _SIGNATURE.fullmatch(block.text)}
    if not candidates:
        return []
    for element in islice(tree.iter("strong", "b"), 500):
        holder = element.getparent()
        text = clean_text(" ".join(element.itertext()))
        if holder.tag in ("p", "div") and text_key(text) in candidates and text_key(" ".join(holder.itertext())) == text_key(text):
            return [text]
    return []


def _beside_a_day(line: str) -> list[str]:
    """The capitalised words of a line whose other parts begin with a day or a time."""
    parts = _BETWEEN.split(line[:MAX_LINE_CHARS])
    names = [part for part in parts if _SIGNATURE.fullmatch(part)]
    if len(names) == 1 and any(part[:1].isdecimal() and find_days(part) for part in parts):
        return names
    return []
