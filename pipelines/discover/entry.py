"""One entry of the catalogue: every field checked, every mistake put in words."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pipelines.records import Source, SourceKind
from pipelines.urls import absolute_url, ascii_host, is_ip_address

MAX_DELAY_SECONDS = 3600.0
_KINDS: tuple[str, ...] = get_args(SourceKind)
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
# language, script, region and variants of BCP 47 (RFC 5646, section 2.1), without extensions and private use.
_LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-[A-Z][a-z]{3})?(?:-(?P<region>[A-Z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*\Z"
)


class _Wrong(Exception):
    """The value of a field, or of one place in its list, is not what it must be."""


def read_entry(entry: Any) -> tuple[Source | None, list[str]]:
    """Return the source that a ``[[source]]`` table describes, or None, and what is wrong with it: "field must be …, got …"."""
    if not isinstance(entry, Mapping):
        return None, [f"must be a table, got {_show(entry)}"]
    problems: list[str] = []
    values: dict[str, Any] = {}
    for field in (field for field in entry if field not in _FIELDS):
        near = get_close_matches(field.lower(), _FIELDS, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}?" if near else f"fields are {', '.join(_FIELDS)}"
        problems.append(f"unknown field {field!r}, {hint}")
    for field, check in _FIELDS.items():
        if field in entry:
            try:
                values[field] = check(field, entry[field])
            except _Wrong as error:
                problems.append(str(error))
        elif field in _REQUIRED:
            problems.append(f"{field} is missing; {_REQUIRED[field]}")
    is_complete = entry.keys() <= _FIELDS.keys()  # else the misspelt field may be the one
    if is_complete and entry.get("enabled") is not False and not any(entry.get(field) for field in ("feeds", "sitemaps", "sections")):
        problems.append("expected at least one of feeds, sitemaps and sections, found none")
    return (None if problems else Source(**values)), problems


def _string(field: str, value: Any, expected: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{field} must be {expected}, got {_show(value)}")
    return value


def _name(field: str, value: Any) -> str:
    expected = "lower-case letters, digits and single hyphens, such as 'daily-gazette'"
    if not _NAME.match(_string(field, value, expected)) or len(value) > 64:
        raise _Wrong(f"{field} must be {expected}, got {_show(value)}")
    return str(value)


def _kind(field: str, value: Any) -> str:
    if value not in _KINDS:
        raise _Wrong(f"{field} must be {', '.join(map(repr, _KINDS[:-1]))} or {_KINDS[-1]!r}, got {_show(value)}")
    return str(value)


def _url(field: str, value: Any) -> str:
    if not isinstance(value, str) or (url := absolute_url(value)) is None or any(map(str.isspace, url)):
        raise _Wrong(f"{field} must be an http(s) URL, got {_show(value)}")
    return url


def _language(field: str, value: Any) -> str:
    expected = "a BCP 47 language tag such as 'en', 'pt-BR' or 'zh-Hant'"
    if not is_language(_string(field, value, expected)):
        hint = _instead("language_instead").get(value.partition("-")[0].lower())
        raise _Wrong(f"{field} must be {expected}, got {_show(value)}" + (f"; did you mean {hint!r}?" if hint else ""))
    return str(value)


def _is_known_language(language: str, region: str | None) -> bool:
    is_region = region is None or region.isdigit() or region in _codes("countries")
    return is_region and (len(language) == 3 or language in _codes("languages"))


def is_language(tag: str) -> bool:
    """Say whether a BCP 47 tag is one that an entry may have."""
    match = _LANGUAGE.match(tag)
    return match is not None and _is_known_language(match["language"], match["region"])


def is_country(code: str) -> bool:
    """Say whether a code is one of ISO 3166-1 alpha-2, or XK."""
    return code in _codes("countries")


def _country(field: str, value: Any) -> str:
    expected = "an ISO 3166-1 alpha-2 code such as 'DE'"
    if _string(field, value, expected) not in _codes("countries"):
        hint = _instead("country_instead").get(value.upper()) or (value.upper() if value.upper() in _codes("countries") else None)
        raise _Wrong(f"{field} must be {expected}, got {_show(value)}" + (f"; did you mean {hint!r}?" if hint else ""))
    return str(value)


def _pattern(field: str, value: Any) -> str:
    _string(field, value, "a regular expression")
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise _Wrong(f"{field} must be a regular expression, got {_show(value)}: {error}") from error
    return str(value)


def _domain(field: str, value: Any) -> str:
    host = ascii_host(value) if isinstance(value, str) else None
    if host is None or ("." not in host and not is_ip_address(host)):
        raise _Wrong(f"{field} must be a domain such as 'example.org', without scheme and path, got {_show(value)}")
    return host.removeprefix("www.")


def _list_of(check: Callable[[str, Any], str]) -> Callable[[str, Any], tuple[str, ...]]:
    def check_list(field: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise _Wrong(f"{field} must be a list of strings, got {_show(value)}")
        checked: list[str] = []
        wrong: list[str] = []
        for index, item in enumerate(value):
            try:
                checked.append(check(f"{field}[{index}]", item))
            except _Wrong as error:
                wrong.append(str(error))
        wrong += [f"{field}[{index}] repeats {item!r}" for index, item in enumerate(checked) if item in checked[:index]]
        if wrong:
            raise _Wrong("; ".join(wrong))
        return tuple(checked)

    return check_list


def _number(field: str, value: Any, *, at_least: float, at_most: float, above: bool) -> float:
    expected = f"a number {'above' if above else 'from'} {at_least:g} {'and at most' if above else 'to'} {at_most:g}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or value > at_most or value < at_least or (above and value == at_least):
        raise _Wrong(f"{field} must be {expected}, got {_show(value)}")
    return float(value)


def _delay(field: str, value: Any) -> float:
    return _number(field, value, at_least=0, at_most=MAX_DELAY_SECONDS, above=False)


def _age(field: str, value: Any) -> float:
    return _number(field, value, at_least=0, at_most=36525, above=True)


def _boolean(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"{field} must be true or false, got {_show(value)}")
    return value


def _note(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{field} must be a text, got {_show(value)}")
    return " ".join(value.split())


_FIELDS: dict[str, Callable[[str, Any], Any]] = {
    "name": _name,
    "kind": _kind,
    "home": _url,
    "language": _language,
    "country": _country,
    "feeds": _list_of(_url),
    "sitemaps": _list_of(_url),
    "sections": _list_of(_url),
    "article_urls": _list_of(_pattern),
    "allow_domains": _list_of(_domain),
    "delay_seconds": _delay,
    "max_age_days": _age,
    "enabled": _boolean,
    "note": _note,
}
_REQUIRED = {
    "name": "expected our name for the source, such as name = 'daily-gazette'",
    "kind": f"expected one of {', '.join(map(repr, _KINDS))}",
    "home": "expected the site's address, such as home = 'https://www.example.org/'",
}


def _show(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "codes.toml").read_text(encoding="utf-8"))


@cache
def _codes(name: str) -> frozenset[str]:
    return frozenset(_tables()[name].split())


def _instead(name: str) -> dict[str, str]:
    table: dict[str, str] = _tables()[name]
    return table
