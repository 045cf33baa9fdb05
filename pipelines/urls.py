"""URLs: cleaning, hosts, registrable domains, and which URL is an article's identity.

Which parameters are tracking is courlan's judgement, plus our own list of those that it leaves in. The rest of its cleaning is not
used: it cuts a path at an address, brace or quote inside it, and two articles under one URL are one article lost. Nothing here reads
the network: tldextract is kept to the public suffix list that it ships with.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, unquote_plus, urljoin, urlsplit, urlunsplit

import tldextract
from courlan.clean import clean_query

# Parameters that say how a reader came, never which article: seen on news sites, left in by courlan (checked against courlan 1.4.0).
TRACKING_PARAMETERS = frozenset(
    """
    at_campaign at_medium at_custom1 at_custom2 at_custom3 at_custom4 at_link_id at_link_type at_link_origin at_format at_ptr_name at_bbc_team
    cmp cmpid cmp_id icid ico ito ocid smid smtyp sr_share sh sref soc_src soc_trk taid tsmclid xtor ns_campaign ns_mchannel ns_source
    ns_linkname ns_fee wt_mc wtmc wt.mc_id wt_zmc wtrid traffic_source partner referrer ref_src ref_url feedtype feedname rss rssid fromrss
    source_rss __source __twitter_impression amp_js_v amp_gsa guccounter guce_referrer guce_referrer_sig yptr mod mc_cid mc_eid mkt_tok
    share shared sharetype shareid igshid igsh si spm vero_id oly_enc_id oly_anon_id ncid nr_email_referer email_hash cx_testid
    cx_testvariant cx_artpos link_id outputtype
    fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid yclid ysclid ttclid srsltid _hsenc _hsmi _openstat
    """.split()
)
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "ga_", "itm_", "at_")
_LINE_BREAKS = {ord(sign): None for sign in "\t\r\n"}
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;)+")
_SESSION_ID = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_SLASHES = re.compile(r"(?<!:)/{2,}")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
# RFC 3986, sections 2.3 and 3.3 to 3.4; the query also keeps what sites write in it unescaped.
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_CHARS = "/!$&'()*+,;=:@"
_QUERY_CHARS = _PATH_CHARS + "?[]|"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PLAIN_HOST = re.compile(r"https?://(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#]|\Z)")
_HOST = re.compile(r"(?=.*[a-z0-9])[a-z0-9_.-]{1,253}\Z")
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def absolute_url(url: str, base: str | None = None) -> str | None:
    """Return the absolute http(s) URL without its fragment, else untouched: what may be requested. None if it is no such URL.

    Spaces around it, and tabs and line breaks in it, vanish as in a browser. A user name, a host that no server can have, a port
    that is no number and lone surrogates make it None.
    """
    try:
        url = url.strip().translate(_LINE_BREAKS)
        url = (urljoin(base, url) if base else url).partition("#")[0]
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.username is not None or ascii_host(parts.hostname or "") is None:
            return None
        parts.port  # noqa: B018 - raises on a port that is no number
        url.encode()
    except ValueError:
        return None
    return url


@lru_cache(maxsize=16384)
def clean_url(url: str) -> str | None:
    """Return the URL by which a page is known: absolute, http(s), without fragment and tracking parameters; None if it is no such URL.

    Parameters that are not known to be tracking stay in their order, also without a value (``/story?12345``): they name the article.
    Spellings of one address become one (RFC 3986, section 6.2.2: case of scheme, host and escapes, needless escapes, dot segments,
    default port; hosts in their ASCII form), and two addresses never become one by cutting a part of the path.
    """
    if (absolute := absolute_url(url)) is None:
        return None
    bare, _, query = _ESCAPED_AMPERSAND.sub("&", absolute).partition("?")
    parts = urlsplit(bare)
    pairs = (_normalize_escapes(pair, safe=_QUERY_CHARS) for pair in query.split("&") if pair)
    kept = (pair for pair in pairs if not is_tracking_parameter(*_name_and_value(pair)))
    return urlunsplit((parts.scheme, _clean_netloc(parts), _clean_path(parts.path), "&".join(kept), ""))


def _clean_netloc(parts: SplitResult) -> str:
    host = ascii_host(parts.hostname or "") or ""
    netloc = f"[{host}]" if ":" in host else host
    return netloc if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{netloc}:{parts.port}"


def _clean_path(path: str) -> str:
    kept: list[str] = []
    segments = _SESSION_ID.sub("", _normalize_escapes(path, safe=_PATH_CHARS)).split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    # Not after a colon: an address inside the path ("/share/https://…") must stay one.
    return _SLASHES.sub("/", "/" + "/".join(kept))


def _normalize_escapes(text: str, *, safe: str) -> str:
    """Return text with every character escaped that must be and none that need not be, escapes in upper case."""
    quoted = quote(_LONE_PERCENT.sub("%25", text), safe=safe + "%")
    return _ESCAPE.sub(lambda escape: unescaped if (unescaped := chr(int(escape[1], 16))) in _UNRESERVED else escape[0].upper(), quoted)


def _name_and_value(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return unquote_plus(name), value


def is_tracking_parameter(name: str, value: str = "") -> bool:
    """Say whether a query parameter tells how a reader came rather than what is shown.

    Our list is sure. courlan's pattern is wide ("cid", "source", "uid"), so a number of three digits or more outweighs it: it may be an article's id.
    """
    if name.lower() in TRACKING_PARAMETERS or name.lower().startswith(_TRACKING_PREFIXES):
        return True
    return not (value.isdigit() and len(value) >= 3) and value != "" and not clean_query(f"{name}=x")


def host_of(url: str) -> str:
    """Return the lower-case host of a URL without a leading ``www.``; "" if there is none."""
    # A fifth of the time of urlsplit, which counts where every article is asked.
    if plain := _PLAIN_HOST.match(url):
        return plain[1]
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    bare = host.removeprefix("www.")
    return bare if "." in bare else host


def registrable_domain(host_or_url: str) -> str:
    """Return the domain under which its owner registered: ``bbc.co.uk`` for ``www.bbc.co.uk`` or a URL there.

    Names under a suffix that the list does not know count two labels, as the list's own rule ``*`` says; an IP address stays itself.
    Internationalised names come back in their ASCII form, so that both spellings compare equal.
    """
    return _domain_of_host(host_of(host_or_url) if "://" in host_or_url else host_or_url.lower().rstrip(".").removeprefix("www."))


@lru_cache(maxsize=65536)
def _domain_of_host(host: str) -> str:
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return host
    if is_ip_address(host):
        return host
    found = _suffixes(host)
    if found.domain and found.suffix:
        return f"{found.domain}.{found.suffix}"
    return ".".join(host.split(".")[-2:])


@lru_cache(maxsize=16384)
def ascii_host(host: str) -> str | None:
    """Return a host in lower case and ASCII (``xn--…``), without a closing dot; None if no server can be called so.

    A literal IPv6 address comes and goes without brackets.
    """
    host = host.lower().rstrip(".")
    if ":" in host:
        return host if is_ip_address(host) else None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    return host if _HOST.match(host) and ".." not in host else None


def is_ip_address(host: str) -> bool:
    """Say whether a host is a literal IPv4 or IPv6 address."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_same_site(one: str, other: str) -> bool:
    """Say whether two URLs or hosts belong to the same registrable domain."""
    return registrable_domain(one) == registrable_domain(other) != ""


def identity_url(url: str, canonical_url: str | None) -> str:
    """Return the URL that identifies a page: its declared canonical URL if that is on the same site, else its own.

    A canonical on another site says syndication, a bare home page is a template's mistake: neither is an identity.
    """
    if canonical_url and is_same_site(url, canonical_url):
        path = urlsplit(canonical_url).path
        if path.strip("/") or urlsplit(canonical_url).query or not urlsplit(url).path.strip("/"):
            return canonical_url
    return url
