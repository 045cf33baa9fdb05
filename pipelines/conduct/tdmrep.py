"""What a site reserves of text and data mining: the TDM Reservation Protocol.

Source: https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/ (W3C Community Group Final Report).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

TDMREP_PATH = "/.well-known/tdmrep.json"
MAX_RULES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """One rule of a tdmrep.json: for which paths, and whether rights are reserved there."""

    location: str
    is_reserved: bool


def parse_reservation(value: object) -> bool | None:
    """Return what a ``tdm-reservation`` of a header, page or file says: 1 reserved, 0 not, None for anything else."""
    return {"1": True, "0": False}.get(str(value).strip()) if not isinstance(value, bool) else None


def read_tdmrep(body: bytes) -> tuple[Reservation, ...]:
    """Return the rules of a ``/.well-known/tdmrep.json``, at most MAX_RULES; none from a file that is no such thing. Never fails."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    rules = []
    for entry in found[:MAX_RULES] if isinstance(found, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("location"), str):
            continue
        is_reserved = parse_reservation(entry.get("tdm-reservation"))
        if is_reserved is not None and entry["location"]:
            rules.append(Reservation(location=entry["location"], is_reserved=is_reserved))
    return tuple(rules)


def is_reserved(url: str, rules: Sequence[Reservation]) -> bool | None:
    """Return whether the rules reserve a URL, None if they say nothing of it. The first rule that matches counts.

    A location is a path as in robots.txt: ``*`` stands for anything, ``$`` ends it; one without them matches what starts with it.
    """
    parts = urlsplit(url)
    path = unquote(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return next((rule.is_reserved for rule in rules if _matches(rule.location, path)), None)


def _matches(location: str, path: str) -> bool:
    """Match piece by piece: a regular expression of many ``*`` could take for ever."""
    is_anchored = location.endswith("$")
    first, *rest = unquote(location.removesuffix("$")).split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not is_anchored or path == first
    at = len(first)
    for piece in rest[:-1]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    last = rest[-1]
    return path.endswith(last) and len(path) - len(last) >= at if is_anchored else path.find(last, at) >= 0
