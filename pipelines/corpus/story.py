"""What a story's copies tell of one another: the agency that other sites name, the origin that was not crawled, sites that only moved.

Pure functions of the set of members, as the log has them, so that any order of articles tells the same. What they tell is written
into the rows of ``corpus/`` and nowhere else: the log keeps what each page said for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.records import Evidence
from pipelines.urls import host_of, is_same_site, registrable_domain

FILL_CONFIDENCE = 0.7
"""From here an agency fills its column; below it is evidence only."""
CLOSE_WEIGHT, LOOSE_WEIGHT, ORIGIN_WEIGHT = 0.7, 0.5, 0.6
"""What one site's word is worth: on an agency, by a copy as good as equal or by a cut or edited one; on the origin."""
MAX_CONFIDENCE = 0.99
MOVE_CONFIDENCE = 0.1
STORY_SIGNALS = frozenset({"story", "site_move"})
"""The signals of evidence that stands in ``corpus/`` only."""
MAX_NAMED = 3
_CLOSE = frozenset({"exact", "copy"})
_MODE_WITH_AGENCY = {"unknown": "wire", "none": "mixed"}


@dataclass(frozen=True, slots=True)
class Said:
    """What one article says of where its text comes from; a row of the state's table ``said``."""

    article_id: str
    host: str
    agencies: tuple[str, ...] = ()
    origin: str | None = None
    """Its ``syndicated_from``."""
    relation: str | None = None
    """To the canonical copy; None for that copy itself."""

    @property
    def site(self) -> str:
        """The registrable domain of the host."""
        return registrable_domain(self.host)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryNotes:
    """What a story tells of its canonical copy; nothing for most."""

    agencies: tuple[str, ...] = ()
    original_host: str | None = None
    has_moved: bool = False
    """The copy's origin is where its own site has moved to, or what it mirrors."""
    evidence: tuple[Evidence, ...] = field(default=())


def said_values(
    *, url: str, host: str, canonical_url: str | None, agencies: Iterable[str] | None, syndicated_from: str | None
) -> tuple[str, str, str | None, str | None]:
    """Return what the state keeps of an article: host, agencies parted by spaces, origin, the other site that its canonical URL points to."""
    points_to = None
    if canonical_url and url and not is_same_site(canonical_url, url):
        points_to = registrable_domain(canonical_url) or None
    return host or host_of(url), " ".join(agencies or ()), syndicated_from, points_to


def tell_story(
    canonical: Said, copies: Sequence[Said], *, moves: Mapping[str, str], outlet_hosts: Mapping[str, str] | None = None
) -> StoryNotes:
    """Return what the other members tell of a story's canonical copy.

    copies: in the order in which they were fetched. moves: {host: site} of hosts whose pages all point to one other site. outlet_hosts:
    {registrable domain: agency code} of outlets whose name is also a wire's; on their own site it says nothing.
    """
    own_code = (outlet_hosts or {}).get(canonical.site)
    agencies, evidence = _find_agencies(canonical, copies, own_code=own_code)
    original_host, origin_evidence = _find_original_host([canonical, *copies], moves=moves)
    has_moved = canonical.origin is not None and moves.get(canonical.host) == canonical.origin
    moved = [_move_evidence(canonical)] if has_moved else []
    return StoryNotes(agencies=agencies, original_host=original_host, has_moved=has_moved, evidence=(*evidence, *origin_evidence, *moved))


