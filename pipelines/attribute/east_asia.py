"""The record of a dateline, and the bracketed slugs with which Chinese, Japanese and Korean texts begin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pipelines.attribute.agencies import Slug, read_slug
from pipelines.attribute.wordlists import either, known_places

_FIRST_OF_EAST_ASIA = "\u2e80"
_CJK_DATE = r"(?:[\d０-９]{1,4}\s?[年月日]\s?){1,3}"
_JAPANESE = re.compile(
    r"【(?P<place>[\u3040-\u30ff\u4e00-\u9fffA-Za-z・ー]{1,14}?)＝?(?:(?P<agency>AFP＝?時事|共同|時事|聯合ニュース|ロイター|AFP|AP)|"
    r"(?<=＝)(?P<staff>[^】]{2,20}))】"
)
_JAPANESE_DATED = re.compile(rf"【\s?{_CJK_DATE}(?:\w{{1,3}}\s?)?(?P<agency>AFP)[^】]{{0,12}}】")
_JAPANESE_REUTERS = re.compile(rf"[\[［](?P<place>[^\s\d\]］]{{1,16}})\s*{_CJK_DATE}\s*(?P<agency>ロイター)[\]］]\s*[-－—–]?")
_KOREAN = re.compile(
    r"[(\[【](?P<place>[\uac00-\ud7a3·]{1,20})(?:\s(?P<with>[A-Z]{2,4}|로이터))?\s?=\s?(?P<agency>연합뉴스|뉴시스|뉴스1)[)\]】]"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dateline:
    """A dateline as found; ``place`` is printed so at the head of the paragraph."""

    place: str | None
    agencies: tuple[str, ...] = ()
    raw: str = ""
    """From the start of the paragraph to the dash."""
    confidence: float
    is_slug: bool = False
    """True for the bracketed slugs of Chinese, Japanese and Korean."""


@cache
def _chinese() -> re.Pattern[str]:
    """``新华社北京4月24日电``, ``（中央社記者王小明台北12日電）``, ``路透北京3月12日 -``."""
    return re.compile(
        rf"[【(（\[〔]?(?P<agency>{either('dateline', 'chinese')})(?P<reporter>(?:记者|記者)?)(?P<place>[\u4e00-\u9fff]{{0,12}}?)"
        rf"{_CJK_DATE}(?:[^电電，。]{{0,12}}[电電]|\s?[-—–])"
    )


def read_east_asian(head: str) -> Dateline | None:
    """Return the slug that opens a text: 新华社北京4月24日电, 【ワシントン共同】, (서울=연합뉴스); None for any other opening."""
    if head.isascii() or (head[0] < _FIRST_OF_EAST_ASIA and head[0] not in "(["):
        return None
    for pattern in (_chinese(), _JAPANESE, _JAPANESE_DATED, _JAPANESE_REUTERS, _KOREAN):
        if (match := pattern.match(head)) is None:
            continue
        groups = match.groupdict()
        place = groups.get("place") or None
        if place and groups.get("reporter"):
            place = _known_end(place)
        slug = _read_codes(groups)
        return Dateline(
            place=place,
            agencies=slug.codes if slug else (),
            raw=match.group(),
            confidence=0.98 if slug else 0.9,
            is_slug=True,
        )
    return None


def _read_codes(groups: dict[str, str | None]) -> Slug | None:
    """The agencies of a slug: ``AFP時事`` and ``AP=연합뉴스`` are two."""
    words = groups.get("agency")
    if not words:
        return None
    partner = groups.get("with")
    return read_slug("/".join(filter(None, [partner, words.replace("AFP＝時事", "AFP/時事").replace("AFP時事", "AFP/時事")])))


def _known_end(text: str) -> str | None:
    """``王小明台北``: a reporter's name and the place, written as one."""
    return next((text[start:] for start in range(len(text) - 1) if text[start:] in known_places()), None)
