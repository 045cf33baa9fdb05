"""Decide: weigh the marks of the page and the lines of the text, fill the provenance fields, lift the lines out of the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.attribute.bylines import parse_byline
from pipelines.attribute.claims import FILL_CONFIDENCE, Claim, NamedAuthor, collect_claims, read_authors, weigh_claims
from pipelines.attribute.dateline import parse_dateline
from pipelines.attribute.east_asia import Dateline
from pipelines.attribute.hints import find_self_references
from pipelines.attribute.lifting import Places, find_line_cues, lift_decided, lift_lines, read_removed
from pipelines.attribute.line_sections import Line
from pipelines.attribute.marks import Marks
from pipelines.attribute.people import people_of_author
from pipelines.attribute.syndication import find_syndication
from pipelines.records import Attribution, Block, Draft, Evidence, ProvenanceMode

DATELINE_BLOCKS = 4
SELF_REFERENCE_CONFIDENCE = 0.3


def attribute_draft(draft: Draft, marks: Marks) -> tuple[Draft, Attribution]:
    """Return the draft without the lines that speak of it, and the attribution they and the page's marks give.

    Lifted lines are in the attribution's fields and in ``draft.removed``, with their reason and position; the dateline stays in the text.
    Agencies are subtracted from ``draft.authors``.
    """
    places = Places(draft.blocks)
    cues = find_line_cues(draft, places)
    blocks, removed, lifted = lift_lines(draft.blocks, places, marks, cues)
    decided, found = lift_decided(draft.removed, draft.blocks, cues)
    lines = [*lifted, *found, *read_removed(draft.removed, cues)]
    dateline = _find_dateline(draft, blocks, marks)
    named = read_authors(marks)
    claims = collect_claims(dateline, lines, marks, named)
    agencies, credited, evidence = weigh_claims(claims)
    if not agencies:
        evidence += _hints(blocks, credited)
    place, place_evidence = _decide_place(dateline, named)
    evidence += place_evidence
    syndication = find_syndication(lines, marks)
    evidence += [item for item, _ in syndication]
    origin = syndication[0][0].value if syndication and syndication[0][0].confidence >= FILL_CONFIDENCE else None
    authors = _people(draft.authors)
    is_hinted = any(item.confidence < FILL_CONFIDENCE for item in evidence)
    attribution = Attribution(
        agencies=agencies,
        credited_agencies=credited,
        mode=_decide_mode(agencies, credited, claims, lines, authors, marks, is_hinted=is_hinted),
        syndicated_from=origin,
        syndicated_url=next((url for item, url in syndication if url and item.value == origin), None),
        dateline=place,
        contributors=tuple(dict.fromkeys(line.text for line in (*lifted, *found) if line.kind == "contributors")),
        copyright=next((line.text for line in lines if line.kind == "copyright"), None),
        evidence=tuple(evidence),
    )
    return replace(draft, blocks=tuple(blocks), removed=(*decided, *removed), authors=authors), attribution


def _find_dateline(draft: Draft, blocks: Sequence[Block], marks: Marks) -> Dateline | None:
    for block in blocks[:DATELINE_BLOCKS]:
        if block.kind == "heading" and (found := parse_dateline(block.text)) and found.is_slug:
            return found
    prose = [block for block in blocks if block.kind in ("paragraph", "standfirst", "quote")][:DATELINE_BLOCKS]
    for index, block in enumerate(prose):
        if (found := parse_dateline(block.text, place_in_text=index)) and (found.place or found.agencies):
            return found
    # A place alone at the head of a standfirst above the byline is a kicker ("Berlin. Why the power failed"): a dateline opens the body.
    if draft.standfirst and (found := parse_dateline(draft.standfirst)) and found.agencies:
        return found
    heads = [head for head in marks.ledes if not (prose and prose[0].text.startswith(head))]
    if found := next((found for head in heads if (found := parse_dateline(head))), None):
        return found
    # A lede that extraction took for a headline still stands above the body.
    headers = (mark.text for mark in marks.authors if mark.signal == "byline")
    return next((found for text in headers if (found := parse_dateline(text)) and found.agencies and found.place), None)


def _decide_place(dateline: Dateline | None, authors: Iterable[NamedAuthor]) -> tuple[str | None, list[Evidence]]:
    """The place of the dateline, else the one beside the agency in a byline ("AFP, MANILA")."""
    if dateline:
        if not dateline.place:
            return None, []
        return dateline.place, [_place_evidence(dateline.place, "dateline", dateline.raw, dateline.confidence)]
    for _, byline in authors:
        if byline.place and byline.agencies:
            return byline.place, [_place_evidence(byline.place, "byline", byline.place, 0.8)]
    return None, []


def _place_evidence(place: str, signal: str, words: str, confidence: float) -> Evidence:
    return Evidence(field="dateline", value=place, signal=signal, evidence=words[:300], confidence=confidence)


def _hints(blocks: Sequence[Block], credited: tuple[str, ...]) -> list[Evidence]:
    hints: dict[str, Evidence] = {}
    for code, words in find_self_references([block.text for block in blocks]):
        if code not in credited:
            hint = Evidence(
                field="agencies", value=code, signal="self_reference", evidence=words[:300], confidence=SELF_REFERENCE_CONFIDENCE
            )
            hints.setdefault(code, hint)
    return list(hints.values())


def _people(authors: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for author in authors if (person := people_of_author(author))))


def _decide_mode(
    agencies: tuple[str, ...],
    credited: tuple[str, ...],
    claims: Sequence[Claim],
    lines: Sequence[Line],
    authors: tuple[str, ...],
    marks: Marks,
    *,
    is_hinted: bool,
) -> ProvenanceMode:
    if agencies:
        return "mixed" if _has_staff(agencies, claims, authors, marks) else "wire"
    if credited or any(line.has_unnamed_agencies for line in lines):
        return "mixed"
    if authors or any(mark.signal in ("json_ld_author", "meta_author") for mark in marks.authors):
        return "none"
    return "unknown" if is_hinted or not marks.authors else "none"


def _has_staff(agencies: tuple[str, ...], claims: Sequence[Claim], authors: tuple[str, ...], marks: Marks) -> bool:
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
