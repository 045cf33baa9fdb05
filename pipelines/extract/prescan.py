"""One linear pass over the page's text before it is parsed: what cannot hold an article goes, what would hang the parser is capped.

Half of a news page is script. Without it the parse takes half the time, one huge inline script no longer makes libxml2 drop the page, and a
single tag with 100,000 attributes (quadratic in libxml2: 9 s of CPU for 1 MB) is cut to its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_JSON_LD_CHARS = 1_000_000
MAX_JSON_LD_SCRIPTS = 60
MAX_TAG_CHARS = 8_192
MAX_ATTRIBUTES = 200
_FEW_TAG_CHARS = 1_024

_DROPPED = re.compile(r"<(!--|(?:script|style|svg)\b)", re.IGNORECASE)
# Real pages hold "</script" without ">"; a pattern that asks for it swallows the body up to the next script.
_CLOSING = {name: re.compile(rf"</{name}\b[^<>]{{0,50}}>?", re.IGNORECASE) for name in ("script", "style", "svg")}
# A tag as the parser sees it: ">" inside a quoted value does not end it. Possessive, so each character is read once.
_TAG = re.compile(r"<([a-zA-Z][\w:-]{0,40}+)[^>=]*+(?:=\s*+(?:\"[^\"]*+\"|'[^']*+'|)[^>=]*+)*+>?")
_QUOTED = re.compile("\"[^\"]*+\"|'[^']*+'")
_CONTROLS = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))


@dataclass(frozen=True, kw_only=True, slots=True)
class Prescan:
    """What is left to parse, as UTF-8, and the JSON-LD scripts that were on the page, in page order."""

    html: bytes = field(repr=False)
    json_ld: tuple[str, ...] = field(default=(), repr=False)


def prescan(html: str) -> Prescan:
    """Return the page without scripts, styles, drawings, comments, control characters and lone surrogates; JSON-LD kept aside.

    Linear in the page's length: every search for an end that fails is made once.
    """
    kept: list[str] = []
    scripts: list[str] = []
    position = 0
    never_closed: set[str] = set()
    while found := _DROPPED.search(html, position):
        kept.append(html[position : found.start()])
        name = found.group(1).lower()
        if name == "!--":
            position = _end_of_comment(html, found, never_closed)
            continue
        opened = html.find(">", found.end())
        if opened < 0:
            position = len(html)
            break
        position = opened + 1
        if html[opened - 1] == "/" and name == "svg":
            continue
        closing = None if name in never_closed else _CLOSING[name].search(html, opened)
        if closing is None:
            # Unclosed: the tag goes, what follows stays and is judged as text.
            never_closed.add(name)
            continue
        position = closing.end()
        if name == "script" and "ld+json" in html[found.end() : opened].lower() and len(scripts) < MAX_JSON_LD_SCRIPTS:
            scripts.append(html[opened + 1 : closing.start()][:MAX_JSON_LD_CHARS])
    kept.append(html[position:])
    # Lone surrogates have no UTF-8; deleting bytes takes a tenth of the time of a pattern over the text.
    html_bytes = _cap_tags("".join(kept)).encode("utf-8", "ignore").translate(None, _CONTROLS)
    return Prescan(html=html_bytes, json_ld=tuple(scripts))


def _end_of_comment(html: str, found: re.Match[str], never_closed: set[str]) -> int:
    if "!--" in never_closed:
        return found.end()
    # From the middle of the opening: "<!-->" is a whole comment.
    end = html.find("-->", found.start() + 2)
    if end < 0:
        never_closed.add("!--")
        return found.end()
    return end + 3


def _cap_tags(html: str) -> str:
    if len(html) <= _FEW_TAG_CHARS:
        return html
    huge = [tag for tag in _TAG.finditer(html) if tag.end() - tag.start() > _FEW_TAG_CHARS and _is_huge(tag[0])]
    if not huge:
        return html
    pieces, position = [], 0
    for tag in huge:
        pieces += [html[position : tag.start()], f"<{tag.group(1)}>"]
        position = tag.end()
    return "".join([*pieces, html[position:]])


def _is_huge(tag: str) -> bool:
    return len(tag) > MAX_TAG_CHARS or len(_QUOTED.sub(" ", tag).split()) > MAX_ATTRIBUTES
