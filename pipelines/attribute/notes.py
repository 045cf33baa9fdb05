"""Notes on a text that stand in it: who contributed, who owns it, marks that only one agency uses."""

from __future__ import annotations

import re
from functools import cache

from pipelines.attribute.agencies import agencies_in_credit, agency_of_name, has_agency_form
from pipelines.attribute.bylines import is_image_credit
from pipelines.attribute.line_sections import Line, LineKind, section_pattern, section_table
from pipelines.attribute.outlets import domain_of_outlet
from pipelines.text import count_words

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_OWNER = re.compile(r"\(?(?:©️?|\(c\)|copyright|\s|ⓒ|\d{4}|[-–,]|by)+(?P<owner>.{2,60})", re.IGNORECASE)
_OWNER_ENDS = re.compile(
    r"[.,|/;]|\s[-–—]\s|\s+(?:19|20)\d\d|\ball rights\b|\bthis material\b|\balle rechte\b|\s(?:Ltd|Inc|LLC|Co|Company|Corp|GmbH|AG|Limited|L\.P)\b",
    re.IGNORECASE,
)
_CORRESPONDENTS = re.compile(r"[【（(][^】）)]{3,60}(?:、|＝|・)[^】）)]{2,60}[】）)]")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")


@cache
def _certain_patterns() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), code, signal) for pattern, code, signal in section_table("certain")["lines"])


@cache
def _glue() -> frozenset[str]:
    return frozenset(section_table("phrases")["glue"])


def read_certain(text: str) -> Line | None:
    """Return the line if it bears a mark that only one agency uses: dpa's numbers, Reuters' trust line and sign-off, AP's slug."""
    for pattern, code, signal in _certain_patterns():
        if pattern.search(text):
            is_signoff = signal == "signoff"
            kind: LineKind = "copyright" if "©" in text or signal == "copyright" else "contributors" if is_signoff else "agency_line"
            return Line(kind=kind, text=text, signal=signal, agencies=(code,), confidence=0.8 if is_signoff else 0.98)
    return None


def read_copyright(text: str) -> Line | None:
    """Return a copyright notice with the agency or the known outlet that owns the text; "© Name" alone credits a picture."""
    if not section_pattern("copyright", "openings", after_signs=True).match(text):
        return None
    table = section_table("copyright")
    agencies: tuple[str, ...] = ()
    origin = None
    match = _OWNER.match(text)
    if match and not is_image_credit(text):
        # The owner must come first: "Associated Press articles: Copyright" is a site's own footer.
        owner = _OWNER_ENDS.split(match.group("owner"))[0].strip(" -–—()")
        agency = agency_of_name(owner)
        if agency is not None:
            # "© dpa" and "© AFP / Name" credit pictures; AFP signs texts "(c)AFP" or with the year. The Canadian Press also distributes.
            is_signature = len(owner) > 5 or (agency.code == "AFP" and (text[:3].lower() == "(c)" or _YEAR.search(text) is not None))
            agencies = (agency.code,) if is_signature and agency.code != "CP" else ()
        else:
            origin = domain_of_outlet(owner)
    folded = text.casefold()
    agencies = agencies or tuple(code for words, code in table["distributors"] if words in folded)
    if not (agencies or origin or any(word in folded for word in table["notice_words"]) or _YEAR.search(text)):
        return None
    is_taken = any(word in folded for word in table["taken"])
    return Line(
        kind="copyright", text=text, signal="taken_notice" if is_taken else "copyright", agencies=agencies, origin=origin, confidence=0.7
    )


def read_contributors(text: str) -> Line | None:
    """Return a line that opens by saying who contributed, with the agencies it credits."""
    opens = section_pattern("contributors", "openings", after_signs=True).match(text)
    if opens and count_words(text) <= 40 and _prose_words(text[opens.end() :]) <= 4:
        return _contributors(text, credited=agencies_in_credit(text))
    if section_pattern("contributors", "notes").match(text):
        return _contributors(text)
    if _CORRESPONDENTS.fullmatch(text) and not has_agency_form(text):
        return _contributors(text)
    return None


def read_phrases(text: str) -> Line | None:
    """Return a block made of names that says they contributed: ``Jane Doe and The Associated Press contributed.``"""
    if section_pattern("phrases", "patterns").search(text) and _prose_words(text) <= 2:
        return _contributors(text, credited=agencies_in_credit(text))
    return None


def read_agencies_note(text: str) -> Line | None:
    """``Mit Agenturmaterial.`` names none; ``… sowie der Nachrichtenagenturen AFP, dpa und Reuters.`` credits several."""
    if section_pattern("agencies", "unnamed").match(text):
        return Line(kind="contributors", text=text, signal="unnamed_agencies", has_unnamed_agencies=True)
    if section_pattern("agencies", "material").search(text) and len(codes := agencies_in_credit(text)) >= 2:
        return _contributors(text, credited=codes)
    return None


def _contributors(text: str, *, credited: tuple[str, ...] = ()) -> Line:
    return Line(kind="contributors", text=text, signal="contributors", credited=credited)


def _prose_words(text: str) -> int:
    """Count the words that are neither names (capitalised) nor the glue of a contributor line."""
    glue = _glue()
    return sum(word[0].islower() and word.casefold().rstrip(".") not in glue for word in _WORD.findall(text))
