"""Lines inside a text that speak of it: contributors, copyright, source and agency lines.

Whole short blocks, and what ends the last paragraphs: a sign-off in brackets, a slug. Prose that merely mentions an agency is none.
All patterns stand in ``lines.toml``; every one runs on at most 600 characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pipelines.attribute.agencies import agencies_in_credit, agency_of_name, ends_with_name, has_agency_form, read_slug
from pipelines.attribute.bylines import is_image_credit, parse_byline
from pipelines.attribute.outlets import domain_of_outlet, is_known_outlet, read_outlet_name
from pipelines.attribute.wordlists import load_table
from pipelines.text import count_words

LineKind = Literal["contributors", "copyright", "source_line", "agency_line"]
MAX_LINE_WORDS = 60
MAX_LINE_CHARS = 600
# Substrings, lower case, without one of which the slower patterns cannot match: this test runs on every block.
_SOURCE_CUES = (
    "publi", "appear", "belong", "reprint", "reproduc", "syndicat", "posted", " ran ", "produced", "erschien", "veröffentlich", "paru", "pubblicat",
    "apparso", "gepubliceerd", "verschenen", "verscheen",
)  # fmt: skip
_PROVIDER_CUES = ("provided", "bereitgestellt", "fourni", "proporcionado", "fornecido", "fornito")
_CONTRIBUTOR_CUES = ("contribu", "reported from", "reporting", "assisted", "mitgearbeitet", "beigetragen", "collaborato")
_MATERIAL_CUES = ("agentur", "agenc", "agenz")
_ORIGIN = r"(?P<origin>.{2,90}?)"
_ORIGINALLY = re.compile(
    r"original|first|previous|initial|re-?publish|reprint|reproduc|syndicat|belongs|courtesy|zuerst|ursprünglich|zunächst|primera|prima|"
    r"d.abord|eerder|oorspronkelijk|eerst|zeitung|magazin|zeitschrift|publi(?:é|cad|cat)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_BRACKETED_SLUG = re.compile(r"[(\[/]\s*(?P<inside>[^()\[\]]{2,80}?)\s*[)\]/]\.?")
_DASH_SLUG = re.compile(r"[-–—]+\s*(?P<inside>[^\W\d_][^()]{1,30})\.?")
_INITIALS_SLUG = re.compile(r"(?P<inside>[^\W\d_][\w-]{1,20}(?:/[^\W\d_][\w-]{1,20}){1,4})\.?")
_TRAILING_BRACKET = re.compile(r"\s*(?P<tail>[(\[][^()\[\]]{2,200}[)\]]\.?)\s*$")
_TRAILING_CODE = re.compile(r"[.!?\"”’]\s+(?P<tail>(?:[-–—]+\s?)?[A-Z]{2,6}(?:\s[A-Z]{2,4}){0,4})\.?\s*$")
_AGENCY_COPYRIGHT = re.compile(r"(?:©️?|\(c\)|copyright|\s|ⓒ|\d{4}|[-–,]|by)+(?P<owner>.{2,60})", re.IGNORECASE)
_OWNER_ENDS = re.compile(
    r"[.,|/;]|\s[-–—]\s|\s+(?:19|20)\d\d|\ball rights\b|\bthis material\b|\balle rechte\b|\s(?:Ltd|Inc|LLC|Co|Company|Corp|GmbH|AG|Limited|L\.P)\b",
    re.IGNORECASE,
)
_CJK_CORRESPONDENTS = re.compile(r"[【（(][^】）)]{3,60}(?:、|＝|・)[^】）)]{2,60}[】）)]")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One such line and what it says."""

    kind: LineKind
    text: str
    signal: str
    agencies: tuple[str, ...] = ()
    """Agencies whose copy it declares this to be."""
    credited: tuple[str, ...] = ()
    confidence: float = 0.75
    origin: str | None = None
    """The outlet named: a domain if known, else the name as printed."""
    has_staff: bool = False
    has_unnamed_agencies: bool = False


