"""Which outlet a text was taken from: source lines, canonical on another site, provider lines; and what only looks like it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from pipelines.attribute.agencies import agency_of_host, agency_of_name
from pipelines.attribute.line_sections import Line
from pipelines.attribute.lines import read_line
from pipelines.attribute.marks import Mark, Marks
from pipelines.attribute.outlets import bears_name, domain_of_outlet, is_known_outlet, is_own_brand, is_platform, name_key
from pipelines.records import Evidence
from pipelines.urls import registrable_domain

_CONFIDENCE = {
    "source_line": 0.95,
    "original_link": 0.9,
    "canonical": 0.9,
    "provider_line": 0.85,
    "is_based_on": 0.8,
    "original_source": 0.8,
    "taken_notice": 0.8,
    "copyright": 0.6,
    "source_label": 0.7,
    "data_label": 0.4,
}
_ARTICLE_SLUG = re.compile(r"(?:[^\W_]+-){2,}|\d{5,}")


def find_syndication(lines: Iterable[Line], marks: Marks) -> list[tuple[Evidence, str | None]]:
    """Return the evidence for ``syndicated_from``, surest first, each with the URL it gives; empty if the text is the page's own.

    Evidence under 0.5 is a hint that fills nothing.

    Agencies are never the answer, nor is the page's own brand; a sentence with nothing but a date names nobody.
    """
    found = [
        (_evidence(_domain_by_link(line.origin, marks), line.signal, line.text), _link_to(line.origin, marks))
        for line in lines
        if line.origin and _is_other_outlet(line.origin, marks)
    ]
    for mark in marks.origins:
        if mark.signal in ("source_line", "provider_line"):
            read = read_line(mark.text)
            if read is not None and read.origin and _is_other_outlet(read.origin, marks):
                found.append((_evidence(_domain_by_link(read.origin, marks), read.signal, mark.text), mark.url))
        elif mark.url is not None and (domain := _origin_of_url(mark, marks)):
            evidence = _evidence(domain, mark.signal, mark.text)
            # isBasedOn also names studies and data: alone it only speaks for outlets that we know.
            is_weak = mark.signal == "is_based_on" and not is_known_outlet(domain)
            if mark.signal == "canonical" and _looks_moved(mark.url, marks):
                evidence = replace(evidence, confidence=0.6)
            found.append((replace(evidence, confidence=0.4) if is_weak else evidence, mark.url))
    found.sort(key=lambda item: -item[0].confidence)
    return _without_repeats(found)


def _evidence(value: str, signal: str, words: str) -> Evidence:
    return Evidence(field="syndicated_from", value=value, signal=signal, evidence=words[:300], confidence=_CONFIDENCE.get(signal, 0.7))


def _is_other_outlet(origin: str, marks: Marks) -> bool:
    if agency_of_name(origin) or ("." in origin and agency_of_host(origin)):
        return False
    return not is_own_brand(origin, url=marks.url, brands=marks.brands) and not is_platform(origin)


def _domain_by_link(origin: str, marks: Marks) -> str:
    """An outlet known by name only is known by its domain if its source line links there: "Brackenmoor Echo" and brackenmoorecho.example."""
    if "." in origin:
        return origin
    for mark in marks.origins:
        domain = registrable_domain(mark.url) if mark.url and mark.signal == "source_line" else ""
        if domain and not is_platform(domain) and name_key(domain.partition(".")[0]) == name_key(origin):
            return domain
    return origin


def _link_to(origin: str, marks: Marks) -> str | None:
    for mark in marks.origins:
        if mark.url and (registrable_domain(mark.url) == origin or mark.signal == "source_line"):
            return mark.url
    return None


def _origin_of_url(mark: Mark, marks: Marks) -> str | None:
    """The domain of a canonical or origin URL, if it is an article of another outlet.

    Not: the own brand under another suffix or after a move, an agency, a platform, a section page. Another edition of the own brand is
    an origin only where the page sends its readers to the original there.
    """
    domain = registrable_domain(mark.url or "")
    if not domain or is_platform(domain) or agency_of_host(domain) or not _is_article_url(mark.url or ""):
        return None
    if mark.signal == "original_link":
        return domain if is_known_outlet(domain) or not is_own_brand(domain, url=marks.url, brands=marks.brands) else None
    if is_own_brand(domain, url=marks.url, brands=marks.brands):
        return None
    if registrable_domain(marks.url).partition(".")[0] == domain.partition(".")[0] or _is_site_move(mark.url or "", marks):
        return None
    return domain


def _is_article_url(url: str) -> bool:
    path = urlsplit(url).path
    return _ARTICLE_SLUG.search(path) is not None or path.strip("/").count("/") >= 3


def _looks_moved(url: str, marks: Marks) -> bool:
    """The same path on both sites, and the names that the page gives itself have nothing to do with its own domain.

    Sister outlets on one system share paths too, but their pages bear their own names.
    """
    here, there = urlsplit(marks.url), urlsplit(url)
    return (
        bool(marks.brands)
        and here.path.rstrip("/") == there.path.rstrip("/")
        and not any(bears_name(marks.url, brand) for brand in marks.brands)
    )


def _is_site_move(url: str, marks: Marks) -> bool:
    """The page calls itself by the name of the site it points to: the outlet has moved, or mirrors itself."""
    return any(domain_of_outlet(brand) == registrable_domain(url) for brand in marks.brands)


def _without_repeats(found: list[tuple[Evidence, str | None]]) -> list[tuple[Evidence, str | None]]:
    seen: set[tuple[str, str]] = set()
    kept = []
    for evidence, url in found:
        if (key := (evidence.value, evidence.signal)) not in seen:
            seen.add(key)
            kept.append((evidence, url))
    return kept
