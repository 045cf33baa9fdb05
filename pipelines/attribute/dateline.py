"""The dateline grammar: ``PLACE[, region][, date][ (AGENCY)] DASH``, its relatives without place, and the slugs of East Asia.

A dateline in brackets with a known agency is the surest mark of wire copy there is. Without one, capitals and a dash, or a place that
``places.txt`` knows, are asked for. Only the first 160 characters are looked at, and every pattern is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pipelines.attribute.agencies import Agency, agency_by_code, agency_of_name, read_slug
from pipelines.attribute.wordlists import known_places, word_set

HEAD_CHARS = 160
_LEAD_SIGNS = ("(", "/", "—", "–", "―", "‒", " -", ".-", "--", "_", "【", "（", "[", "［", "〔", "电", "電")
MAX_PLACE_WORDS = 5
_DASH = r"(?:—|–|―|‒|--+|-|_)"
# PLACE, date (AGENCY) — with the dash, ".-", colon or full stop; some agencies use none of them and start the sentence.
_BRACKETED = re.compile(rf"(?P<lead>[^()\n]{{0,90}}?)\s*\((?P<inside>[^()]{{2,40}})\)\s*(?P<end>\.?\s*{_DASH}+|\.|:|,|)\s*")
_SLASHED = re.compile(rf"(?P<lead>[^/()\n]{{2,60}}?)[\s.]*/\s?(?P<inside>[^/()]{{2,40}}?)\s?/\s*(?P<end>\.?\s*{_DASH}+|\.|:|)\s*")
_BARE_SLASH = re.compile(r"(?P<lead>[^\W\d][^/()\n,.]{1,40})/(?P<inside>[A-Z]{2,8})(?P<end>\s*(?:—|–|-)?)\s+")
_DASHED = re.compile(r"(?P<lead>[^\n()—–:]{2,70}?)\s*(?P<end>—|–|―|\s--+|\s-|\.-)\s*(?P<next>\S)")
_NAMED_STOP = re.compile(r"(?P<lead>[^\n()—–:.]{2,40},[^\n()—–:.]{2,20},\s?\w{3,14})(?P<end>\.)\s+(?P<next>\S)")
_COLON = re.compile(r"(?P<lead>[^\n()—–:.]{2,40}):\s+(?P<next>\S)")
_STOP = re.compile(r"(?P<lead>[^\n()—–:.,]{2,30})\.\s+(?P<next>\S)")
_CJK_DATE = r"(?:\d{1,4}\s?[年月日]\s?){1,3}"
_CHINESE = re.compile(
    rf"[【(（\[]?(?P<agency>新华社|新華社|中新社|中新网|中央社|共同社)(?P<reporter>(?:记者|記者)?)(?P<place>[\u4e00-\u9fff]{{0,12}}?)"
    rf"{_CJK_DATE}[^电電，。]{{0,12}}[电電]"
)
_JAPANESE = re.compile(
    r"【(?P<place>[\u3040-\u30ff\u4e00-\u9fffA-Za-z・ー]{1,14}?)(?:(?P<agency>共同|時事|聯合ニュース|AFP時事|ロイター)|＝(?P<staff>[^】]{2,20}))】"
)
_JAPANESE_AFP = re.compile(rf"【\s?{_CJK_DATE}(?:\w{{1,3}}\s?)?(?P<agency>AFP)[^】]{{0,12}}】")
_KOREAN = re.compile(r"[(\[【](?P<place>[\uac00-\ud7a3·A-Za-z]{1,20})=(?P<agency>연합뉴스|뉴시스|뉴스1)[)\]】]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dateline:
    """A dateline as found; ``place`` is printed so at the head of the paragraph."""

    place: str | None
    agencies: tuple[str, ...] = ()
    raw: str = ""
    """From the start of the paragraph to the dash."""
    confidence: float
    is_slug: bool = False
    """True for the bracketed slugs of Chinese, Japanese and Korean."""


def parse_dateline(text: str, *, place_in_text: int = 0) -> Dateline | None:
    """Return the dateline that opens a paragraph, or None.

    place_in_text: which paragraph it is, from 0. The weaker forms ("Riad. Der …", "Gundremmingen - Die …") count only in the first,
    unknown places in capitals only in the first two.
    """
    head = text[:HEAD_CHARS].strip()
    if not _may_open(head):
        return None
    return _read_east_asian(head) or _read_marked(head) or _read_named(head) or _read_plain(head, text, place_in_text=place_in_text)


def _may_open(head: str) -> bool:
    """The cheap test: a bracket, slash, dash, colon or full stop stands where some form needs it."""
    lead = head[:96]
    return any(sign in lead for sign in _LEAD_SIGNS) or ":" in head[:44] or ". " in head[:34]


def _read_marked(head: str) -> Dateline | None:
    """PLACE, date (AGENCY) —; /TASS/; PLACE/TT."""
    for pattern in (_BRACKETED, _SLASHED, _BARE_SLASH):
        match = pattern.match(head)
        if match is None or not match.end("inside"):
            continue
        lead = match.group("lead").strip(" .,:–—-")
        slug = read_slug(match.group("inside"))
        codes = tuple(code for code in slug.codes if not _is_ruled_out(code, head[: match.end()]))
        if not codes or _introduces_acronym(lead, match.group("inside")):
            continue
        place, has_date, is_clean = read_place(lead)
        if not is_clean or (not match.group("end") and not has_date and not (place and pattern is _SLASHED and _is_known(place))):
            continue
        if pattern is _BARE_SLASH and place is None:
            continue
        if not lead and place is None:
            # (ANSA) - ROMA, 16 APR - : the agency comes first.
            follow = _DASHED.match(head[match.end() :])
            if follow and (found := read_place(follow.group("lead"))) and found[2] and found[0] and found[0].isupper():
                return Dateline(place=found[0], agencies=codes, raw=head[: match.end() + follow.end("end")], confidence=0.98)
            if not match.group("end").strip(".,: "):
                continue
        return Dateline(place=place, agencies=codes, raw=head[: match.end()].strip(), confidence=0.98)
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
    match = _DASHED.match(head) or _NAMED_STOP.match(head)
    if match is None:
        return None
    lead = match.group("lead").strip(" .,")
    before, _, last = lead.rpartition(",") if "," in lead else lead.rpartition(". ")
    agency = agency_of_name(last) if before and last else None
    if agency is None:
        after = head[match.start("next") :]
        agency, before = _agency_that_opens(after), lead
    if agency is None or agency.is_ruled_out(head):
        return None
    place, has_date, is_clean = read_place(before)
    if not is_clean or place is None or not (has_date or place.isupper() or place.casefold() in known_places()):
        return None
    return Dateline(place=place, agencies=(agency.code,), raw=head[: match.end("end")], confidence=0.95)


def _agency_that_opens(text: str) -> Agency | None:
    """``РИА Новости. Глава …`` after the dash: a full name and a full stop or comma."""
    name = re.match(r"([^.,]{3,30})[.,]", text)
    return agency_of_name(name.group(1)) if name else None


def _read_plain(head: str, text: str, *, place_in_text: int) -> Dateline | None:
    """Datelines that name no known agency: capitals and a dash, a known place with bracket, dash, colon or full stop."""
    is_first = place_in_text == 0
    if (match := _BRACKETED.match(head)) and match.group("end").strip(".,: ") and is_first:
        place, _, is_clean = read_place(match.group("lead"))
        if is_clean and place and (_is_known(place) or _is_wire_style(match, place)):
            return Dateline(place=place, raw=match.group().strip(), confidence=0.85)
    if match := _DASHED.match(head):
        lead = match.group("lead").strip(" .,")
        place, has_date, is_clean = read_place(lead)
        if is_clean and place and not match.group("next").islower():
            is_sure = _is_known(place) or has_date or "," in lead
            if _is_capitals(place) and (is_sure or (place_in_text <= 1 and len(place.split()) <= 3)):
                return Dateline(place=place, raw=head[: match.end("end")], confidence=0.9 if is_sure else 0.75)
            if is_first and _is_known(place):
                return Dateline(place=place, raw=head[: match.end("end")], confidence=0.85)
            if is_first and not has_date and _is_one_name(place):
                return Dateline(place=place, raw=head[: match.end("end")], confidence=0.7)
    for pattern in (_COLON, _STOP):
        match = pattern.match(head)
        if match and is_first and not match.group("next").islower():
            place, _, is_clean = read_place(match.group("lead"))
            # LINDI: … close to Lindi Bus Stand: what the text itself names as a place may stand before a colon.
            if is_clean and place and (_is_known(place) or (pattern is _COLON and _is_capitals(place) and _is_named_in(place, text))):
                return Dateline(place=place, raw=head[: match.start("next")].strip(), confidence=0.85)
    return None


def _is_wire_style(match: re.Match[str], place: str) -> bool:
    """``CASTLE REACH (NW) —``: capitals, an agency's letters that we do not know, and a long dash."""
    return (
        _is_capitals(place) and re.fullmatch(r"[A-Z]{2,12}", match.group("inside")) is not None and match.group("end").strip("—–- ") == ""
    )


