"""Putting data of strangers into an HTML page: as JSON that cannot leave its script element, with nothing invisible in it."""

from __future__ import annotations

import json
from typing import Any

from pipelines.text import visible_text

# In JSON these characters stand in strings only. Source: HTML standard, section 4.12.1.3, Restrictions for contents of script elements.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


def make_visible(value: Any) -> Any:
    """Return JSON-ready data with every text, keys too, as ``text.visible_text`` shows it."""
    if isinstance(value, str):
        return visible_text(value)
    if isinstance(value, dict):
        return {make_visible(name): make_visible(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [make_visible(entry) for entry in value]
    return value


def encode_json(value: Any) -> bytes:
    """Return data as JSON in UTF-8, visible and safe inside ``<script type="application/json">``."""
    return json.dumps(make_visible(value), ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES).encode()
