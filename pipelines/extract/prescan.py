"""One linear pass over the page before it is parsed: what cannot hold an article goes, what would hang the parser is capped.

Half of a news page is script. Without it the parse takes half the time, one huge inline script no longer makes libxml2 drop the page, and a
single tag with 100,000 attributes (quadratic in libxml2: 9 s of CPU for 1 MB) is cut to its name. All in UTF-8, as the parser takes it.

What is a tag, a comment or text is told apart as browsers and libxml2 do, with one exception: where the end of a comment, script, style or
drawing never comes, only its beginning goes and the page stays. Source: https://html.spec.whatwg.org/#tokenization
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

MAX_JSON_LD_CHARS = 1_000_000
MAX_JSON_LD_SCRIPTS = 60
MAX_PIECES = 300_000
"""Scripts, comments and the like that are looked at; the largest of 718 news pages has 2,060."""
MAX_TAG_CHARS = 8_192
MAX_ATTRIBUTES = 200
_FEW_TAG_CHARS = 1_024
# Of a character in UTF-8.
_MOST_BYTES = 4

# A name goes on with any other character: "<style-guide>" and "<scripté>" are no styles and scripts.
_NAME_ENDS = rb"(?=[\s/>]|\Z)"
_DROPPED = (b"script", b"style", b"svg", b"noembed", b"noframes")
# What looks like a tag or a comment in these is text.
_PLAIN_TEXT = (b"title", b"textarea", b"iframe", b"xmp")
_NOTED = re.compile(
    rb"<(?=[!stinx])(!--|(?:s(?:cript|tyle|vg)|t(?:itle|extarea)|iframe|no(?:embed|frames)|xmp)" + _NAME_ENDS + rb")", re.IGNORECASE
)
# Real pages hold "</script" without ">"; a pattern that asks for it swallows the body up to the next script.
_CLOSING = {name: re.compile(rb"</" + name + rb"(?=[\s/<>]|\Z)[^<>]{0,50}>?", re.IGNORECASE) for name in _DROPPED + _PLAIN_TEXT}
# "<!--!>" and "<!---!>" are no whole comments, unlike "<!-->".
_COMMENT_END = re.compile(rb"--(?:>|(?<!<!--)(?<!<!---)!>)")
_SCRIPT_TOKEN = re.compile(rb"<!--(?!-*+>)|-->|<(/?)script(?=[\s/>])", re.IGNORECASE)
_DRAWING_TOKEN = re.compile(
    rb"<(?:(/?)svg|(/?)(?:foreignobject|desc|title)|(b|big|blockquote|body|br|center|code|d[dlt]|div|em|embed|h[1-6]|head|hr|i|img|li|"
    rb"listing|menu|meta|nobr|ol|p|pre|ruby|s|small|span|strong|strike|su[bp]|table|tt|ul?|var))(?=[\s/>])",
    re.IGNORECASE,
)
_OPEN_TAG = re.compile(rb"<[a-zA-Z/!?]")
# A quoted value that is still open.
_OPEN_VALUE = re.compile(rb"<[a-zA-Z](?:[^=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|(?![\"'])))*+=\s*+([\"'])")
# The quoted values of these tags hold no "<": a quote that is not closed would take the page.
_REST_OF_TAG = re.compile(rb"[^>=]*+(?:=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|)[^>=]*+)*+>")
# A tag as the parser sees it: ">" inside a quoted value does not end it. Possessive, so each character is read once.
_TAG = re.compile(rb"<([a-zA-Z][\w:-]{0,40}+)[^>=]*+(?:=\s*+(?:\"[^\"]*+\"|'[^']*+'|)[^>=]*+)*+>?")
_QUOTED = re.compile("\"[^\"]*+\"|'[^']*+'")
_CONTROLS = bytes((*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F))
_FORM_FEED_TO_SPACE = bytes.maketrans(b"\f", b" ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Prescan:
    """What is left to parse, as UTF-8, and the JSON-LD scripts that were on the page, in page order."""

    html: bytes = field(repr=False)
    json_ld: tuple[str, ...] = field(default=(), repr=False)
    is_whole: bool = True
    """False if the page has more than MAX_PIECES: what lies behind them is missing."""


def prescan(html: bytes) -> Prescan:
    """Return a page in UTF-8 without scripts, styles, drawings, comments and control characters; JSON-LD kept aside.

    Linear in the page's length: every search for an end that fails is made once.
    """
    scanned = _scan(html)
    cleaned = scanned.html.translate(_FORM_FEED_TO_SPACE, _CONTROLS)
    if len(cleaned) == len(scanned.html):
        return replace(scanned, html=_cap_tags(cleaned))
    # What the control characters parted may be a tag now, or the beginning of a comment.
    again = _scan(cleaned)
    json_ld = (*scanned.json_ld, *again.json_ld)[:MAX_JSON_LD_SCRIPTS]
    return Prescan(html=_cap_tags(again.html), json_ld=json_ld, is_whole=scanned.is_whole and again.is_whole)


def _scan(html: bytes) -> Prescan:
    kept: list[bytes] = []
    scripts: list[str] = []
    position = 0
    never_closed: set[bytes] = set()
    for _ in range(MAX_PIECES):
        if not (found := _NOTED.search(html, position)):
            break
        start, name = found.start(), found[1].lower()
        opened_before = html.rfind(b"<", position, start)
        # A tag that has had a ">" is taken to be over, for the sake of those that lack a quote.
        is_in_tag = opened_before >= 0 and html.find(b">", opened_before, start) < 0
        passed = _end_of_value(html, opened_before, start) if is_in_tag else 0
        if not passed and name in _PLAIN_TEXT:
            passed = closing.end() if (closing := _search_closing(html, name, found.end(), never_closed)) else found.end()
        if passed:
            kept.append(html[position:passed])
            position = passed
            continue
        kept.append(html[position:start])
        if is_in_tag:
            kept.append(_end_of_open_tag(html, opened_before, start))
        if name == b"!--":
            position = _end_of_comment(html, found, never_closed)
            continue
        tag = _REST_OF_TAG.match(html, found.end())
        if tag is None:
            position = len(html)
            break
        position = opened = tag.end()
        if name == b"svg" and tag[0].endswith(b"/>"):
            continue
        content_end, position = _end_of_dropped(html, name, opened, never_closed)
        if name == b"script" and content_end > opened and b"ld+json" in tag[0].lower() and len(scripts) < MAX_JSON_LD_SCRIPTS:
            script = html[opened : min(content_end, opened + _MOST_BYTES * MAX_JSON_LD_CHARS)]
            scripts.append(script.decode("utf-8", "ignore")[:MAX_JSON_LD_CHARS])
    else:
        return Prescan(html=b"".join(kept), json_ld=tuple(scripts), is_whole=False)
    kept.append(html[position:])
    return Prescan(html=b"".join(kept), json_ld=tuple(scripts))


def _end_of_value(html: bytes, tag: int, inside: int) -> int:
    """Return the end of the attribute's value in which a place of a tag lies; 0 if it lies in none that is closed."""
    opened = _OPEN_VALUE.match(html, tag, inside)
    return html.find(opened[1], inside) + 1 if opened else 0


