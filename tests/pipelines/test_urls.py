"""URLs: what may be requested, under which form a page is known, and what belongs to which site."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.urls import (
    absolute_url,
    ascii_host,
    clean_url,
    host_of,
    identity_url,
    is_ip_address,
    is_same_site,
    registrable_domain,
)


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        pytest.param("https://a.example/story?utm_source=x&utm_medium=y", "https://a.example/story", id="utm"),
        pytest.param("https://a.example/story?id=3&fbclid=abc&gclid=d", "https://a.example/story?id=3", id="click ids"),
        pytest.param("https://a.example/story?yclid=1234567890&id=3", "https://a.example/story?id=3", id="click id of digits"),
        pytest.param("https://a.example/story?%75tm_source=x", "https://a.example/story", id="escaped name"),
        pytest.param("https://a.example/story?smid=tw-share&cmpid=rss&at_medium=RSS", "https://a.example/story", id="newspapers' own"),
        pytest.param("https://a.example/story?xtor=RSS-3208&outputType=amp", "https://a.example/story", id="analytics and AMP"),
        pytest.param("https://a.example/story;jsessionid=0A1B?id=3", "https://a.example/story?id=3", id="session in the path"),
        pytest.param("https://a.example/story#comments", "https://a.example/story", id="fragment"),
        pytest.param("https://a.example/story?id=3#utm_source=x", "https://a.example/story?id=3", id="fragment after a query"),
        pytest.param("HTTPS://WWW.A.Example/Story", "https://www.a.example/Story", id="case of scheme and host, not of path"),
        pytest.param("http://a.example:80/story", "http://a.example/story", id="default port of http"),
        pytest.param("https://a.example:443/story", "https://a.example/story", id="default port of https"),
        pytest.param("https://a.example:/story", "https://a.example/story", id="empty port"),
        pytest.param("https://a.example./story", "https://a.example/story", id="closing dot of the host"),
        pytest.param("https://a.example", "https://a.example/", id="no path"),
        pytest.param("https://a.example?p=1", "https://a.example/?p=1", id="query without a path"),
        pytest.param("https://a.example/?", "https://a.example/", id="empty query"),
        pytest.param("https://a.example/story?&&a=1&", "https://a.example/story?a=1", id="empty pairs"),
        pytest.param("https://a.example/story?a=1&amp;b=2", "https://a.example/story?a=1&b=2", id="escaped ampersand"),
        pytest.param("https://münchen.example/ä?q=ü", "https://xn--mnchen-3ya.example/%C3%A4?q=%C3%BC", id="letters beyond ASCII"),
        pytest.param("https://a.example/%c3%a4%7Eb", "https://a.example/%C3%A4~b", id="escapes"),
        pytest.param("https://a.example/b c", "https://a.example/b%20c", id="space"),
        pytest.param("https://a.example/100%", "https://a.example/100%25", id="lone percent sign"),
        pytest.param("https://a.example/x/../y//z/./", "https://a.example/y/z/", id="dots and double slashes"),
        pytest.param("http://[2001:DB8::1]:80/story", "http://[2001:db8::1]/story", id="IPv6"),
        pytest.param(" \nhttps://a.example/st\tory\n", "https://a.example/story", id="white space in and around"),
    ],
)
def test_spellings_of_one_address_become_one(url: str, cleaned: str) -> None:
    """What says how a reader came, and what spells the same thing otherwise, goes."""
    assert clean_url(url) == cleaned


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://a.example/?12345", id="number as query"),
        pytest.param("https://a.example/story?id=", id="blank parameter"),
        pytest.param("https://a.example/story?id", id="name without value"),
        pytest.param("https://a.example/story?cid=12345", id="number under a name that may be tracking"),
        pytest.param("https://a.example/story?b=2&a=1&b=3", id="order and repeats"),
        pytest.param("https://a.example/story?q=a+b%20c", id="plus and escaped space"),
        pytest.param("https://a.example/story/", id="closing slash"),
        pytest.param("https://a.example:8080/story", id="other port"),
        pytest.param("https://a.example/a%2Fb", id="escaped slash"),
        pytest.param("https://a.example/story,artikel-12,3.html(x)", id="signs that a path may have"),
        pytest.param("https://a.example/share/https://b.example/one", id="address in the path"),
        pytest.param("https://www.a.example/story", id="www"),
        pytest.param("http://a.example/story", id="http"),
    ],
)
def test_what_names_the_article_stays(url: str) -> None:
    """Two articles under one address would be one article lost."""
    assert clean_url(url) == url


def test_addresses_in_a_path_stay_apart() -> None:
    """Also with braces and quotes in it."""
    urls = [f"https://a.example/{middle}/{end}" for middle in ("go/https://b.example", "{x}", 'a"b') for end in ("one", "two")]
    assert len({clean_url(url) for url in urls}) == len(urls)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("mailto:desk@a.example", id="mail"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("/story", id="relative"),
        pytest.param("//a.example/story", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///story", id="empty host"),
        pytest.param("https://user:secret@a.example/", id="password"),
        pytest.param("https://a.example@b.example/", id="user that looks like a host"),
        pytest.param("https://a.example\\@b.example/", id="backslash and user"),
        pytest.param("https://@a.example/", id="empty user"),
        pytest.param("https://a.example:99999/", id="port too large"),
        pytest.param("https://a.example:x/", id="port in words"),
        pytest.param("https://[::1/", id="broken IPv6"),
        pytest.param("https://[not-an-address]/", id="brackets around a name"),
        pytest.param("https://a b.example/", id="space in the host"),
        pytest.param("https://a..example/", id="empty label"),
        pytest.param("https://./", id="only a dot"),
        pytest.param("https://a.example/\ud800", id="lone surrogate"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_web_address_is_none(url: str) -> None:
    """Neither to be requested nor to be known by."""
    assert absolute_url(url) is None
    assert clean_url(url) is None


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        pytest.param("story?utm_source=x#top", "https://a.example/local/story?utm_source=x", id="parameters stay"),
        pytest.param("/story", "https://a.example/story", id="from the root"),
        pytest.param("?p=2", "https://a.example/local/?p=2", id="query only"),
        pytest.param("//b.example/story", "https://b.example/story", id="scheme of the base"),
        pytest.param("http://b.example/story", "http://b.example/story", id="absolute"),
        pytest.param("mailto:desk@a.example", None, id="other scheme"),
        pytest.param("http://[::1", None, id="broken"),
    ],
)
def test_links_become_absolute(url: str, absolute: str | None) -> None:
    """As a browser would request them, untouched but for the fragment."""
    assert absolute_url(url, "https://a.example/local/") == absolute


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(tail: str) -> None:
    """For whatever stands after the host, and for whatever stands alone."""
    for url in (f"https://a.example/{tail}", f"https://a.example/x?{tail}", f"https://{tail}", tail):
        if (cleaned := clean_url(url)) is not None:
            assert clean_url(cleaned) == cleaned


@given(st.text(alphabet="%./;:&=?#ampjsessionid25eE[]@\\ü~\x00 ", max_size=40))
def test_cleaning_twice_is_cleaning_once_for_nasty_signs(tail: str) -> None:
    """Escapes of escapes, dots, sessions in pieces."""
    for url in (f"https://a.example/{tail}", f"https://a.example/x?{tail}"):
        if (cleaned := clean_url(url)) is not None:
            assert clean_url(cleaned) == cleaned
            assert cleaned.isascii()


@pytest.mark.parametrize(
    ("host_or_url", "domain"),
    [
        pytest.param("https://www.bbc.co.uk/news", "bbc.co.uk", id="suffix of two labels"),
        pytest.param("news.example.com", "example.com", id="host"),
        pytest.param("EXAMPLE.com.", "example.com", id="case and closing dot"),
        pytest.param("wire.test", "wire.test", id="suffix that the list does not know"),
        pytest.param("http://127.0.0.1:8000/x", "127.0.0.1", id="IPv4"),
        pytest.param("http://[2001:db8::1]/x", "2001:db8::1", id="IPv6"),
        pytest.param("https://münchen.de/", "xn--mnchen-3ya.de", id="letters beyond ASCII"),
        pytest.param("https://www.xn--mnchen-3ya.de/", "xn--mnchen-3ya.de", id="ASCII form"),
        pytest.param("https://ici.radio-canada.ca/", "radio-canada.ca", id="hyphen"),
        pytest.param("localhost", "localhost", id="one label"),
    ],
)
def test_the_registrable_domain_is_what_its_owner_registered(host_or_url: str, domain: str) -> None:
    """By the public suffix list, without asking the network."""
    assert registrable_domain(host_or_url) == domain


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("https://www.a.example.com/x", "https://b.example.com/", True, id="two hosts of one domain"),
        pytest.param("https://a.co.uk/", "https://b.co.uk/", False, id="same suffix"),
        pytest.param("https://münchen.de/", "http://xn--mnchen-3ya.de/", True, id="two spellings"),
        pytest.param("https://127.0.0.1/", "https://127.0.0.2/", False, id="two addresses"),
        pytest.param("", "", False, id="nothing"),
    ],
)
def test_sites_are_the_same_by_registrable_domain(one: str, other: str, same: bool) -> None:
    """Nothing is on no site."""
    assert is_same_site(one, other) is same


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://www.Gazette.example:8080/x", "gazette.example", id="www, case and port"),
        pytest.param("https://www.de/x", "www.de", id="www is all there is"),
        pytest.param("https://wwwhat.example/", "wwwhat.example", id="only looks like www"),
        pytest.param("no url", "", id="no URL"),
        pytest.param("http://[::1", "", id="broken"),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    """Lower case, without www; empty if there is none."""
    assert host_of(url) == host


@given(st.text("aw-.:/@?#[0 \t\nÄ", max_size=12), st.sampled_from(["", "www.", "www.a", "a.example"]))
def test_the_host_is_that_of_the_standard_library(text: str, start: str) -> None:
    """Plain URLs are told from others without it, and no other is taken for one."""
    url = f"https://{start}{text}"
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        host = ""
    assert host_of(url) == (host if "." not in host.removeprefix("www.") else host.removeprefix("www."))


def test_hosts_are_compared_in_ascii() -> None:
    """And what no server can be called is None."""
    assert ascii_host("Zürich.example") == "xn--zrich-kva.example"
    assert ascii_host("2001:DB8::1") == "2001:db8::1"
    assert [ascii_host(host) for host in ("", "a b", "a/b", "a..b", "-." * 3, "ü" * 70, "::x")] == [None] * 7


@pytest.mark.parametrize(
    ("canonical", "identity"),
    [
        pytest.param("https://gazette.example/story", "https://gazette.example/story", id="same site"),
        pytest.param("https://www.gazette.example/?p=7", "https://www.gazette.example/?p=7", id="by query"),
        pytest.param("https://agency.example/story", None, id="another site says syndication"),
        pytest.param("https://www.gazette.example/", None, id="home page is a template's mistake"),
        pytest.param(None, None, id="none declared"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_identity_of_a_page_is_its_canonical_url_on_its_own_site(canonical: str | None, identity: str | None) -> None:
    """Else its own URL."""
    url = "https://www.gazette.example/story?page=all"
    assert identity_url(url, canonical) == (identity or url)


def test_a_home_page_may_be_its_own_canonical_url() -> None:
    """There the home page is no mistake."""
    assert identity_url("https://www.gazette.example/", "https://gazette.example/") == "https://gazette.example/"


def test_ip_addresses_are_recognised() -> None:
    """With and without brackets; names are none."""
    assert [is_ip_address(host) for host in ("127.0.0.1", "::1", "[::1]", "a.example", "1.2.3", "")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
