"""Decide: weigh the marks of the page and the lines of the text, fill the provenance fields, lift the lines out of the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipelines.attribute.agencies import agency_by_code, agency_of_host, is_outlet_host
from pipelines.attribute.bylines import parse_byline, people_of_author
from pipelines.attribute.dateline import Dateline, parse_dateline
from pipelines.attribute.lines import Line, find_self_references, read_line, split_trailing_line
from pipelines.attribute.marks import Mark, Marks
from pipelines.attribute.outlets import is_own_brand
from pipelines.attribute.syndication import find_syndication
from pipelines.records import Attribution, Block, Draft, Evidence, ProvenanceMode, Removed

FILL_CONFIDENCE = 0.7
"""Below it a value is a hint: kept as evidence, not filled into a column."""
DATELINE_BLOCKS = 4
EDGE_BLOCKS = 8
"""How many blocks from either end may be agency lines; contributor and source lines are lifted anywhere."""
SELF_REFERENCE_CONFIDENCE = 0.3
_READ_REMOVED = frozenset({"byline", "copyright", "contributors", "source_line", "agency_line"})
_FIELD_CONFIDENCE = {"json_ld_author": 0.95, "meta_author": 0.95, "meta_source": 0.95, "byline": 0.85}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Claim:
    """One signal's word on agencies."""

    signal: str
    words: str
    confidence: float
    agencies: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    has_staff: bool = False


def attribute_draft(draft: Draft, marks: Marks) -> tuple[Draft, Attribution]:
    """Return the draft without the lines that speak of it, and the attribution they and the page's marks give.

    Lifted lines are in the attribution's fields and in ``draft.removed``, with their reason and position; the dateline stays in the text.
    Agencies are subtracted from ``draft.authors``.
    """
    blocks, removed, lines = _lift_lines(draft.blocks, marks)
    earlier = [line for piece in draft.removed if piece.reason in _READ_REMOVED and (line := read_line(piece.text))]
    dateline = _find_dateline(draft, blocks, marks)
    claims = _collect_claims(dateline, [*lines, *earlier], marks)
    claims = [kept for claim in claims if (kept := _without_own_outlet(claim, marks.url))]
    agencies, credited, evidence = _weigh(claims)
    if not agencies:
        evidence += _hints(blocks, credited)
    authors = _people(draft.authors)
    syndication = find_syndication([*lines, *earlier], marks)
    origin = syndication[0][0].value if syndication and syndication[0][0].confidence >= FILL_CONFIDENCE else None
    byline_place = next(
        (byline.place for mark in marks.authors if (byline := parse_byline(mark.text)) and byline.place and byline.agencies), None
    )
    place = dateline.place if dateline else byline_place
    if place:
        words, confidence = (dateline.raw, dateline.confidence) if dateline else (place, 0.8)
        evidence.append(
            Evidence(
                field="dateline", value=place, signal="dateline" if dateline else "byline", evidence=words[:300], confidence=confidence
            )
        )
    contributors = tuple(dict.fromkeys(line.text for line in lines if line.kind == "contributors"))
    notice = next((line.text for line in [*lines, *earlier] if line.kind == "copyright"), None)
    evidence += [item for item, _ in syndication]
    attribution = Attribution(
        agencies=agencies,
        credited_agencies=credited,
        mode=_decide_mode(
            agencies, credited, claims, [*lines, *earlier], authors, marks, hinted=any(e.confidence < FILL_CONFIDENCE for e in evidence)
        ),
        syndicated_from=origin,
        syndicated_url=next((url for item, url in syndication if url and item.value == origin), None),
        dateline=place,
        contributors=contributors,
        copyright=notice,
        evidence=tuple(evidence),
    )
    return replace(draft, blocks=tuple(blocks), removed=(*draft.removed, *removed), authors=authors), attribution


