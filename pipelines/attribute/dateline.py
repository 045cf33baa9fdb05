"""The dateline grammar: ``PLACE[, region][, date][ (AGENCY)] DASH``, its relatives without place, and the slugs of East Asia.

A dateline in brackets with a known agency is the surest mark of wire copy there is. Without one, capitals and a dash, or a place that
``places.txt`` knows, are asked for. Only the first 160 characters are looked at, and every pattern is bounded.
"""

from __future__ import annotations

import re

from pipelines.attribute.agencies import Agency, agency_by_code, agency_in_brackets, agency_of_name, read_slug
from pipelines.attribute.east_asia import Dateline, read_east_asian
from pipelines.attribute.places import (
    Place,
    is_capitals,
    is_known,
    is_named_in,
    is_one_name,
    is_uncased,
    read_place,
)
from pipelines.attribute.wordlists import known_places

HEAD_CHARS = 160
_LEAD_SIGNS = ("(", "/", "—", "–", "―", "‒", " -", ".-", "- ", "--", "_", "【", "（", "[", "［", "〔", "电", "電")
_DASH = r"(?:—|–|―|‒|--+|-|_)"
_END = rf"(?P<end>\.?\s*{_DASH}+|\.|:|,|।|)\s*"
# PLACE, date (AGENCY) — with the dash, ".-", colon or full stop; some agencies use none of them and start the sentence.
_BRACKETED = re.compile(rf"(?P<lead>[^()\n]{{0,90}}?)\s*\((?P<inside>[^()]{{2,40}})\)\s*{_END}")
_SLASHED = re.compile(rf"(?P<lead>[^/()\n]{{2,60}}?)[\s.]*/\s?(?P<inside>[^/()]{{2,40}}?(?:/[A-Za-z]{{2,12}}){{0,2}})\s?/\s*{_END}")
_BARE_SLASH = re.compile(r"(?P<lead>[^\W\d][^/()\n,.]{1,40})/(?P<inside>[A-Z]{2,8})(?P<end>\s*(?:—|–|-)?)\s+")
_OPEN_SLASH = re.compile(r"(?P<lead>[^\x00-\x7f][^/()\n]{1,30}?)\s?/\s?(?P<inside>[^\x00-\x7f\s]{3,12})(?P<end>)\s")
# Each with the sign without which it cannot match.
_MARKED = ((_BRACKETED, "("), (_SLASHED, "/"), (_BARE_SLASH, "/"), (_OPEN_SLASH, "/"))
_DASHED = re.compile(
    r"(?P<lead>[^\n()—–:]{2,70}?)\s*(?P<end>—|–|―|\s--+|\s-|\.-|(?<=[A-Z]{3})-(?=\s)|(?<=[\u0600-\u06ff])\s?-)\s*(?P<next>\S)"
)
_DASH_SIGN = re.compile("[—–―-]")
_MAX_DASHED_CHARS = 96
_NAMED_STOP = re.compile(r"(?P<lead>[^\n()—–:.]{2,40},[^\n()—–:.]{2,20},\s?\w{3,14})(?P<end>\.)\s+(?P<next>\S)")
_AGENCY_FIRST = re.compile(
    r"(?P<agency>[^\W\d_][\w -]{1,24}), (?P<place>[^\W\d_][^\W\d_ ]{2,20}(?: [^\W\d_]{2,20})?)(?P<end>,|\.|:|\s[—–-])(?:\s|$)"
)
_COLON = re.compile(r"(?P<lead>[^\n()—–:.]{2,40}):\s+(?P<next>\S)")
_STOP = re.compile(r"(?P<lead>[^\n()—–:.,]{2,30})\.\s+(?P<next>\S)")
_NAME_THAT_OPENS = re.compile(r"([^.,\-–—]{3,30}?)\s?[.,\-–—]")


def parse_dateline(text: str, *, place_in_text: int = 0) -> Dateline | None:
    """Return the dateline that opens a paragraph, or None.

    place_in_text: which paragraph it is, from 0. The weaker forms ("Riad. Der …", "Gundelfingen - Die …") count only in the first,
    unknown places in capitals only in the first two.
    """
    head = text[:HEAD_CHARS].strip()
    if not _may_open(head):
        return None
    return (
        read_east_asian(head)
        or _read_marked(head, is_first=place_in_text == 0)
        or _read_named(head)
        or _read_plain(head, text, place_in_text=place_in_text)
    )


