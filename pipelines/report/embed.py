"""Putting data of strangers into an HTML page: as JSON that cannot leave its script element, with nothing invisible in it."""

from __future__ import annotations

import json
import re
from typing import Any

# Controls, marks that turn the direction of writing, line and paragraph separators, and half surrogate pairs. Joiners stay: scripts need them.
# Source: UAX #9, section 2, and Trojan Source (Boucher and Anderson 2021).
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
# In JSON these characters stand in strings only. Source: HTML standard, section 4.12.1.3, Restrictions for contents of script elements.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


def make_visible(value: Any) -> Any:
    """Return JSON-ready data with each character that nobody sees, or that turns text around, spelled out as ``‹U+202E›``; keys too."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else _UNSEEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", value)
    if isinstance(value, dict):
        return {make_visible(name): make_visible(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [make_visible(entry) for entry in value]
    return value


def encode_json(value: Any) -> bytes:
    """Return data as JSON in UTF-8, visible and safe inside ``<script type="application/json">``."""
    return json.dumps(make_visible(value), ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES).encode()
