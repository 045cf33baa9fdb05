"""What each step gains: the labelled pages as the chain reads them, and without one step or with one group of cut lines put back.

Prints Markdown tables of paired differences with 95 % intervals: ``python -m benchmarks.ablation``. Pages are decided by block models that have
seen no page of their host.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.kits import EVAL, fetched_page, labelled_pages, missing_kits
from benchmarks.quality import run_scorer
from benchmarks.train_block_model import held_out_models, load_labels
from pipelines.attribute import attribute_draft, read_marks
from pipelines.extract import BlockModel, decide, extract_article, parse_page
from pipelines.records import Block, Draft, FetchedPage, ParsedPage, Rejection, Removed
from pipelines.scrub import scrub_draft

GROUPS = {
    "other stories": {"related", "tail"},
    "newsletter, app, follow, donate": {"newsletter", "app", "follow", "donate"},
    "captions and credits": {"caption", "credit"},
    "headline, standfirst, byline, label": {"headline", "standfirst", "byline", "label"},
    "repeated blocks": {"repeated"},
    "time stamps": {"timestamp"},
    "advertising labels": {"ad"},
    "share, comments, tips": {"share", "comments", "tip"},
    "consent, paywall, audio, site links": {"consent", "paywall", "audio", "furniture"},
    "tags and portraits": {"tags", "author"},
    "copyright, source and agency lines": {"contributors", "copyright", "source_line", "agency_line"},
}
ALL_LINES, ALL_DECISIONS = "all of these", "all that the block decisions cut"
# Constants of ``decide`` that switch a step off.
STEPS: dict[str, dict[str, Any]] = {
    "the second opinion": {"SECOND_OPINION_WEIGHT": 0.0},
    "short blocks that their own markup gives away": {"CERTAIN": 0.0},
    "doubtful blocks of a thin page": {"KEEP_ABOVE_WHEN_THIN": 0.5},
}
NO_MODEL = "the block model (trafilatura decides alone)"
FIGURES = (("fundus", "F1"), ("fundus", "P"), ("fundus", "R"), ("fundus", "exact"), ("trafilatura", "segF1"))


def main() -> int:
    """Print the tables; return 0."""
    if missing_kits():
        print(f"no labelled pages in {EVAL}: set COPYDESK_EVAL to their folder; nothing was measured")
        return 0
    rows = labelled_pages()
    pages: list[dict[str, Any]] = []
    with multiprocessing.get_context("forkserver").Pool() as pool:
        for held_out, model in held_out_models(load_labels()):
            pages += pool.map(partial(versions_of, model=model), [row for row in rows if row["id"] in held_out], chunksize=8)
    header = " | ".join(f"{figure} ({name})" for name, figure in FIGURES)
    print(f"| step | {header} |\n|---|{'---|' * len(FIGURES)}")
    for step in (NO_MODEL, *STEPS):
        print(f"| {step} | {' | '.join(cells_of(pages, step))} |", flush=True)
    print(f"\n| cut lines put back | lines | pages | {header} |\n|---|---|---|{'---|' * len(FIGURES)}")
    for group in (*GROUPS, ALL_LINES, ALL_DECISIONS):
        counts = Counter({page["id"]: page["lines"][group] for page in pages})
        print(f"| {group} | {counts.total()} | {sum(map(bool, counts.values()))} | {' | '.join(cells_of(pages, group))} |", flush=True)
    return 0


def versions_of(row: dict[str, Any], *, model: BlockModel) -> dict[str, Any]:
    """Return the text of a labelled page as it is, without each step, and by group with its cut lines put back; runs in a worker."""
    versions: dict[str, Any] = {"id": row["id"], "lines": Counter(), "text": None}
    page = fetched_page(row)
    parsed = parse_page(page)
    if isinstance(parsed, Rejection) or (drafts := drafts_of(parsed, page, model)) is None:
        return versions
    extracted, final = drafts
    later = Counter(final.removed) - Counter(extracted.removed)
    pieces = {group: list(pick(later.elements(), reasons)) for group, reasons in GROUPS.items()}
    pieces[ALL_LINES] = list(later.elements())
    pieces[ALL_DECISIONS] = list(extracted.removed)
    versions["text"] = text_with(final, ())
    versions["lines"] = Counter({group: len(cut) for group, cut in pieces.items()})
    # Where nothing was cut, the text as it is.
    versions |= {group: text_with(final, cut) for group, cut in pieces.items() if cut}
    for step, constants in STEPS.items():
        with patch.multiple(decide, **constants):
            without = drafts_of(parsed, page, model)
        versions[step] = text_with(without[1], ()) if without else None
    without = drafts_of(parsed, page, None)
    versions[NO_MODEL] = text_with(without[1], ()) if without else None
    return versions


def drafts_of(parsed: ParsedPage, page: FetchedPage, model: BlockModel | None) -> tuple[Draft, Draft] | None:
    """Return the draft as extracted and as finished; None if the page holds no article. model: None lets trafilatura decide."""
    extracted = extract_article(parsed, page, extractor="blocks" if model else "trafilatura", model=model)
    if isinstance(extracted, Rejection):
        return None
    scrubbed = scrub_draft(extracted, min_words=0)
    assert isinstance(scrubbed, Draft)
    return extracted, attribute_draft(scrubbed, read_marks(parsed))[0]


def pick(pieces: Iterable[Removed], reasons: Collection[str]) -> Iterator[Removed]:
    """Yield the pieces that were cut for one of the reasons."""
    return (piece for piece in pieces if piece.reason in reasons)


def text_with(draft: Draft, pieces: Iterable[Removed]) -> str:
    """Return standfirst and body with cut pieces put back in their places."""
    back = [Block(text=piece.text, position=piece.position) for piece in pieces]
    blocks = sorted((*draft.blocks, *back), key=lambda block: block.position)
    return "\n".join(filter(None, [draft.standfirst, *(block.text for block in blocks)]))


def cells_of(pages: list[dict[str, Any]], version: str) -> Iterator[str]:
    """Yield "difference [low, high]" for each figure: the text as it is minus the version."""
    as_it_is = [{"id": page["id"], "text": page["text"]} for page in pages]
    other = [{"id": page["id"], "text": page.get(version, page["text"])} for page in pages]
    with tempfile.TemporaryDirectory() as folder:
        against, figures = Path(folder) / "other.jsonl", Path(folder) / "figures.json"
        against.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in other), encoding="utf-8")
        arguments = ("--part", "dev", "{predictions}", "--against", str(against), "--json", str(figures), "--boot", "500")
        run_scorer("extraction/evaluate.py", as_it_is, *arguments)
        found = json.loads(figures.read_text())
    for name, figure in FIGURES:
        difference, low, high = found[name][figure]
        yield f"{difference:+.4f} [{low:+.4f}, {high:+.4f}]"


if __name__ == "__main__":
    sys.exit(main())