def _may_open(head: str) -> bool:
    """The cheap test: a bracket, slash, dash, colon or full stop stands where some form needs it."""
    if any(map(head[:96].__contains__, _LEAD_SIGNS)) or ":" in head[:44] or ". " in head[:34]:
        return True
    first, comma, _ = head[:28].partition(",")
    return bool(comma) and agency_of_name(first) is not None


def _read_marked(head: str, *, is_first: bool) -> Dateline | None:
    """PLACE, date (AGENCY) —; /TASS/; PLACE/TT."""
    for pattern, sign in _MARKED:
        match = pattern.match(head) if sign in head else None
        if match is None or not match.end("inside"):
            continue
        lead = match.group("lead").strip(" .,:–—-")
        slug = read_slug(match.group("inside"))
        codes = tuple(code for code in slug.codes if not _is_ruled_out(code, head[: match.end()]))
        if not codes or _introduces_acronym(lead, match.group("inside")) or any(" " in part for part in slug.rest):
            continue  # (Jane Doe/Reuters) credits a picture.
        place = read_place(lead)
        if not place.is_clean or (pattern in (_BARE_SLASH, _OPEN_SLASH) and place.name is None):
            continue
        end, follow = match.group("end").strip(), head[match.end() :]
        if not lead and (named := _read_place_behind(follow)):
            # (ANSA) - ROMA, 16 APR - : the agency comes first.
            return Dateline(place=named[0], agencies=codes, raw=head[: match.end() + named[1]], confidence=0.98)
        if not (
            _is_closed(place, end, follow)
            if end.strip(".,:") or place.has_date
            else _stands_alone(place, lead, end, follow, is_first=is_first)
        ):
            continue
        return Dateline(place=place.name, agencies=codes, raw=head[: match.end()].strip(), confidence=0.98)
    return None


def _is_closed(place: Place, end: str, follow: str) -> bool:
    """With a dash or date: a sentence begins. ``Students (AP) - those who …`` goes on."""
    return place.name is None or place.has_date or not follow[:1].islower() or is_capitals(place.name) or is_known(place.name)


def _stands_alone(place: Place, lead: str, end: str, follow: str, *, is_first: bool) -> bool:
    """Without a dash and date: ``Berlin (AFP) Der …``, ``Harbor, New Hampshire (CNN) The …``, and ``(Belga) Le …`` at the head of the text."""
    if follow[:1].islower():
        return False
    if place.name is None:
        return is_first and (not end or end in ".:")
    return (
        bool(end)
        or "," in lead
        or is_known(place.name)
        or is_capitals(place.name)
        or (is_uncased(place.name) and len(place.name.split()) <= 2)
    )


def _read_place_behind(follow: str) -> tuple[str, int] | None:
    """The place behind an agency that comes first, and where its dash ends."""
    match = _match_dashed(follow)
    if match is None:
        return None
    place = read_place(match.group("lead"))
    if place.is_clean and place.name and (place.name.isupper() or (place.has_date and is_known(place.name))):
        return place.name, match.end("end")
    return None


def _introduces_acronym(lead: str, inside: str) -> bool:
    """``Australian Federal Police (AFP)``, ``Anonymous Alcoholics (AA)``, ``Associated Press (AP)``: a name and its initials, no place."""
    initials = "".join(word[0] for word in re.split(r"[\s-]+", lead) if word and (word[0].isupper() or word[0].isdigit()))
    return (len(initials) >= 2 and initials.casefold() == inside.strip().casefold()) or agency_of_name(lead) is not None


def _is_ruled_out(code: str, line: str) -> bool:
    agency = agency_by_code(code)
    return agency is not None and agency.is_ruled_out(line)


