"""What a page says about its article besides text, title, dates and people: language, section, tags, and what may be done with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from pipelines.extract.json_ld import plain, strings_of
from pipelines.extract.site_names import site_names
from pipelines.records import ParsedPage
from pipelines.text import clean_text
from pipelines.urls import absolute_url, clean_url

MAX_TAGS = 50
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?(?![a-z])", re.IGNORECASE)
# Codes that people write for a language that has another one.  Source: IANA subtag registry; "cz", "jp" and the like are countries.
_CORRECTED = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "cz": "cs",
    "jp": "ja",
    "gr": "el",
    "dk": "da",
    "ua": "uk",
    "kr": "ko",
    "cn": "zh",
    "se": "sv",
}
_SECTION_META = ("article:section", "og:article:section", "og:section", "articlesection", "section", "parsely-section")
_TIERS = {"free": True, "locked": False, "metered": False}
# "adv:premium", "cxenseparse:isPremium", "site:paywall": yes or no.
_PREMIUM = re.compile(r"(?:^|[:_.-])(?:is[_-]?)?(?:premium|paywall|paywalled)$")
_NO_AI = re.compile(r"\bno(?:image)?ai\b", re.IGNORECASE)
# What the first step of a breadcrumb is called where it has no URL.
_HOME = frozenset(
    "home homepage start startseite accueil inicio início anasayfa forside forsiden hem etusivu главная ホーム トップ 首页 首頁".split()
)
MAX_STEPS = 10
_YES_NO = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def find_language(parsed: ParsedPage) -> str | None:
    """Return the article's language as BCP 47 ("de-AT", "zh-Hant-TW"), as stated by JSON-LD, ``<html lang>`` or Open Graph; None if unstated."""
    declared = (
        plain(parsed.article_ld.get("inLanguage")),
        parsed.tree.get("lang") or parsed.tree.get("{http://www.w3.org/XML/1998/namespace}lang") or parsed.tree.get("xml:lang"),
        parsed.meta.get("og:locale"),
        parsed.meta.get("content-language"),
        parsed.meta.get("language"),
        parsed.meta.get("dc.language"),
    )
    return next((tag for value in declared if value and (tag := normalize_language(value))), None)


def normalize_language(value: str) -> str | None:
    """Return a language tag in its usual spelling ("pt_br" as "pt-BR"), None if it is none; names of languages are not guessed."""
    match = _LANGUAGE.match(value.strip())
    if not match:
        return None
    language, script, region = match.groups()
    parts = [_CORRECTED.get(language.lower(), language.lower()) if not region else language.lower()]
    return "-".join(parts + ([script.title()] if script else []) + ([region.upper()] if region else []))


def find_section(parsed: ParsedPage) -> str | None:
    """Return the section as the outlet names it, in metadata or else as the first step of its breadcrumb; None if it does not."""
    stated = (parsed.article_ld.get("articleSection"), *(parsed.meta.get(key) for key in _SECTION_META))
    return _first_section(stated) or _first_section(_breadcrumb(parsed)[:1])


def _first_section(values: Iterable[object]) -> str | None:
    sections = (plain(value, max_chars=100) for value in values)
    return next((section for section in sections if section and not section.startswith("http")), None)


def find_tags(parsed: ParsedPage) -> tuple[str, ...]:
    """Return the outlet's keywords, each once, at most MAX_TAGS."""
    keywords = strings_of(parsed.article_ld.get("keywords"), limit=MAX_TAGS)
    if not keywords:
        keywords = [
            element.get("content") or "" for element in parsed.elements("meta") if (element.get("property") or "").lower() == "article:tag"
        ]
    if not keywords:
        keywords = [parsed.meta[key] for key in ("news_keywords", "keywords", "parsely-tags") if key in parsed.meta][:1]
    tags: dict[str, str] = {}
    for value in keywords:
        for part in re.split(r"[,;|]", value[:5_000]):
            tag = clean_text(part)
            if 1 < len(tag) <= 60 and not tag.startswith("http"):
                tags.setdefault(tag.casefold(), tag)
    return tuple(tags.values())[:MAX_TAGS]


def find_is_free(parsed: ParsedPage) -> bool | None:
    """Return whether everybody may read the article, as the publisher says: isAccessibleForFree, the content tier, a premium mark; None when silent."""
    stated = [value for key, value in parsed.article_ld.items() if isinstance(key, str) and key.lower() == "isaccessibleforfree"]
    stated.append(parsed.meta.get("isaccessibleforfree"))
    for value in stated:
        if (is_free := _yes_or_no(value)) is not None:
            return is_free
    for key in ("article:content_tier", "og:article:content_tier", "article_content_tier"):
        if (is_free := _TIERS.get(parsed.meta.get(key, "").lower())) is not None:
            return is_free
    for key, content in parsed.meta.items():
        if _PREMIUM.search(key) and (is_premium := _yes_or_no(content)) is not None:
            return not is_premium
    return None


def find_tdm_reserved(parsed: ParsedPage) -> bool | None:
    """Return whether text and data mining is reserved: ``<meta name=tdm-reservation>`` (W3C TDMRep), or robots "noai"; None when silent."""
    reserved = _YES_NO.get(parsed.meta.get("tdm-reservation", "").strip().lower())
    if reserved is None and _NO_AI.search(parsed.meta.get("robots", "")):
        return True
    return reserved


def _yes_or_no(value: object) -> bool | None:
    """A truth value as a bool, a word, a number or a schema.org URL; None for anything else."""
    if isinstance(value, bool):
        return value
    return _YES_NO.get((plain(value, max_chars=100) or "").lower().rsplit("/", 1)[-1])


def _breadcrumb(parsed: ParsedPage) -> list[str]:
    """The names of the steps of the page's first breadcrumb, without the home page and the article itself."""
    steps = next((item.get("itemListElement") for item in parsed.json_ld if "BreadcrumbList" in strings_of(item.get("@type"))), None)
    if not isinstance(steps, list):
        return []
    site = site_names(parsed)
    own = {clean_url(url) for url in (parsed.url, parsed.canonical_url) if url}
    headline = plain(parsed.article_ld.get("headline"))
    names: list[str] = []
    for step in steps[:MAX_STEPS]:
        name, target = _step(step)
        url = absolute_url(target, parsed.url) if target else None
        is_end = url is not None and (clean_url(url) in own or not urlsplit(url).path.strip("/"))
        if (
            name
            and not is_end
            and name != headline
            and name.lower() not in _HOME
            and not site.is_name(name)
            and not name.startswith("http")
        ):
            names.append(name)
    return names


def _step(step: object) -> tuple[str | None, str | None]:
    """The name and URL of a ListItem, whose item may be a URL or an object with either."""
    if not isinstance(step, Mapping):
        return None, None
    target = step.get("item")
    if isinstance(target, Mapping):
        return plain(step.get("name")) or plain(target.get("name")), plain(target.get("@id") or target.get("url"))
    return plain(step.get("name")), target if isinstance(target, str) else None
