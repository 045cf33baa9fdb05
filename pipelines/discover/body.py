"""What came over the wire: unpack it, say what it is, bring it into UTF-8. All of it linear in the size of the body."""

from __future__ import annotations

import codecs
import re
import zlib

MIB = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_LAYERS = 2  # "sitemap.xml.gz" sent with another Content-Encoding on top
_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,300}\?>")
_DECLARED_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#([xX][0-9A-Fa-f]++|[0-9]++);?(?:&#([xX][dD][c-fC-F][0-9A-Fa-f]{2}|5[67][0-9]{3});)?")
_SPACE = re.compile(rb"\s*+")
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_KNOWN_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(?:rss|feed|RDF|urlset|sitemapindex)[\s>]")
# Names under which older sites declare what browsers read as something wider. Source: WHATWG Encoding Standard, section 4.2.
_WIDER = {
    "iso-8859-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FEED_ROOTS = {"rss", "feed", "RDF"}


def unpack(body: bytes, *, max_bytes: int) -> tuple[bytes, tuple[str, ...]]:
    """Return a body without gzip, at most max_bytes of it, and what was wrong: broken off, or longer than that.

    Known by its first bytes, not by header or name: servers forget to say it. Never holds more than max_bytes of output.
    """
    problems: list[str] = []
    for _ in range(_MAX_LAYERS):
        if not body.startswith(_GZIP_MAGIC):
            break
        body, is_whole = _gunzip(body, max_bytes=max_bytes + 1)
        if not is_whole and len(body) <= max_bytes:
            problems.append("the gzip data break off")
    if len(body) > max_bytes:
        problems.append(f"longer than {max_bytes // MIB} MiB, the rest was not read")
    return body[:max_bytes], tuple(problems)


def _gunzip(packed: bytes, *, max_bytes: int) -> tuple[bytes, bool]:
    """Return at most max_bytes and whether that is all; several gzip members in a row are one file."""
    pieces: list[bytes] = []
    room = max_bytes
    while packed.startswith(_GZIP_MAGIC) and room > 0:
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            piece = member.decompress(packed, room)
        except zlib.error:
            return b"".join(pieces), False
        pieces.append(piece)
        room -= len(piece)
        if not member.eof:
            return b"".join(pieces), False
        packed = member.unused_data
    return b"".join(pieces), room > 0


def to_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """Return an XML or text body in UTF-8 without byte order mark and XML declaration.

    What decodes as UTF-8 is UTF-8, whatever header and declaration say: they are wrong more often than other bytes are valid
    UTF-8 by chance. Else the header's charset, the declared one, windows-1252; bytes that fit nowhere become U+FFFD.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            body = body.decode(encoding, "replace").encode("utf-8", "replace").removeprefix(codecs.BOM_UTF8)
            return _DECLARATION.sub(b"", body, count=1) if _DECLARATION.match(body) else body
    declaration = _DECLARATION.match(body)
    rest = body[declaration.end() :] if declaration else body
    if _is_utf8(rest):
        return rest
    declared = _DECLARED_ENCODING.search(declaration.group()) if declaration else None
    charset = _CHARSET.search(content_type or "")
    said = [charset[1] if charset else None, declared[1].decode("ascii") if declared else None]
    return _decode_as_said(rest, said).encode("utf-8", "replace")


def html_to_utf8(body: bytes, encoding: str | None = None) -> bytes:
    """Return an HTML body in UTF-8, by the same rules; the page says its encoding in a ``<meta>`` near its start."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").encode("utf-8", "replace").removeprefix(codecs.BOM_UTF8)
    if _is_utf8(body):
        return body
    declared = _META_CHARSET.search(body[:4096])
    return _decode_as_said(body, [encoding, declared[1].decode("ascii") if declared else None]).encode("utf-8", "replace")