def _find_agencies(canonical: Said, copies: Sequence[Said], *, own_code: str | None) -> tuple[tuple[str, ...], list[Evidence]]:
    """The agencies that every marked copy names, where the canonical copy names none; in the order of the first one fetched."""
    naming = [copy for copy in copies if copy.agencies]
    if canonical.agencies or not naming:
        return (), []
    common = [code for code in naming[0].agencies if code != own_code and all(code in copy.agencies for copy in naming)]
    if not common:
        return (), []
    weights = _weight_by_site((copy, CLOSE_WEIGHT if copy.relation in _CLOSE else LOOSE_WEIGHT) for copy in naming)
    confidence = _together(weights.values())
    if any(copy.origin == canonical.site for copy in copies):
        # Others took the text from here: then the agency may have only passed it on.
        confidence = min(confidence, LOOSE_WEIGHT)
    words = _name_copies(sorted(naming, key=lambda copy: copy.relation not in _CLOSE))
    evidence = [Evidence(field="agencies", value=code, signal="story", evidence=words, confidence=confidence) for code in common]
    return (tuple(common) if confidence >= FILL_CONFIDENCE else ()), evidence


def _find_original_host(members: Sequence[Said], *, moves: Mapping[str, str]) -> tuple[str | None, list[Evidence]]:
    """The domain that most sites name as the origin, if no member comes from it; ties go to the first by name."""
    crawled = {member.site for member in members}
    voters: dict[str, list[Said]] = {}
    for member in members:
        origin = member.origin
        if origin and "." in origin and " " not in origin and origin not in crawled and moves.get(member.host) != origin:
            voters.setdefault(origin, []).append(member)
    if not voters:
        return None, []
    weights = {origin: _weight_by_site((member, ORIGIN_WEIGHT) for member in named_by) for origin, named_by in voters.items()}
    chosen = min(weights, key=lambda origin: (-len(weights[origin]), origin))
    words, confidence = _name_copies(voters[chosen]), _together(weights[chosen].values())
    return chosen, [Evidence(field="original_host", value=chosen, signal="story", evidence=words, confidence=confidence)]


def _move_evidence(canonical: Said) -> Evidence:
    words = f"the pages of {canonical.host} all point to {canonical.origin}"
    return Evidence(field="syndicated_from", value=canonical.origin or "", signal="site_move", evidence=words, confidence=MOVE_CONFIDENCE)


def _weight_by_site(weighted: Iterable[tuple[Said, float]]) -> dict[str, float]:
    """One vote a site, its surest."""
    weights: dict[str, float] = {}
    for member, weight in weighted:
        weights[member.site] = max(weight, weights.get(member.site, 0.0))
    return weights


def _together(weights: Iterable[float]) -> float:
    doubt = 1.0
    for weight in sorted(weights):
        doubt *= 1 - weight
    return round(min(MAX_CONFIDENCE, 1 - doubt), 4)


def _name_copies(members: Sequence[Said]) -> str:
    return "; ".join(f"{member.article_id} on {member.host}" for member in members[:MAX_NAMED])[:300]


def annotate_row(row: Mapping[str, Any], notes: StoryNotes) -> dict[str, Any]:
    """Return a row of the log as the corpus shows it: agencies, origin and evidence as the story tells.

    An agency that the copy itself credits stays a credit.
    """
    changed = dict(row)
    credited = row["credited_agencies"] or []
    if not row["agencies"] and (codes := [code for code in notes.agencies if code not in credited]):
        changed["agencies"] = codes
        changed["provenance_mode"] = _MODE_WITH_AGENCY.get(row["provenance_mode"], row["provenance_mode"])
    if notes.has_moved:
        changed |= {"syndicated_from": None, "syndicated_url": None}
    if notes.original_host:
        said = json.loads(row["extra"]) if row["extra"] else {}
        changed["extra"] = json.dumps({**said, "original_host": notes.original_host}, ensure_ascii=False)
    told = [{name: getattr(item, name) for name in ("field", "value", "signal", "evidence", "confidence")} for item in notes.evidence]
    changed["provenance"] = [*(row["provenance"] or []), *told]
    return changed


def told_in(provenance: Iterable[Mapping[str, Any]] | None) -> tuple[Evidence, ...]:
    """Return the evidence that a corpus row has from its story: by this a row that stands is compared with what it should say."""
    rows = (item for item in provenance or () if item["signal"] in STORY_SIGNALS)
    return tuple(Evidence(**{**item, "confidence": round(item["confidence"], 4)}) for item in rows)
