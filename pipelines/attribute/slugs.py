"""What agencies and desks put at the end of a text: ``(dpa/gem)``, ``SDA/sep``, ``--IANS``, ``(Quelle: APA/sda/dpa)``, a sign-off."""

from __future__ import annotations

import re

from pipelines.attribute.agencies import agency_of_name, has_agency_form, read_slug
from pipelines.attribute.bylines import is_image_credit, parse_byline
from pipelines.attribute.line_sections import MAX_LINE_CHARS, MAX_LINE_WORDS, Cues, Line, find_cues, sections_in
from pipelines.attribute.notes import read_certain, read_contributors, read_phrases
from pipelines.attribute.source_lines import has_label, match_source, read_label, source_line
from pipelines.text import count_words

MAX_SLUG_CHARS = 100
MAX_TAIL_CHARS = 260
MAX_CODE_CHARS = 60
"""A code at the end, its editors' initials, and the signs before them."""
_BRACKETED = re.compile(r"[(\[/（【〔]\s*(?P<inside>[^()\[\]（）【】〔〕]{2,80}?)\s*[)\]/）】〕][.。]?")
_SLASHED = re.compile(r"/\s?(?P<inside>[^\W\d_]{2,12}(?:/[^\W\d_]{2,12}){0,2})/?\.?")
_DASHED = re.compile(r"[-–—―]+\s*(?P<inside>[^\W\d_][^()]{1,30})\.?")
_SPLIT = re.compile(r"(?P<inside>[^\W\d_][\w+-]{1,20}(?:/[^\W\d_][\w+-]{1,20}){1,4})\.?")
_SIGNED = re.compile(r"(?P<inside>[^\W\d_]{3,8})(?:\s(?:[a-z]{2,4}|[A-Z]{2,4})(?:/[A-Za-z]{2,4})?){1,4}\.?")
"""A code and its editors' initials: ``PTI JD MM``, ``EFE jd/mm``."""
_INITIALED = re.compile(r"(?:[^\W\d_]{2,4}/\s?){1,4}\s?[(\[](?P<inside>[^()\[\]]{2,12})[)\]]\.?")
"""``jk/ mm/ (PAP)``"""
_CLOSING_SIGNS = frozenset(")]）】〕/")
_FORMS = (_BRACKETED, _SLASHED, _DASHED, _SPLIT, _SIGNED, _INITIALED)
_TRAILING_BRACKET = re.compile(
    r"\s*(?P<tail>(?:[^\W\d_]{2,4}/\s?){0,4}[(\[（【〔][^()\[\]（）【】〔〕]{2,200}[)\]）】〕][.。]?|\s/[^\W\d_]{2,12}(?:/[^\W\d_]{2,12}){0,2}/?\.?)\s*$"
)
_TRAILING_NOTICE = re.compile(r"\s(?P<tail>(?:©|\(c\))\s?[^©\n]{2,80})$")
_TRAILING_CODE = re.compile(
    r"[.!?\"”’।]\s+(?P<tail>(?P<dash>[-–—―]+\s?)?(?:(?:[A-ZČŠ]{2,8}|[a-z]{3})(?:[/ ][A-Za-z]{2,4}){0,4}|[A-Z][a-z]+))\.?\s*$"
)


def read_slug_line(text: str) -> Line | None:
    """Return what a block says that is only an agency slug or source label: ``(dpa/gem)``, ``SDA/sep``, ``Quelle: sid/dpa``, ``--IANS``."""
    if len(text) > MAX_SLUG_CHARS:
        return None
    bare = text.strip()
    has_source_label = has_label(bare)
    # Most lines name no agency: the test that says so comes before the others.
    if not (has_source_label or has_agency_form(text)) or is_image_credit(text):
        return None
    if has_source_label:
        return read_label(bare, text)
    for pattern in _FORMS:
        if (match := pattern.fullmatch(bare)) and (line := read_closing_slug(text, match.group("inside"))):
            return line
    byline = parse_byline(text)
    if byline and byline.label == "by" and byline.agencies and not byline.people:
        return Line(kind="agency_line", text=text, signal="byline", agencies=byline.agencies, confidence=0.8)
    if byline and byline.credited and not byline.agencies and not byline.people:
        return Line(kind="agency_line", text=text, signal="credit", credited=byline.credited)
    slug = read_slug(bare) if len(bare) <= 12 and bare.replace("-", "").replace("–", "").isalpha() else None
    if slug and slug.codes and not slug.rest:
        return Line(kind="agency_line", text=text, signal="bare_name", agencies=slug.codes, confidence=0.7)
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
    if cues is None:
        cues = find_cues([tail_text], only=("source",))
    if cues and "source" in sections_in(tail_text, cues) and (source := match_source(tail_text)):
        sentence = tail_text[source.start() :]
        if tail_text[: source.start()].strip() and count_words(sentence) <= MAX_LINE_WORDS:
            return text[: len(text) - len(sentence)].rstrip(), source_line(sentence, source)
    tail_text = text[-MAX_TAIL_CHARS:]
    has_bracket = not _CLOSING_SIGNS.isdisjoint(tail_text[-24:])
    if has_bracket and (match := _TRAILING_BRACKET.search(tail_text)) and (line := _read_tail(match.group("tail").strip())):
        body = text[: len(text) - len(tail_text) + match.start()].rstrip()
        return (body, line) if body else None
    if "dpa" in tail_text and (match := _TRAILING_NOTICE.search(tail_text)) and (line := read_certain(match.group("tail"))):
        return text[: len(text) - len(tail_text) + match.start()].rstrip(), line
    if match := _TRAILING_CODE.search(text, max(0, len(text) - MAX_CODE_CHARS)):
        return _split_code(text, match.group("tail"), has_dash=match.group("dash") is not None)
    return None


def _read_tail(tail: str) -> Line | None:
    """A bracketed or slashed end: a slug, with initials before it perhaps, or a sign-off."""
    inside = tail[tail.find("(") + 1 :] if tail[:1].isalpha() else tail
    inside = inside.strip("()[]（）【】〔〕/.。 ")
    line = read_closing_slug(tail, inside) if len(inside) <= 80 else None
    return line or read_certain(tail) or read_contributors(tail) or read_phrases(tail)


def _split_code(text: str, tail: str, *, has_dash: bool) -> tuple[str, Line] | None:
    """``… into the US. PTI``, ``… sagte er. dpa/sh``, ``… he said. — AP``: two letters only behind a dash."""
    code = tail.strip("-–—― ").split()[0].split("/")[0]
    agency = agency_of_name(code)
    line = read_certain(tail.strip())
    if agency is not None and len(code) >= (2 if has_dash else 3):
        line = Line(kind="agency_line", text=tail, signal="closing_slug", agencies=(agency.code,), confidence=0.75)
    return (text[: text.rindex(tail)].rstrip(), line) if line else None