def _is_utf8(body: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        # In pieces, because the whole as text would take up to four times its size.
        for start in range(0, len(body), MIB):
            decoder.decode(body[start : start + MIB])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decode_as_said(body: bytes, charsets: list[str | None]) -> str:
    said = [charset for charset in charsets if charset]
    # One bad byte must not turn a UTF-8 file into windows-1252, so what says UTF-8 is read with replacement.
    for name in said:
        encoding = _WIDER.get(name.lower(), name.lower())
        try:
            return body.decode(encoding, "replace" if codecs.lookup(encoding).name == "utf-8" else "strict")
        except (LookupError, UnicodeDecodeError, AssertionError, TypeError):
            continue
    return body.decode("utf-8" if not said and _is_mostly_utf8(body) else "cp1252", "replace")


def _is_mostly_utf8(body: bytes) -> bool:
    sample = body[: 256 * 1024]
    bad = sample.decode("utf-8", "replace").count("\ufffd")
    return bad * 20 < sum(byte >= 0x80 for byte in sample)


def repair_references(body: bytes) -> bytes:
    """Return XML with references to impossible characters replaced: one would end the file, or feedparser.

    An emoji written as two halves of a UTF-16 pair (``&#55357;&#56832;``, an old WordPress habit) becomes one; the rest U+FFFD.
    """
    return _REFERENCE.sub(_repair_reference, body)


def _repair_reference(match: re.Match[bytes]) -> bytes:
    codes = [_code_point(digits) for digits in match.groups() if digits]
    if len(codes) == 2:
        high, low = codes
        if 0xD800 <= high < 0xDC00 <= low < 0xE000:
            return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return b"".join(b"&#%d;" % (code if _is_xml_character(code) else 0xFFFD) for code in codes)


def _code_point(digits: bytes) -> int:
    if len(digits) > 12:
        return -1
    return int(digits[1:], 16) if digits[:1] in b"xX" else int(digits)


def _is_xml_character(code: int) -> bool:
    return code in (0x09, 0x0A, 0x0D) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000


def trim_to_root(body: bytes) -> bytes:
    """Return a UTF-8 body from its feed or sitemap element on when something that is no XML stands before it, such as a PHP warning."""
    if root_name(body) in {*_FEED_ROOTS, "urlset", "sitemapindex", "html"}:
        return body
    match = _KNOWN_ROOT.search(body, 0, 8192)
    return body[match.start() :] if match else body


def root_name(body: bytes) -> str:
    """Return the local name of the first element of a UTF-8 body, "html" for an HTML doctype, "" if it is no markup."""
    at = 0
    while True:
        at = _SPACE.match(body, at).end()  # type: ignore[union-attr]
        if body.startswith(b"<!--", at):
            end, length = body.find(b"-->", at), 3
        elif body.startswith(b"<?", at):
            end, length = body.find(b"?>", at), 2
        elif body[at : at + 9].upper() == b"<!DOCTYPE":
            if body[at + 9 : at + 40].split()[:1] in ([b"html"], [b"html>"], [b"HTML"], [b"HTML>"]):
                return "html"
            end, length = _end_of_doctype(body, at), 1
        else:
            match = _ROOT.match(body, at)
            name = match[1].decode("utf-8", "replace") if match else ""
            return name.lower() if name.lower() in ("html", "head", "body", "rss") else name
        if end < 0:
            return ""
        at = end + length


def _end_of_doctype(body: bytes, at: int) -> int:
    close, subset = body.find(b">", at), body.find(b"[", at)
    if 0 <= subset < close:
        return body.find(b">", max(body.find(b"]", subset), subset))
    return close


def describe(body: bytes) -> str:
    """Return what a UTF-8 body is, as words for a message: "an HTML page", "a sitemap", "nothing", …"""
    start = body[:512].lstrip()
    name = root_name(body)
    if not start:
        return "nothing (an empty body)"
    if name in _FEED_ROOTS:
        return "a feed"
    if name in ("urlset", "sitemapindex"):
        return "a sitemap"
    if name in ("html", "head", "body") or name.lower() in ("div", "script", "meta", "p", "title", "h1", "table"):
        return "an HTML page"
    if name:
        return f"XML with the root <{name[:40]}>"
    if start[:1] in b"{[":
        return "JSON"
    if b"\0" in start or start[:4] in (b"%PDF", b"\x89PNG", b"PK\x03\x04", b"GIF8"):
        return "binary data"
    return f"text that starts with {start[:40].decode('utf-8', 'replace')!r}"


def is_feed(body: bytes) -> bool:
    """Say whether a UTF-8 body is RSS, RDF or Atom by its first element."""
    return root_name(body) in _FEED_ROOTS