def _read_named(head: str) -> Dateline | None:
    """VILNIUS, March 3, BNS –; YEREVAN, MARCH 12, ARMENPRESS.; МОСКВА, 10 фев — РИА Новости.; Москва. 12 марта. INTERFAX.RU -"""
    if (match := _AGENCY_FIRST.match(head)) and (agency := agency_of_name(match.group("agency"))):
        # Reuters, Washington, …
        name = match.group("place")
        if is_known(name) or is_capitals(name):
            return Dateline(place=name, agencies=(agency.code,), raw=head[: match.end("end")], confidence=0.9)
    match = _match_dashed(head) or _NAMED_STOP.match(head)
    if match is None:
        return None
    lead = match.group("lead").strip(" .,")
    before, _, last = lead.rpartition(",") if "," in lead else lead.rpartition(". ")
    agency = agency_of_name(last) or agency_in_brackets(last) if before and last else None
    if agency is None:
        after = head[match.start("next") :]
        agency, before = _agency_that_opens(after), lead
    if agency is None or agency.is_ruled_out(head):
        return None
    place = read_place(before)
    if not place.is_clean or place.name is None:
        return None
    if not (place.has_date or place.name.isupper() or place.name.casefold() in known_places() or is_uncased(place.name)):
        return None
    return Dateline(place=place.name, agencies=(agency.code,), raw=head[: match.end("end")], confidence=0.95)


def _agency_that_opens(text: str) -> Agency | None:
    """``РИА Новости. Глава …`` after the dash: a full name and a full stop, comma or dash."""
    name = _NAME_THAT_OPENS.match(text)
    return agency_of_name(name.group(1)) if name else None


def _read_plain(head: str, text: str, *, place_in_text: int) -> Dateline | None:
    """Datelines that name no known agency: capitals and a dash, a known place with bracket, dash, colon or full stop."""
    is_first = place_in_text == 0
    if is_first and "(" in head and (match := _BRACKETED.match(head)) and match.group("end").strip(".,: "):
        name = _clean_name(match.group("lead"))
        if name and (is_known(name) or _is_wire_style(match, name)):
            return Dateline(place=name, raw=match.group().strip(), confidence=0.85)
    if (match := _match_dashed(head)) and (found := _read_dashed(match, head, place_in_text=place_in_text)):
        return found
    for pattern in (_COLON, _STOP) if is_first else ():
        match = pattern.match(head)
        if match and not match.group("next").islower():
            name = _clean_name(match.group("lead"))
            # LINDI: … close to Lindi Bus Stand: what the text itself names as a place may stand before a colon.
            if name and (is_known(name) or (pattern is _COLON and is_capitals(name) and is_named_in(name, text))):
                return Dateline(place=name, raw=head[: match.start("next")].strip(), confidence=0.85)
    return None


def _read_dashed(match: re.Match[str], head: str, *, place_in_text: int) -> Dateline | None:
    """JERUSALEM —; LAGOS, Nov 22 —; München/London –; Gundelfingen –"""
    lead = match.group("lead").strip(" .,")
    place = read_place(lead)
    name = place.name
    if not place.is_clean or name is None or match.group("next").islower() or agency_of_name(name) or agency_in_brackets(name):
        return None
    raw = head[: match.end("end")]
    is_sure = is_known(name) or place.has_date or "," in lead
    if is_capitals(name) and (is_sure or (place_in_text <= 1 and len(name.split()) <= 3)):
        return Dateline(place=name, raw=raw, confidence=0.9 if is_sure else 0.75)
    if place_in_text <= 1 and is_known(name):
        return Dateline(place=name, raw=raw, confidence=0.85)
    if place_in_text == 0 and not place.has_date and is_one_name(name):
        return Dateline(place=name, raw=raw, confidence=0.7)
    return None


def _match_dashed(head: str) -> re.Match[str] | None:
    return _DASHED.match(head) if _DASH_SIGN.search(head, 0, _MAX_DASHED_CHARS) else None


def _clean_name(lead: str) -> str | None:
    place = read_place(lead)
    return place.name if place.is_clean else None


def _is_wire_style(match: re.Match[str], place: str) -> bool:
    """``CASTLE REACH (NW) —``: capitals, an agency's letters that we do not know, and a long dash."""
    return is_capitals(place) and re.fullmatch(r"[A-Z]{2,12}", match.group("inside")) is not None and match.group("end").strip("—–- ") == ""
