"""One linear pass over the page before it is parsed: what cannot hold an article goes, what would hang the parser is capped.

Half of a news page is script. Without it the parse takes half the time, one huge inline script no longer makes libxml2 drop the page, and a
single tag with 100,000 attributes (quadratic in libxml2: 9 s of CPU for 1 MB) is cut to its name. All in UTF-8, as the parser takes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_JSON_LD_CHARS = 1_000_000
MAX_JSON_LD_SCRIPTS = 60
MAX_TAG_CHARS = 8_192
MAX_ATTRIBUTES = 200
_FEW_TAG_CHARS = 1_024
# Of a character in UTF-8.
_MOST_BYTES = 4

# No name goes on with a letter of another script either.
_NAME_ENDS = rb"(?![\w\x80-\xff])"
_DROPPED = re.compile(rb"<(!--|(?:script|style|svg)" + _NAME_ENDS + rb")", re.IGNORECASE)
# Real pages hold "</script" without ">"; a pattern that asks for it swallows the body up to the next script.
_CLOSING = {name: re.compile(rb"</" + name + _NAME_ENDS + rb"[^<>]{0,50}>?", re.IGNORECASE) for name in (b"script", b"style", b"svg")}
# A tag as the parser sees it: ">" inside a quoted value does not end it. Possessive, so each character is read once.
_TAG = re.compile(rb"<([a-zA-Z][\w:-]{0,40}+)[^>=]*+(?:=\s*+(?:\"[^\"]*+\"|'[^']*+'|)[^>=]*+)*+>?")
_QUOTED = re.compile("\"[^\"]*+\"|'[^']*+'")
_CONTROLS = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))


@dataclass(frozen=True, kw_only=True, slots=True)
class Prescan:
    """What is left to parse, as UTF-8, and the JSON-LD scripts that were on the page, in page order."""

    html: bytes = field(repr=False)
    json_ld: tuple[str, ...] = field(default=(), repr=False)


def prescan(html: bytes) -> Prescan:
    """Return a page in UTF-8 without scripts, styles, drawings, comments and control characters; JSON-LD kept aside.

    Linear in the page's length: every search for an end that fails is made once.
    """
    kept: list[bytes] = []
    scripts: list[str] = []
    position = 0
    never_closed: set[bytes] = set()
    while found := _DROPPED.search(html, position):
        kept.append(html[position : found.start()])
        name = found.group(1).lower()
        if name == b"!--":
            position = _end_of_comment(html, found, never_closed)
            continue
        opened = html.find(b">", found.end())
        if opened < 0:
            position = len(html)
            break
        position = opened + 1
        if name == b"svg" and html[opened - 1 : opened] == b"/":
            continue
        closing = None if name in never_closed else _CLOSING[name].search(html, opened)
        if closing is None:
            # Unclosed: the tag goes, what follows stays and is judged as text.
            never_closed.add(name)
            continue
        position = closing.end()
        if name == b"script" and b"ld+json" in html[found.end() : opened].lower() and len(scripts) < MAX_JSON_LD_SCRIPTS:
            script = html[opened + 1 : min(closing.start(), opened + 1 + _MOST_BYTES * MAX_JSON_LD_CHARS)]
            scripts.append(script.decode("utf-8", "ignore")[:MAX_JSON_LD_CHARS])
    kept.append(html[position:])
    return Prescan(html=_cap_tags(b"".join(kept)).translate(None, _CONTROLS), json_ld=tuple(scripts))


def _end_of_comment(html: bytes, found: re.Match[bytes], never_closed: set[bytes]) -> int:
    if b"!--" in never_closed:
        return found.end()
    # From the middle of the opening: "<!-->" is a whole comment.
    end = html.find(b"-->", found.start() + 2)
    if end < 0:
        never_closed.add(b"!--")
        return found.end()
    return end + 3


def _cap_tags(html: bytes) -> bytes:
    if len(html) <= _FEW_TAG_CHARS:
        return html
    huge = [tag for tag in _TAG.finditer(html) if tag.end() - tag.start() > _FEW_TAG_CHARS and _is_huge(tag[0].decode("utf-8", "ignore"))]
    if not huge:
        return html
    pieces, position = [], 0
    for tag in huge:
        pieces += [html[position : tag.start()], b"<", tag.group(1), b">"]
        position = tag.end()
    return b"".join([*pieces, html[position:]])


def _is_huge(tag: str) -> bool:
    return len(tag) > MAX_TAG_CHARS or len(_QUOTED.sub(" ", tag).split()) > MAX_ATTRIBUTES