@cache
def _patterns(section: str, key: str, *, anchored: bool = False) -> re.Pattern[str]:
    joined = "|".join(f"(?:{pattern})" for pattern in load_table("lines")[section][key])
    return re.compile(rf"(?:{joined})", re.IGNORECASE) if not anchored else re.compile(rf"\W{{0,3}}?(?:{joined})", re.IGNORECASE)


@cache
def _certain_patterns() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), code, signal) for pattern, code, signal in load_table("lines")["agency"]["certain"])


@cache
def _source_patterns() -> tuple[re.Pattern[str], ...]:
    table = load_table("lines")["source"]
    ends = table["ends"]
    return tuple(
        re.compile(sentence.replace("{X}", _ORIGIN) + (ends if sentence.endswith("{X}") else ""), re.IGNORECASE)
        for sentence in table["sentences"]
    )


@cache
def _provider_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern.replace("{X}", _ORIGIN), re.IGNORECASE) for pattern in load_table("lines")["source"]["provider"])


@cache
def _label_pattern() -> re.Pattern[str]:
    return re.compile(load_table("lines")["source"]["label"].replace("{X}", _ORIGIN), re.IGNORECASE)


@cache
def _glue() -> frozenset[str]:
    return frozenset(load_table("lines")["contributors"]["glue"])


def read_line(text: str, *, at_edge: bool = True) -> Line | None:
    """Return what a whole block says of the article, None if it is prose.

    at_edge: the block is among the first or last of the text; only there do bare agency names and slugs count.
    """
    if len(text) > MAX_LINE_CHARS or count_words(text) > MAX_LINE_WORDS:
        return None
    return (
        _read_certain(text)
        or _read_source(text)
        or _read_copyright(text)
        or _read_contributors(text)
        or (_read_slug_line(text) if at_edge else None)
    )


def _read_certain(text: str) -> Line | None:
    if not has_agency_form(text) and "eporting by" not in text and "édigé" not in text and "ew" not in text and "AP-" not in text:
        return None
    for pattern, code, signal in _certain_patterns():
        if pattern.search(text):
            kind: LineKind = (
                "copyright" if "©" in text or signal == "copyright" else "contributors" if signal == "signoff" else "agency_line"
            )
            return Line(kind=kind, text=text, signal=signal, agencies=(code,), confidence=0.8 if signal == "signoff" else 0.98)
    return None


def _has_cue(text: str, cues: tuple[str, ...]) -> bool:
    folded = text.lower()
    return any(cue in folded for cue in cues)


def has_source_cue(text: str) -> bool:
    """Say whether a source sentence or label may stand in the text: the cheap test before ``read_line``."""
    return _has_cue(text, (*_SOURCE_CUES, "source:", "source |"))


def _match_source(text: str) -> re.Match[str] | None:
    if not _has_cue(text, _SOURCE_CUES):
        return None
    for pattern in _source_patterns():
        for match in pattern.finditer(text):
            # Only at the start of a sentence: "a study that first appeared in Nature" is prose.
            before = text[: match.start()].rstrip(' "“„(*|_-–—')
            if (
                not before
                or before.endswith((".", "!", "?", ":"))
                or (before.endswith(",") and match.group().casefold().startswith("im original"))
            ):
                return match
    return None


def _read_source(text: str) -> Line | None:
    if match := _match_source(text):
        return _source_line(text, match)
    if _patterns("agency", "feed_notes", anchored=True).match(text):
        return Line(
            kind="source_line", text=text, signal="feed_note", agencies=agencies_in_credit(text), confidence=0.75, has_unnamed_agencies=True
        )
    return _read_provider(text)


