"""The card of a Hugging Face dataset: what is in the folder, for the site and for a reader."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pipelines.corpus.export import Exported

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
"""The size categories of the Hugging Face hub."""
_MOST_SOURCES = 20


def write_card(path: Path, exported: Exported, schema: pa.Schema) -> None:
    """Write the card durably."""
    with path.open("x", encoding="utf-8") as file:
        file.write(make_card(exported, schema))
        file.flush()
        os.fsync(file.fileno())


def make_card(exported: Exported, schema: pa.Schema) -> str:
    """Return the card: a head in YAML that tells how to load the files, then counts and columns."""
    head = [
        "---",
        "pretty_name: News stories",
        # The hub takes a language by its ISO 639 code, without region.
        *_listed("language", sorted({tag.split("-")[0].lower() for tag in exported.languages})),
        *_listed("size_categories", [next((name for limit, name in _SIZES if exported.rows < limit), "n>10M")]),
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        "    path: data/train-*.parquet",
        "---",
    ]
    days = f", first seen from {exported.first_day} to {exported.last_day}" if exported.first_day else ""
    body = [
        "# News stories",
        "",
        f"{exported.rows:,} stories{days}, each once with the text of its canonical copy. Made with Copydesk, which crawls wire agencies, outlets and "
        "republishers and keeps one row per story.",
        "",
        "The texts belong to their publishers; this card grants no license to them.",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'stories = load_dataset("path/to/this/folder", split="train")',
        "```",
        "",
        "## Languages and sources",
        "",
        "| language | stories |",
        "|---|---|",
        *(f"| {_cell(name)} | {count:,} |" for name, count in exported.languages.most_common()),
        "",
        f"{len(exported.sources):,} sources, those with most stories:",
        "",
        "| source | stories |",
        "|---|---|",
        *(f"| {_cell(name)} | {count:,} |" for name, count in exported.sources.most_common(_MOST_SOURCES)),
        "",
        "## Features",
        "",
        "| column | type |",
        "|---|---|",
        *(f"| {item.name} | `{item.type}` |" for item in schema),
        "",
    ]
    return "\n".join([*head, *body])


def _listed(key: str, values: list[str]) -> list[str]:
    # JSON strings are YAML; bare, the language `no` would be a boolean.
    return [f"{key}:", *(f"- {json.dumps(value)}" for value in values)] if values else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