def _read_east_asian(head: str) -> Dateline | None:
    for pattern in (_CHINESE, _JAPANESE, _JAPANESE_AFP, _KOREAN):
        if (match := pattern.match(head)) is None:
            continue
        groups = match.groupdict()
        place = groups.get("place") or None
        if place and groups.get("reporter"):
            place = _known_end(place)
        slug = read_slug(groups["agency"].replace("AFP時事", "AFP/時事")) if groups.get("agency") else None
        return Dateline(
            place=place,
            agencies=slug.codes if slug else (),
            raw=match.group(),
            confidence=0.98 if slug else 0.9,
            is_slug=True,
        )
    return None


def _known_end(text: str) -> str | None:
    """``王小明台北``: a reporter's name and the place, written as one."""
    return next((text[start:] for start in range(len(text) - 1) if text[start:] in known_places()), None)


@cache
def _small_words() -> frozenset[str]:
    return word_set("dateline", "particles")


def read_place(lead: str) -> tuple[str | None, bool, bool]:
    """Read what stands before the agency or the dash: (place as printed, whether a date follows, whether it is nothing else).

    ``BEIRUT/THE HAGUE, March 7`` is ("BEIRUT/THE HAGUE", True, True); ``March 4`` is (None, True, True); prose is never clean.
    """
    lead = lead.strip(" .,:")
    if not lead:
        return None, False, True
    first, *others = [part.strip() for part in re.split(r",|\.\s(?=\d)", lead) if part.strip()] or [""]
    place, has_date = _cut_date(first)
    for other in others:
        if _is_date(other):
            has_date = True
        elif not _is_place_name(re.sub(r"\s*\[[^\]]*\]$", "", other)) or len(other.split()) > 4:
            return None, False, False
    if place is None:
        return None, has_date, has_date
    bare = re.sub(r"\s*\[[^\]]*\]$", "", place)
    if not _is_place_name(bare) or len(bare.split()) > MAX_PLACE_WORDS or _is_label(bare) or len(others) > 4:
        return None, False, False
    return bare, has_date, True