def _lift_lines(blocks: Sequence[Block], marks: Marks) -> tuple[list[Block], list[Removed], list[Line]]:
    kept: list[Block] = []
    removed: list[Removed] = []
    lines: list[Line] = []
    count = len(blocks)
    for index, block in enumerate(blocks):
        if block.kind == "heading":
            kept.append(block)
            continue
        line = read_line(block.text, at_edge=index < 2 or index >= count - EDGE_BLOCKS)
        if line is not None and not (line.kind == "agency_line" and _is_followed_by_prose(blocks, index)):
            lines.append(line)
            if _is_content(line, marks):
                kept.append(block)
                continue
            removed.append(Removed(reason=line.kind, text=block.text, position=block.position))
            continue
        if index >= count - EDGE_BLOCKS and (split := split_trailing_line(block.text)) and not _is_followed_by_prose(blocks, index):
            body, line = split
            lines.append(line)
            removed.append(Removed(reason=line.kind, text=line.text, position=block.position))
            block = replace(block, text=body)
        kept.append(block)
    return kept, removed, lines


def _is_content(line: Line, marks: Marks) -> bool:
    """Where data came from ("Kilde: helsenorge.no") is the article's own; a line that names the page's own site is not."""
    return line.signal == "data_label" and not (line.origin and is_own_brand(line.origin, url=marks.url, brands=marks.brands))


def _is_followed_by_prose(blocks: Sequence[Block], index: int) -> bool:
    """In the text, not at its edge: two or more paragraphs on either side. There an agency's name is a picture's or a box's."""
    before = sum(len(block.text) > 120 for block in blocks[:index])
    after = sum(len(block.text) > 120 for block in blocks[index + 1 :])
    return before >= 1 and after >= 2


def _find_dateline(draft: Draft, blocks: Sequence[Block], marks: Marks) -> Dateline | None:
    for block in blocks[:DATELINE_BLOCKS]:
        if block.kind == "heading" and (found := parse_dateline(block.text)) and found.is_slug:
            return found
    prose = [block for block in blocks if block.kind in ("paragraph", "standfirst", "quote")][:DATELINE_BLOCKS]
    for index, block in enumerate(prose):
        if (found := parse_dateline(block.text, place_in_text=index)) and (found.place or found.agencies):
            return found
    heads = [draft.standfirst] if draft.standfirst else []
    if found := next((found for head in (*heads, *marks.ledes) if (found := parse_dateline(head))), None):
        return found
    # A lede that extraction took for a headline still stands above the body.
    headers = (mark.text for mark in marks.authors if mark.signal == "byline")
    return next((found for text in headers if (found := parse_dateline(text)) and found.agencies and found.place), None)


def _collect_claims(dateline: Dateline | None, lines: Iterable[Line], marks: Marks) -> list[_Claim]:
    claims: list[_Claim] = []
    if dateline and dateline.agencies:
        claims.append(_Claim(signal="dateline", words=dateline.raw, confidence=dateline.confidence, agencies=dateline.agencies))
    if own := agency_of_host(marks.url):
        claims.append(_Claim(signal="own_host", words=marks.url, confidence=0.95, agencies=(own.code,)))
    claims += [claim for mark in marks.authors if (claim := _claim_of_author(mark))]
    claims += [_claim_of_line(line) for line in lines if line.agencies or line.credited]
    claims += [claim for mark in marks.closings if (claim := _claim_of_closing(mark))]
    return claims


def _claim_of_author(mark: Mark) -> _Claim | None:
    byline = parse_byline(mark.text)
    if byline is None or not (byline.agencies or byline.credited):
        return None
    confidence = _FIELD_CONFIDENCE[mark.signal]
    if mark.signal == "byline" and not mark.is_certain_place:
        is_bare = not (byline.label or byline.people or byline.place)
        # "AA" and "PA" are also buttons and party labels: a code alone needs a byline's element, a full name does not.
        if len(byline.people) > 2 or (is_bare and len(mark.text) <= 8):
            return None
        confidence = 0.75 if is_bare else 0.8
    return _Claim(
        signal=mark.signal,
        words=mark.text,
        confidence=confidence,
        agencies=byline.agencies,
        credited=byline.credited,
        has_staff=byline.has_staff,
    )