def _end_of_open_tag(html: bytes, tag: int, inside: int) -> bytes:
    """Return what ends a tag that another begins in, as in ``<p <!-- x -->text``: else the text behind would be taken for attributes."""
    if tag == inside - 1:
        return b" "
    return b">" if _OPEN_TAG.match(html, tag) else b""


def _search_closing(html: bytes, name: bytes, start: int, never_closed: set[bytes]) -> re.Match[bytes] | None:
    if name in never_closed:
        return None
    closing = _CLOSING[name].search(html, start)
    if closing is None:
        never_closed.add(name)
    return closing


def _end_of_comment(html: bytes, found: re.Match[bytes], never_closed: set[bytes]) -> int:
    if b"!--" in never_closed:
        return found.end()
    # From the middle of the opening: "<!-->" is a whole comment.
    end = _COMMENT_END.search(html, found.start() + 2)
    if end is None:
        never_closed.add(b"!--")
        return found.end()
    return end.end()


def _end_of_dropped(html: bytes, name: bytes, start: int, never_closed: set[bytes]) -> tuple[int, int]:
    """Return the ends of the content and of the whole element, both ``start`` if it is never closed: the text behind it is the page's."""
    closing = _search_closing(html, name, start, never_closed)
    if closing is None:
        return start, start
    if name == b"script" and html.find(b"<!--", start, closing.start()) >= 0:
        closing = _end_of_commented(html, start, never_closed) or closing
    elif name == b"svg" and (breakout := _end_of_drawing(html, start, never_closed)):
        return breakout
    return closing.start(), closing.end()


def _end_of_commented(html: bytes, start: int, never_closed: set[bytes]) -> re.Match[bytes] | None:
    """Return the end tag of a script with a comment in it, where a script in the comment may end as well; None if there is none."""
    if b"<!--" in never_closed:
        return None
    in_comment = in_script = False
    for token in _SCRIPT_TOKEN.finditer(html, start):
        if token[1] is None:
            in_comment = token[0] == b"<!--"
            in_script = in_script and in_comment
        elif token[1] and not in_script:
            return _CLOSING[b"script"].match(html, token.start())
        else:
            in_script = in_comment and not token[1]
    never_closed.add(b"<!--")
    return None


def _end_of_drawing(html: bytes, start: int, never_closed: set[bytes]) -> tuple[int, int] | None:
    """Return the ends of a drawing with others in it, or where HTML that no drawing may hold ends it; None if neither comes."""
    if b"<svg" in never_closed:
        return None
    depth, in_html = 1, False
    for token in _DRAWING_TOKEN.finditer(html, start):
        ends_svg, ends_html, breakout = token.groups()
        if ends_svg is not None:
            depth += -1 if ends_svg else 1
            if not depth and (closing := _CLOSING[b"svg"].match(html, token.start())):
                return closing.start(), closing.end()
        elif ends_html is not None:
            in_html = not ends_html
        elif breakout and not in_html:
            return token.start(), token.start()
    never_closed.add(b"<svg")
    return None


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