def _source_line(text: str, match: re.Match[str]) -> Line:
    words = match.group("origin")
    ended = ends_with_name(words)
    agency = agency_of_name(words) or (ended[1] if ended else None)
    origin = None if agency else read_outlet_name(words)
    # Without "originally", "first" or "re-", the verb also speaks of reports and studies: then only outlets that we know.
    is_plain = not _ORIGINALLY.search(match.group()) and not (origin and is_known_outlet(origin))
    return Line(
        kind="source_line",
        text=text,
        signal="data_label" if is_plain else "source_line",
        agencies=(agency.code,) if agency else (),
        confidence=0.6 if is_plain and not agency else 0.9,
        origin=origin,
    )


def _read_provider(text: str) -> Line | None:
    if not _has_cue(text, _PROVIDER_CUES):
        return None
    for pattern in _provider_patterns():
        if match := pattern.match(text):
            words = match.group("origin")
            agency = agency_of_name(words)
            origin = None if agency else read_outlet_name(words)
            if agency or origin:
                return Line(
                    kind="source_line",
                    text=text,
                    signal="provider_line",
                    agencies=(agency.code,) if agency else (),
                    origin=origin,
                    confidence=0.85,
                )
    return None


def _read_copyright(text: str) -> Line | None:
    if not _patterns("copyright", "openings", anchored=True).match(text):
        return None
    agencies: tuple[str, ...] = ()
    origin = None
    match = _AGENCY_COPYRIGHT.match(text)
    if match and not is_image_credit(text):
        # The owner must come first: "Associated Press articles: Copyright" is a site's own footer.
        owner = _OWNER_ENDS.split(match.group("owner"))[0].strip(" -–—()")
        agency = agency_of_name(owner)
        if agency is not None:
            # "© dpa" and "© AP" credit pictures; AFP signs its texts so. The Canadian Press also distributes.
            agencies = (agency.code,) if (len(owner) > 5 or agency.code == "AFP") and agency.code != "CP" else ()
        else:
            origin = domain_of_outlet(owner)
    folded = text.casefold()
    agencies = agencies or tuple(code for words, code in load_table("lines")["copyright"]["distributors"] if words in folded)
    is_notice = any(word in folded for word in load_table("lines")["copyright"]["words"]) or _YEAR.search(text)
    if not (agencies or origin or is_notice):
        return None
    return Line(kind="copyright", text=text, signal="copyright", agencies=agencies, origin=origin, confidence=0.7)


def _read_contributors(text: str) -> Line | None:
    if _patterns("agency", "unnamed").match(text):
        return Line(kind="contributors", text=text, signal="unnamed_agencies", has_unnamed_agencies=True)
    opens = _patterns("contributors", "openings", anchored=True).match(text)
    if opens and count_words(text) <= 40 and _prose_words(text[opens.end() :]) <= 4:
        return Line(kind="contributors", text=text, signal="contributors", credited=agencies_in_credit(text))
    if _has_cue(text, _CONTRIBUTOR_CUES) and _patterns("contributors", "phrases").search(text) and _prose_words(text) <= 2:
        return Line(kind="contributors", text=text, signal="contributors", credited=agencies_in_credit(text))
    if _patterns("contributors", "notes").match(text):
        return Line(kind="contributors", text=text, signal="contributors")
    if _has_cue(text, _MATERIAL_CUES) and _patterns("agency", "material").search(text) and len(codes := agencies_in_credit(text)) >= 2:
        return Line(kind="contributors", text=text, signal="contributors", credited=codes)
    if _CJK_CORRESPONDENTS.fullmatch(text) and not has_agency_form(text):
        return Line(kind="contributors", text=text, signal="contributors")
    return None


def _prose_words(text: str) -> int:
    """Count the words that are neither names (capitalised) nor the glue of a contributor line."""
    glue = _glue()
    return sum(word[0].islower() and word.casefold().rstrip(".") not in glue for word in _WORD.findall(text))


