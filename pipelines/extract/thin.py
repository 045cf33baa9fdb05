"""Why a page holds little or no text, where the page itself tells."""

from __future__ import annotations

from pipelines.extract.json_ld import strings_of
from pipelines.extract.page_blocks import Container, page_blocks
from pipelines.extract.signals import find_is_free
from pipelines.records import ParsedPage

# In a class of the block or of the two elements around it.
_WALL_NAMES = ("paywall", "piano", "subscription-required", "subscriber-only")
# A wall says what it asks for in more than a button.
_MIN_WALL_WORDS = 8


def explain_thin(parsed: ParsedPage) -> str | None:
    """Return ``live_blog`` or ``paywalled`` for a page of which little or no text came out; None if it does not say why.

    paywalled: the publisher says that the article is not free, or a block under a paywall's class asks for a subscription.
    """
    if any(name.rsplit("/", 1)[-1] == "LiveBlogPosting" for item in parsed.json_ld for name in strings_of(item.get("@type"))):
        return "live_blog"
    if find_is_free(parsed) is False or _has_wall(parsed):
        return "paywalled"
    return None


def _has_wall(parsed: ParsedPage) -> bool:
    return any(block.words >= _MIN_WALL_WORDS and _names_wall(block.container) for block in page_blocks(parsed.tree))


def _names_wall(container: Container) -> bool:
    around: Container | None = container
    for _ in range(3):
        if around is None:
            return False
        classes = around.classes.lower()
        if any(name in classes for name in _WALL_NAMES):
            return True
        around = around.parent
    return False
