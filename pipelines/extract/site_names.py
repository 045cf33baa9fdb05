"""The names that a site gives itself, and how to take them off a title: "Rates rise - The Daily", "The Daily | Rates rise"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.extract.json_ld import strings_of
from pipelines.extract.page_blocks import text_key
from pipelines.records import ParsedPage
from pipelines.text import clean_text
from pipelines.urls import host_of

# A closing guillemet hangs on its word: only a free-standing one parts a title.
SEPARATOR = re.compile(r"\s+[|–—·»•:>-]+\s+|\s*[|•]\s*|(?<=\w)[:] ")
_ADDED = re.compile(r"[\s|–—·•-]+$|^[\s|–—·•-]+")
MAX_NAME_WORDS = 5


@dataclass(frozen=True, slots=True)
class SiteNames:
    """Names of one page's site as keys: letters and digits in lower case."""

    stated: frozenset[str]
    """What metadata call the site and its publisher."""
    hosts: frozenset[str]
    """The host and its labels: ``wwwdailyexample``, ``daily``."""

    def is_name(self, text: str) -> bool:
        """Say whether text is the name of the site or its host ("BBC News", "example.com") rather than a headline; so is no text."""
        key = text_key(text)
        if not key or key in self.stated or key in self.hosts:
            return True
        if len(text.split()) > MAX_NAME_WORDS:
            return False
        return any(len(name) > 3 and (key.startswith(name) or name == "the" + key) for name in self.stated)

    def is_department(self, name: str) -> bool:
        """Say whether a name opens with the host's in capitals: "XYZ SPORT" on xyz.example."""
        first = name.split(maxsplit=1)[0] if name.strip() else ""
        return len(first) > 2 and first.isupper() and first.lower() in self.hosts

    def cut(self, title: str) -> str:
        """Return title without the site's name at its start or end, where a sign parts them."""
        for _ in range(3):
            parts = list(SEPARATOR.finditer(title))
            if not parts:
                break
            first, last = parts[0], parts[-1]
            head, tail = title[: first.start()], title[last.end() :]
            if tail and self.is_name(tail) and title[: last.start()].strip():
                title = title[: last.start()].strip()
            elif head and self.is_name(head) and title[first.end() :].strip():
                title = title[first.end() :].strip()
            else:
                break
        return _ADDED.sub("", title)


def site_names(parsed: ParsedPage, *, also: Iterable[str] = ()) -> SiteNames:
    """Return the names of the page's site; also: further ones, such as a masthead."""
    named = [parsed.site_name or "", *strings_of(parsed.article_ld.get("publisher"), limit=3), *also]
    host = host_of(parsed.url)
    labels = (host, host.rsplit(".", 1)[0], *host.split(".")[:-1])
    return SiteNames(
        stated=frozenset(key for name in named if (key := text_key(clean_text(name[:200])))),
        hosts=frozenset(key for label in labels if len(label) > 2 and (key := text_key(label))),
    )