def _read_slug_line(text: str) -> Line | None:
    """A block that is only an agency slug or source label: ``(dpa/gem)``, ``SDA/sep``, ``Quelle: sid/dpa``, ``--IANS``."""
    if len(text) > 100 or is_image_credit(text):
        return None
    if label := _label_pattern().match(text.strip()):
        return _read_label(text, label.group("origin"))
    if not has_agency_form(text):
        return None
    for pattern in (_BRACKETED_SLUG, _DASH_SLUG, _INITIALS_SLUG):
        if (match := pattern.fullmatch(text.strip())) and (line := read_closing_slug(text, match.group("inside"))):
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
    label = _label_pattern().match(inside)
    if label:
        return _read_label(text, label.group("origin"))
    byline = parse_byline(inside)
    if byline and byline.credited and not byline.agencies:
        return Line(kind="agency_line", text=text, signal="credit", credited=byline.credited)
    slug = read_slug(inside)
    if not slug.codes or any(len(part) > 12 or " " in part for part in slug.rest):
        return None
    return Line(kind="agency_line", text=text, signal="closing_slug", agencies=slug.codes, confidence=0.75, has_staff=bool(slug.rest))


def _read_label(text: str, words: str) -> Line | None:
    """``Source: X`` says something only if X is an agency, a known outlet or a host; data sources are not ours to judge."""
    slug = read_slug(words)
    if slug.codes:
        return Line(kind="agency_line", text=text, signal="closing_slug", agencies=slug.codes, confidence=0.8, has_staff=bool(slug.rest))
    origin = read_outlet_name(words)
    if origin and "." in origin and " " not in origin:
        # An unknown host behind "Source:" is mostly where data came from.
        return Line(
            kind="source_line", text=text, signal="source_label" if is_known_outlet(origin) else "data_label", origin=origin, confidence=0.7
        )
    return None


def split_trailing_line(text: str) -> tuple[str, Line] | None:
    """Split a paragraph that ends in a slug or bracketed sign-off: (the paragraph without it, the line).

    ``… sagte er. (dpa/gem)``, ``… on Monday. (Reporting by X; Editing by Y)``, ``… into the US. PTI``.
    """
    tail_text = text[-MAX_LINE_CHARS:]
    if (
        (source := _match_source(tail_text))
        and tail_text[: source.start()].strip()
        and count_words(tail_text[source.start() :]) <= MAX_LINE_WORDS
    ):
        return text[: len(text) - len(tail_text) + source.start()].rstrip(), _source_line(tail_text[source.start() :], source)
    tail_text = text[-260:]
    if match := _TRAILING_BRACKET.search(tail_text):
        tail = match.group("tail")
        inside = tail.strip("()[]. ")
        line = read_closing_slug(tail, inside) if len(inside) <= 80 else None
        line = line or _read_certain(tail) or _read_contributors(tail)
        return (text[: len(text) - len(tail_text) + match.start()].rstrip(), line) if line and text != tail else None
    if match := _TRAILING_CODE.search(tail_text):
        codes = match.group("tail").strip("-–— ").split()
        agency = agency_of_name(codes[0])
        if agency and len(codes[0]) >= 3:
            tail = match.group("tail")
            line = Line(kind="agency_line", text=tail, signal="closing_slug", agencies=(agency.code,), confidence=0.75)
            return text[: len(text) - len(tail_text) + match.start("tail")].rstrip(), line
    return None


@cache
def _self_reference_pattern() -> re.Pattern[str]:
    table = load_table("lines")["agency"]
    names = "|".join(re.escape(name) for name in table["self_reference_names"])
    return re.compile("|".join(f"(?:{pattern.replace('{A}', f'(?:{names})')})" for pattern in table["self_reference"]))


def find_self_references(text: str, *, limit: int = 5) -> list[tuple[str, str]]:
    """Return (agency code, words) where a text speaks of an agency's own people: "an AFP reporter said". At most ``limit``."""
    found: list[tuple[str, str]] = []
    if not any(name in text for name in load_table("lines")["agency"]["self_reference_names"]):
        return found
    for match in _self_reference_pattern().finditer(text):
        codes = agencies_in_credit(match.group())
        if codes:
            found.append((codes[0], match.group()))
        if len(found) >= limit:
            break
    return found
