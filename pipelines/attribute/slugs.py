"""What agencies and desks put at the end of a text: ``(dpa/gem)``, ``SDA/sep``, ``--IANS``, ``(Quelle: APA/sda/dpa)``, a sign-off."""

from __future__ import annotations

import re

from pipelines.attribute.agencies import agency_of_name, has_agency_form, read_slug
from pipelines.attribute.bylines import is_image_credit, parse_byline
from pipelines.attribute.line_sections import MAX_LINE_CHARS, MAX_LINE_WORDS, Cues, Line, find_cues
from pipelines.attribute.notes import read_certain, read_contributors, read_phrases
from pipelines.attribute.source_lines import has_label, match_source, read_label, source_line
from pipelines.text import count_words

MAX_SLUG_CHARS = 100
_BRACKETED = re.compile(r"[(\[/（【〔]\s*(?P<inside>[^()\[\]（）【】〔〕]{2,80}?)\s*[)\]/）】〕][.。]?")
_DASHED = re.compile(r"[-–—]+\s*(?P<inside>[^\W\d_][^()]{1,30})\.?")
_INITIALS = re.compile(r"(?P<inside>[^\W\d_][\w-]{1,20}(?:/[^\W\d_][\w-]{1,20}){1,4})\.?")
_TRAILING_BRACKET = re.compile(
    r"\s*(?P<tail>(?:[(\[（【〔][^()\[\]（）【】〔〕]{2,200}[)\]）】〕]|/[^/\s]{2,20}(?:/[^/\s]{2,20})?/)[.。]?)\s*$"
)
_TRAILING_CODE = re.compile(r"[.!?\"”’।]\s+(?P<tail>(?:[-–—]+\s?)?(?:[A-ZČŠ]{2,8}(?:[/ ][A-Za-z]{2,4}){0,4}|[A-Z][a-z]+))\.?\s*$")


def read_slug_line(text: str) -> Line | None:
    """Return what a block says that is only an agency slug or source label: ``(dpa/gem)``, ``SDA/sep``, ``Quelle: sid/dpa``, ``--IANS``."""
    if len(text) > MAX_SLUG_CHARS or is_image_credit(text):
        return None
    bare = text.strip()
    if has_label(bare):
        return read_label(bare, text)
    if not has_agency_form(text):
        return None
    for pattern in (_BRACKETED, _DASHED, _INITIALS):
        if (match := pattern.fullmatch(bare)) and (line := read_closing_slug(text, match.group("inside"))):
            return line
    byline = parse_byline(text)
    if byline and byline.label == "by" and byline.agencies and not byline.people:
        return Line(kind="agency_line", text=text, signal="byline", agencies=byline.agencies, confidence=0.8)
    if byline and byline.credited and not byline.agencies and not byline.people:
        return Line(kind="agency_line", text=text, signal="credit", credited=byline.credited)
    if agency := agency_of_name(text):
        return Line(kind="agency_line", text=text, signal="bare_name", agencies=(agency.code,), confidence=0.7)
    return None


def read_closing_slug(text: str, inside: str) -> Line | None:
    """Read the inside of a closing slug; other parts than agencies must be initials, hosts or a source label."""
    if is_image_credit(inside):
        return None
    if has_label(inside):
        return read_label(inside, text)
    byline = parse_byline(inside)
    if byline and byline.credited and not byline.agencies:
        return Line(kind="agency_line", text=text, signal="credit", credited=byline.credited)
    slug = read_slug(inside)
    if not slug.codes or any(len(part) > 12 or " " in part for part in slug.rest):
        return None
    return Line(kind="agency_line", text=text, signal="closing_slug", agencies=slug.codes, confidence=0.75, has_staff=bool(slug.rest))


def split_trailing_line(text: str, *, cues: Cues | None = None) -> tuple[str, Line] | None:
    """Split a paragraph that ends in a slug or bracketed sign-off: (the paragraph without it, the line).

    ``… sagte er. (dpa/gem)``, ``… on Monday. (Reporting by X; Editing by Y)``, ``… into the US. PTI``. cues: those found in a
    larger text that holds this one, if the caller looked already.
    """
    tail_text = text[-MAX_LINE_CHARS:]
    if "source" in (find_cues([tail_text]) if cues is None else cues) and (source := match_source(tail_text)):
        sentence = tail_text[source.start() :]
        if tail_text[: source.start()].strip() and count_words(sentence) <= MAX_LINE_WORDS:
            return text[: len(text) - len(sentence)].rstrip(), source_line(sentence, source)
    tail_text = text[-260:]
    if match := _TRAILING_BRACKET.search(tail_text) if tail_text.rstrip(" .。")[-1:] in tuple(")]）】〕/") else None:
        tail = match.group("tail")
        inside = tail.strip("()[]（）【】〔〕/.。 ")
        line = read_closing_slug(tail, inside) if len(inside) <= 80 else None
        line = line or read_certain(tail) or read_contributors(tail) or read_phrases(tail)
        return (text[: len(text) - len(tail_text) + match.start()].rstrip(), line) if line and text != tail else None
    if match := _TRAILING_CODE.search(tail_text):
        return _split_code(text, match.group("tail"))
    return None


def _split_code(text: str, tail: str) -> tuple[str, Line] | None:
    """``… into the US. PTI``, ``… nel pomeriggio. ANSA``; one capitalised word must be a code as the table writes it."""
    slug = tail.strip("-–— ").split()[0]
    agency = agency_of_name(slug.split("/")[0])
    if agency is None or len(slug) < 3:
        return None
    line = Line(kind="agency_line", text=tail, signal="closing_slug", agencies=(agency.code,), confidence=0.75)
    return text[: text.rindex(tail)].rstrip(), line