def _cut_date(text: str) -> tuple[str | None, bool]:
    """``Praha 12. března`` -> ("Praha", True); ``March 4`` -> (None, True)."""
    words = text.split()
    months = word_set("dateline", "months") | word_set("dateline", "weekdays")
    for index, word in enumerate(words):
        if word[0].isdigit():
            while index and words[index - 1].casefold().strip(".,") in months:
                index -= 1
            return (" ".join(words[:index]) or None), len(words) - index <= 5
    return text, False


def _is_date(text: str) -> bool:
    words = [word.casefold().strip(".,") for word in text.split()]
    months = word_set("dateline", "months") | word_set("dateline", "weekdays")
    return len(words) <= 5 and (any(sign.isdigit() for sign in text) or all(word in months for word in words))


def _is_place_name(text: str) -> bool:
    """Every word begins with a capital or is a particle; scripts without capitals pass."""
    words = [word for word in re.split(r"[\s/]+", text) if word]
    if not words or any(sign.isdigit() for sign in text) or any(sign in '"“”„«»?!;@#*=|' for sign in text):
        return False
    return all(not word[0].islower() or word.casefold() in _small_words() for word in words) and not words[0][0].islower()


def _is_label(place: str) -> bool:
    folded = place.casefold().strip()
    months = word_set("dateline", "months") | word_set("dateline", "weekdays")
    return (
        folded in word_set("dateline", "labels") or folded in months or folded.split()[0] in ("read", "watch", "listen", "click", "warning")
    )


def _is_known(place: str) -> bool:
    return all(part.strip().casefold() in known_places() for part in place.split("/")) or place.casefold() in known_places()


def _is_one_name(place: str) -> bool:
    """One capitalised word of four letters or more that is not an abbreviation: ``Gundremmingen - Die …``."""
    return place.isalpha() and len(place) >= 6 and place[0].isupper() and place[1:].islower()


def _is_capitals(place: str) -> bool:
    return place.isupper() and sum(sign.isalpha() for sign in place) >= 3


def _is_named_in(place: str, text: str) -> bool:
    return (
        place.isalpha()
        and len(place) >= 4
        and re.search(rf"\b(?:in|at|to|of|near|from) {place.capitalize()}\b|\b{place.capitalize()} [A-Z]", text[:3000]) is not None
    )
