"""What a page says about its article besides text, title, dates and people: language, section, tags, and what may be done with it."""

from __future__ import annotations

import re

from pipelines.extract.json_ld import plain, strings_of
from pipelines.records import ParsedPage
from pipelines.text import clean_text

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
    """Return the section as the outlet names it, None if it does not."""
    for value in (
        parsed.article_ld.get("articleSection"),
        parsed.meta.get("article:section"),
        parsed.meta.get("section"),
        parsed.meta.get("parsely-section"),
    ):
        if (section := plain(value, max_chars=100)) and not section.startswith("http"):
            return section
    return None


def find_tags(parsed: ParsedPage) -> tuple[str, ...]:
    """Return the outlet's keywords, each once, at most MAX_TAGS."""
    keywords = strings_of(parsed.article_ld.get("keywords"), limit=MAX_TAGS)
    if not keywords:
        keywords = [
            element.get("content") or "" for element in parsed.tree.iter("meta") if (element.get("property") or "").lower() == "article:tag"
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
    """Return the publisher's own ``isAccessibleForFree``, None when silent."""
    value = parsed.article_ld.get("isAccessibleForFree", parsed.article_ld.get("isAccessibleForfree"))
    if value is None:
        tier = parsed.meta.get("article:content_tier", "").lower()
        return {"free": True, "locked": False, "metered": False}.get(tier)
    if isinstance(value, bool):
        return value
    text = plain(value) or ""
    return _YES_NO.get(text.lower().rsplit("/", 1)[-1])


def find_tdm_reserved(parsed: ParsedPage) -> bool | None:
    """Return whether text and data mining is reserved by ``<meta name=tdm-reservation>`` (W3C TDMRep), None when silent."""
    return _YES_NO.get(parsed.meta.get("tdm-reservation", "").strip())
