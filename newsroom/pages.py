"""Article pages: a manuscript set in its site's template. The bytes depend on nothing but the two."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from newsroom.manuscripts import Insert, Manuscript, plain_paragraph
from newsroom.sites import Site

_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_EMPHASIS = re.compile(r"\*([^*]+)\*")


def render_article(site: Site, manuscript: Manuscript, siblings: Sequence[Manuscript]) -> bytes:
    """Return the page of an article in the site's encoding; siblings are the site's other articles, for its teasers."""
    url = site.url_of(manuscript.path)
    canonical = manuscript.canonical or url
    modified = manuscript.modified_at or manuscript.published_at
    description = manuscript.standfirst or plain_paragraph(manuscript.paragraphs[0])[:150] if manuscript.paragraphs else manuscript.title
    page = site.template.substitute(
        brand=escape(site.brand),
        home=site.home,
        language=site.language,
        url=url,
        path=manuscript.path,
        canonical=canonical,
        title=escape(manuscript.title),
        title_json=_json(manuscript.title),
        description=escape(description),
        description_json=_json(description),
        standfirst=_render_snippet(site, "standfirst", text=manuscript.standfirst) if manuscript.standfirst else "",
        byline=_render_snippet(site, "byline", text=manuscript.byline) if manuscript.byline else "",
        author_meta=escape(", ".join(manuscript.authors) or manuscript.organization or site.brand),
        author_json=_json(_author_entities(manuscript, site.brand)),
        section=escape(manuscript.section),
        section_json=_json(manuscript.section),
        tags_json=_json(list(manuscript.tags)),
        tags=", ".join(escape(tag) for tag in manuscript.tags),
        published_iso=manuscript.published_at.isoformat(),
        modified_iso=modified.isoformat(),
        published_text=site.format_date(manuscript.published_at),
        modified_text=site.format_date(modified),
        body=render_body(site, manuscript.paragraphs, manuscript.inserts),
        teasers=_render_teasers(site, manuscript, siblings),
    )
    return page.encode(site.encoding, "xmlcharrefreplace")


def render_body(site: Site, paragraphs: Sequence[str], inserts: Sequence[Insert]) -> str:
    """Return the paragraphs as HTML with the inserts in their places."""
    pieces: list[str] = []
    for number, paragraph in enumerate(("", *paragraphs)):
        if number:
            pieces.append(_render_paragraph(site, paragraph, is_first=number == 1))
        pieces.extend(_render_insert(site, insert) for insert in inserts if insert.after == number)
    pieces.extend(_render_insert(site, insert) for insert in inserts if insert.after == -1)
    return _wrap_lists("\n".join(pieces))


def insert_texts(site: Site, inserts: Iterable[Insert]) -> tuple[str, ...]:
    """Return the words that inserts put on the page: text and credit apart, as a reader sees them."""
    shown = (part for insert in inserts for part in (_insert_text(site, insert), insert.credit) if part)
    return tuple(plain_paragraph(part) for part in shown)


def _insert_text(site: Site, insert: Insert) -> str:
    return insert.text or site.phrases.get(insert.kind, "")


def _render_paragraph(site: Site, paragraph: str, *, is_first: bool) -> str:
    for marker, block in (("## ", "heading"), ("- ", "item"), ("> ", "quote")):
        if paragraph.startswith(marker):
            return _render_snippet(site, block, text=paragraph.removeprefix(marker))
    return _render_snippet(site, "first_paragraph" if is_first and "first_paragraph" in site.blocks else "paragraph", text=paragraph)


def _render_insert(site: Site, insert: Insert) -> str:
    return _render_snippet(site, insert.kind, text=_insert_text(site, insert), credit=insert.credit, href=insert.href)


def _render_snippet(site: Site, block: str, *, text: str, credit: str = "", href: str = "") -> str:
    if block not in site.blocks:
        raise ValueError(f"{site.name}: no snippet for {block!r} in its [blocks], nor in blocks.toml")
    return site.blocks[block].substitute(text=render_inline(text), credit=escape(credit), href=href or site.home)


def render_inline(text: str) -> str:
    """Return text escaped, with its links and emphasis as HTML."""
    return _EMPHASIS.sub(r"<em>\1</em>", _LINK.sub(r'<a href="\2">\1</a>', escape(text, quote=False)))


def _wrap_lists(body: str) -> str:
    """Put runs of list items into a list."""
    return re.sub(r"(?:<li\b[^\n]*</li>\n?)+", lambda items: f"<ul>\n{items.group().rstrip()}\n</ul>\n", body)


def _render_teasers(site: Site, manuscript: Manuscript, siblings: Sequence[Manuscript]) -> str:
    """Four other stories of the site, newest first among those published before this one, else the newest of all."""
    others = sorted((one for one in siblings if one.path != manuscript.path), key=_by_date, reverse=True)
    earlier = [one for one in others if one.published_at < manuscript.published_at]
    chosen = (earlier if len(earlier) >= 4 else others)[:4]
    return "\n".join(
        site.blocks["teaser"].substitute(href=one.path, text=escape(one.title), credit=site.format_date(one.published_at)) for one in chosen
    )


def _by_date(manuscript: Manuscript) -> tuple[datetime, str]:
    return manuscript.published_at, manuscript.path


def _author_entities(manuscript: Manuscript, brand: str) -> list[dict[str, str]]:
    people = [{"@type": "Person", "name": name} for name in manuscript.authors]
    organization = manuscript.organization or ("" if people else brand)
    return [*people, *([{"@type": "Organization", "name": organization}] if organization else [])]


def _json(value: object) -> str:
    """JSON for inside a script element: the end tag must not appear in it."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
