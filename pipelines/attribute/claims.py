"""Claims on whose copy a text is: what each mark and line says, and how they are weighed against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipelines.attribute.agencies import agency_by_code, agency_of_host, has_agency_form, is_outlet_host
from pipelines.attribute.bylines import Byline, parse_byline
from pipelines.attribute.east_asia import Dateline
from pipelines.attribute.line_sections import Line
from pipelines.attribute.lines import read_line
from pipelines.attribute.marks import Mark, Marks
from pipelines.records import Evidence

FILL_CONFIDENCE = 0.7
"""Below it a value is a hint: kept as evidence, not filled into a column."""
MAX_CONFIDENCE = 0.99
CLOSING_NOTICE_CONFIDENCE = 0.6
_FIELD_CONFIDENCE = {"json_ld_author": 0.95, "meta_author": 0.95, "meta_source": 0.95, "byline": 0.85}


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One signal's word on agencies."""

    signal: str
    words: str
    confidence: float
    agencies: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    has_staff: bool = False


NamedAuthor = tuple[Mark, Byline]
"""An author field or visible byline that names an agency, and what it says."""


def read_authors(marks: Marks) -> list[NamedAuthor]:
    """Return the author fields and bylines of a page that name agencies, in their order of trust."""
    return [
        (mark, byline)
        for mark in marks.authors
        if has_agency_form(mark.text) and (byline := parse_byline(mark.text)) and (byline.agencies or byline.credited)
    ]


def collect_claims(dateline: Dateline | None, lines: Iterable[Line], marks: Marks, authors: Iterable[NamedAuthor]) -> list[Claim]:
    """Return what dateline, own host, author fields, bylines and lines say, in this order."""
    claims: list[Claim] = []
    if dateline and dateline.agencies:
        claims.append(Claim(signal="dateline", words=dateline.raw, confidence=dateline.confidence, agencies=dateline.agencies))
    if own := agency_of_host(marks.url):
        claims.append(Claim(signal="own_host", words=marks.url, confidence=0.95, agencies=(own.code,)))
    claims += [claim for mark, byline in authors if (claim := _claim_of_author(mark, byline))]
    claims += [_claim_of_line(line) for line in (*lines, *_origin_lines(marks)) if line.agencies or line.credited]
    claims += [claim for mark in marks.closings if (claim := _claim_of_closing(mark))]
    return [kept for claim in claims if (kept := _without_own_outlet(claim, marks.url))]


def _origin_lines(marks: Marks) -> list[Line]:
    """Provider and source lines that stand outside the text: ``Provided by dpa``."""
    texts = [mark.text for mark in marks.origins if mark.signal in ("provider_line", "source_line")]
    return [line for text in texts if (line := read_line(text))]


def _claim_of_author(mark: Mark, byline: Byline) -> Claim | None:
    confidence = _FIELD_CONFIDENCE[mark.signal]
    if mark.signal == "byline" and not mark.is_certain_place:
        is_bare = not (byline.label or byline.people or byline.place)
        # "AA" and "PA" are also buttons and party labels, "UPI" a topic: a code alone needs a byline's element or free room, a name does not.
        is_code = is_bare and len(mark.text) <= 8
        if len(byline.people) > 2 or (is_code and not (mark.stands_free and len(mark.text) >= 3)):
            return None
        confidence = 0.75 if is_bare else 0.8
    return Claim(
        signal=mark.signal,
        words=mark.text,
        confidence=confidence,
        agencies=byline.agencies,
        credited=byline.credited,
        has_staff=byline.has_staff,
    )


def _claim_of_closing(mark: Mark) -> Claim | None:
    line = read_line(mark.text)
    if line is None or not (line.agencies or line.credited) or (line.signal == "bare_name" and not mark.is_certain_place):
        return None
    claim = _claim_of_line(line)
    if line.signal == "copyright" and line.confidence <= FILL_CONFIDENCE:
        # Outside the text a notice may be the site's own, on every page.
        return replace(claim, confidence=CLOSING_NOTICE_CONFIDENCE)
    return claim


def _claim_of_line(line: Line) -> Claim:
    return Claim(
        signal=line.signal,
        words=line.text,
        confidence=line.confidence,
        agencies=line.agencies,
        credited=line.credited,
        has_staff=line.has_staff,
    )


def _without_own_outlet(claim: Claim, url: str) -> Claim | None:
    """CNN on cnn.com is the outlet, not the wire."""
    codes = tuple(code for code in claim.agencies if (agency := agency_by_code(code)) is None or not is_outlet_host(agency, url))
    credited = tuple(code for code in claim.credited if (agency := agency_by_code(code)) is None or not is_outlet_host(agency, url))
    return replace(claim, agencies=codes, credited=credited) if codes or credited else None


def weigh_claims(claims: Sequence[Claim]) -> tuple[tuple[str, ...], tuple[str, ...], list[Evidence]]:
    """The first claim that speaks wins; others on the same agency raise its confidence, to 0.99 at most."""
    if not claims:
        return (), (), []
    naming = sorted((claim for claim in claims if claim.agencies), key=_rank)
    evidence: list[Evidence] = []
    agencies: tuple[str, ...] = ()
    if naming:
        first = naming[0]
        doubt = 1.0
        for signal in {claim.signal: claim for claim in naming if set(claim.agencies) & set(first.agencies)}.values():
            doubt *= 1 - signal.confidence
        if 1 - doubt >= FILL_CONFIDENCE:
            agencies = first.agencies
        for claim in naming:
            confidence = min(MAX_CONFIDENCE, 1 - doubt) if claim is first else claim.confidence
            evidence += [_agency_evidence("agencies", code, claim, confidence) for code in claim.agencies]
    credited: dict[str, None] = {}
    for claim in claims:
        for code in claim.credited:
            if code not in agencies:
                credited[code] = None
                evidence.append(_agency_evidence("credited_agencies", code, claim, min(claim.confidence, 0.9)))
    return agencies, tuple(credited), _without_repeats(evidence)


def _without_repeats(evidence: Iterable[Evidence]) -> list[Evidence]:
    return list({(item.field, item.value, item.signal): item for item in reversed(list(evidence))}.values())[::-1]


def _rank(claim: Claim) -> float:
    """An own host yields to marks that name another agency: agencies run each other's copy."""
    return 0.5 if claim.signal == "own_host" else -claim.confidence


def _agency_evidence(field: str, code: str, claim: Claim, confidence: float) -> Evidence:
    return Evidence(field=field, value=code, signal=claim.signal, evidence=claim.words[:300], confidence=round(confidence, 4))