def _claim_of_closing(mark: Mark) -> _Claim | None:
    line = read_line(mark.text)
    if line is None or not (line.agencies or line.credited) or (line.signal == "bare_name" and not mark.is_certain_place):
        return None
    return _claim_of_line(line)


def _claim_of_line(line: Line) -> _Claim:
    return _Claim(
        signal=line.signal,
        words=line.text,
        confidence=line.confidence,
        agencies=line.agencies,
        credited=line.credited,
        has_staff=line.has_staff,
    )


def _without_own_outlet(claim: _Claim, url: str) -> _Claim | None:
    """CNN on cnn.com is the outlet, not the wire."""
    codes = tuple(code for code in claim.agencies if (agency := agency_by_code(code)) is None or not is_outlet_host(agency, url))
    credited = tuple(code for code in claim.credited if (agency := agency_by_code(code)) is None or not is_outlet_host(agency, url))
    return replace(claim, agencies=codes, credited=credited) if codes or credited else None


def _weigh(claims: Sequence[_Claim]) -> tuple[tuple[str, ...], tuple[str, ...], list[Evidence]]:
    """The first claim that speaks wins; others on the same agency raise its confidence, to 0.99 at most."""
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
            confidence = min(0.99, 1 - doubt) if claim is first else claim.confidence
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


def _rank(claim: _Claim) -> float:
    """An own host yields to marks that name another agency: agencies run each other's copy."""
    return 0.5 if claim.signal == "own_host" else -claim.confidence


def _agency_evidence(field: str, code: str, claim: _Claim, confidence: float) -> Evidence:
    return Evidence(field=field, value=code, signal=claim.signal, evidence=claim.words[:300], confidence=round(confidence, 4))


def _hints(blocks: Sequence[Block], credited: tuple[str, ...]) -> list[Evidence]:
    hints: dict[str, Evidence] = {}
    for block in blocks:
        for code, words in find_self_references(block.text):
            if code not in credited:
                hints.setdefault(
                    code,
                    Evidence(
                        field="agencies", value=code, signal="self_reference", evidence=words[:300], confidence=SELF_REFERENCE_CONFIDENCE
                    ),
                )
    return list(hints.values())


def _people(authors: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for author in authors if (person := people_of_author(author))))


def _decide_mode(
    agencies: tuple[str, ...],
    credited: tuple[str, ...],
    claims: Sequence[_Claim],
    lines: Sequence[Line],
    authors: tuple[str, ...],
    marks: Marks,
    *,
    hinted: bool,
) -> ProvenanceMode:
    if agencies:
        return "mixed" if _has_staff(agencies, claims, authors, marks) else "wire"
    if credited or any(line.has_unnamed_agencies for line in lines):
        return "mixed"
    if authors or any(mark.signal in ("json_ld_author", "meta_author") for mark in marks.authors):
        return "none"
    return "unknown" if hinted or not marks.authors else "none"


def _has_staff(agencies: tuple[str, ...], claims: Sequence[_Claim], authors: tuple[str, ...], marks: Marks) -> bool:
    """The agency shares the byline with someone who is not its own.

    People beside a bracketed dateline, or in a byline that ends in the agency's name, are the agency's own reporters.
    """
    if any(claim.has_staff and set(claim.agencies) & set(agencies) for claim in claims):
        return True
    if any(claim.signal in ("dateline", "own_host") for claim in claims):
        return False
    fields = [mark.text for mark in marks.authors if mark.signal == "json_ld_author"]
    named = [byline for text in fields if (byline := parse_byline(text)) and byline.agencies]
    others = [text for text in fields if not ((byline := parse_byline(text)) and byline.agencies)]
    return bool(named and others) and bool(authors)
