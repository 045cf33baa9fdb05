"""Stories as written, and the articles that newsrooms made of them.

A story file holds the full text once and lists every article it became. The first is the original; each other one says how it
was edited: re-headlined, cut, led with a local paragraph, respelled. Edits that do not fit the text are errors, so a story can be
rewritten without a copy silently drifting from it. The file format stands in ``stories/README.md``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

STORIES = Path(__file__).parent / "stories"

_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_EMPHASIS = re.compile(r"\*([^*]+)\*")
_MARKERS = ("## ", "- ", "> ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Insert:
    """A piece of the page that stands among the paragraphs and is not the article: a photo, a prompt, a credit line."""

    kind: str
    """Name of a snippet in the site's ``[blocks]``."""
    after: int
    """After how many paragraphs; -1 is after the last."""
    text: str = ""
    """Empty: the site's own words for this kind, from its ``[phrases]``."""
    credit: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manuscript:
    """One article of one site: what the page shows and what is true of it."""

    story: str
    site: str
    path: str
    title: str
    paragraphs: tuple[str, ...]
    """With their marks: ``## `` heading, ``- `` list item, ``> `` quotation, ``[words](url)``, ``*emphasis*``."""
    published_at: datetime
    """Aware, in the outlet's own time zone."""
    modified_at: datetime | None = None
    edition: int = 1
    """2: replaces the page of the same URL when the newsroom is served in its second edition."""
    edit: str | None = None
    """How this copy differs from the story's first article, in words; None for the first itself."""
    standfirst: str = ""
    byline: str = ""
    """The visible line; empty shows none."""
    authors: tuple[str, ...] = ()
    organization: str = ""
    """Author in the page's metadata when no person is: an agency or desk."""
    section: str = ""
    tags: tuple[str, ...] = ()
    canonical: str = ""
    """Empty: its own URL."""
    redirect_from: str = ""
    """Path that feeds name instead and that answers 301."""
    inserts: tuple[Insert, ...] = ()
    dateline: str | None = None
    agencies: tuple[str, ...] = ()
    credited_agencies: tuple[str, ...] = ()
    mode: str = "none"
    syndicated_from: str | None = None
    syndicated_url: str | None = None


def plain_paragraph(paragraph: str) -> str:
    """Return a paragraph as a reader sees it: no marks."""
    for marker in _MARKERS:
        paragraph = paragraph.removeprefix(marker)
    return _EMPHASIS.sub(r"\1", _LINK.sub(r"\1", paragraph))


@cache
def read_manuscripts() -> tuple[Manuscript, ...]:
    """Return every article of every story, in the order of file names and, within a file, as written; all editions."""
    return tuple(manuscript for path in sorted(STORIES.glob("*.toml")) for manuscript in _read_story(path))


def manuscripts_of_edition(edition: int) -> tuple[Manuscript, ...]:
    """Return the articles that stand on the sites in an edition: per URL the newest that is not of a later one."""
    standing: dict[tuple[str, str], Manuscript] = {}
    for manuscript in read_manuscripts():
        address = (manuscript.site, manuscript.path)
        if manuscript.edition <= edition and (address not in standing or standing[address].edition < manuscript.edition):
            standing[address] = manuscript
    return tuple(standing.values())


def _read_story(path: Path) -> Iterator[Manuscript]:
    story = tomllib.loads(path.read_text(encoding="utf-8"))
    for position, article in enumerate(story["article"]):
        try:
            yield _make_manuscript(path.stem, story, article, is_copy=position > 0)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}: article {position + 1} ({article.get('site')}{article.get('path')}): {error}") from error


def _make_manuscript(key: str, story: Mapping[str, Any], article: Mapping[str, Any], *, is_copy: bool) -> Manuscript:
    fields = dict(article)
    text = {name: fields.pop(name) for name in ("opening", "lead", "keep", "without", "replace", "tail") if name in fields}
    if is_copy != ("edit" in fields):
        raise ValueError("every article but the first says its edit")
    inherited = {name: story[name] for name in ("title", "standfirst", "section", "dateline") if name in story}
    paragraphs = edit_paragraphs(split_paragraphs(story["body"]), opening=text.pop("opening", story.get("opening", "")), **text)
    merged = inherited | fields
    inserts = tuple(Insert(**insert) for insert in merged.pop("inserts", ()))
    for name in ("tags", "authors", "agencies", "credited_agencies"):
        merged[name] = tuple(merged.get(name, ()))
    merged["published_at"] = merged.pop("published")
    merged["modified_at"] = merged.pop("modified", None)
    merged["dateline"] = merged.get("dateline") or None
    for insert in inserts:
        if not -1 <= insert.after <= len(paragraphs):
            raise ValueError(f"insert after paragraph {insert.after} of {len(paragraphs)}")
    return Manuscript(story=key, paragraphs=paragraphs, inserts=inserts, **merged)


def split_paragraphs(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a text in which blank lines part them; single line breaks are spaces."""
    return tuple(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip())


def edit_paragraphs(
    paragraphs: Sequence[str],
    *,
    opening: str = "",
    lead: str = "",
    keep: int | None = None,
    without: Sequence[int] = (),
    replace: Sequence[Sequence[str]] = (),
    tail: str = "",
) -> tuple[str, ...]:
    """Return a story's paragraphs as a newsroom edited them.

    keep counts paragraphs from the start and without numbers them from 1, both before any other change; opening (the dateline)
    goes before the first one kept, lead before it all and tail after it all. Raises ValueError when a replacement finds nothing.
    """
    if (keep is not None and not 0 < keep <= len(paragraphs)) or any(not 0 < number <= len(paragraphs) for number in without):
        raise ValueError(f"keep = {keep}, without = {list(without)} do not fit {len(paragraphs)} paragraphs")
    kept = [paragraph for number, paragraph in enumerate(paragraphs[:keep], start=1) if number not in without]
    for old, new in replace:
        if not any(old in paragraph for paragraph in kept):
            raise ValueError(f"nothing to replace: {old!r}")
        kept = [paragraph.replace(old, new) for paragraph in kept]
    kept[0] = opening + kept[0]
    return (*split_paragraphs(lead), *kept, *split_paragraphs(tail))
