"""Putting data of strangers into an HTML page: as JSON that cannot leave its script element, with nothing invisible in it."""

from __future__ import annotations

import json
import re
from typing import Any

from pipelines.text import visible_text

# In JSON these characters stand in strings only. Source: HTML standard, section 4.12.1.3, Restrictions for contents of script elements.
_ESCAPES = {sign: f"\\u{ord(sign):04x}" for sign in "<>&"}
# How JSON writes a control character; an escaped backslash before a letter looks so too, which costs a second look only.
_CONTROL = re.compile(r"\\(?:u00|[bfr])")


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
    text = _dump(value)
    if _CONTROL.search(text) or visible_text(text) != text:
        text = _dump(make_visible(value))
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text.encode()


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
