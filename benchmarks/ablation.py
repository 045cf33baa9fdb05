"""What each group of cuts gains: the labelled pages of ``make quality`` with everything, and with one group of cut lines put back.

Prints a Markdown table of paired differences with 95 % intervals: ``python -m benchmarks.ablation [extractor]``.
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

from benchmarks.kits import EVAL, fetched_page, labelled_pages, missing_kits
from benchmarks.quality import run_scorer
from pipelines.attribute import attribute_draft, read_marks
from pipelines.extract import extract_article, parse_page
from pipelines.records import Block, Draft, Rejection, Removed
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
FIGURES = (("fundus", "F1"), ("fundus", "P"), ("fundus", "R"), ("fundus", "exact"), ("trafilatura", "segF1"))


def main(extractor: str = "trafilatura") -> int:
    """Print the table; return 0."""
    if missing_kits():
        print(f"no labelled pages in {EVAL}: set COPYDESK_EVAL to their folder; nothing was measured")
        return 0
    with multiprocessing.get_context("forkserver").Pool() as pool:
        pages = pool.map(partial(versions_of, extractor=extractor), labelled_pages(), chunksize=8)
    print("| cut lines put back | lines | pages | " + " | ".join(f"{figure} ({name})" for name, figure in FIGURES) + " |")
    print("|---|---|---|" + "---|" * len(FIGURES))
    for group in (*GROUPS, "all of these", "cut by the page's own classes"):
        counts = Counter({page["id"]: page["lines"][group] for page in pages})
        cells = [f"{difference:+.4f} [{low:+.4f}, {high:+.4f}]" for difference, low, high in compare(pages, group)]
        print(f"| {group} | {counts.total()} | {sum(map(bool, counts.values()))} | {' | '.join(cells)} |", flush=True)
    return 0


def versions_of(row: dict[str, Any], *, extractor: str) -> dict[str, Any]:
    """Return the text of a labelled page as it is, and by group with its cut lines put back; runs in a worker."""
    versions: dict[str, Any] = {"id": row["id"], "lines": Counter(), "text": None}
    page = fetched_page(row)
    parsed = parse_page(page)
    if isinstance(parsed, Rejection):
        return versions
    marks = read_marks(parsed)
    extracted = extract_article(parsed, page, extractor=extractor)
    if isinstance(extracted, Rejection):
        return versions
    scrubbed = scrub_draft(extracted, min_words=0)
    assert isinstance(scrubbed, Draft)
    final, _ = attribute_draft(scrubbed, marks)
    later = Counter(final.removed) - Counter(extracted.removed)
    pieces = {group: list(pick(later.elements(), reasons)) for group, reasons in GROUPS.items()}
    pieces["all of these"] = list(later.elements())
    pieces["cut by the page's own classes"] = list(extracted.removed)
    versions["text"] = text_with(final, ())
    versions["lines"] = Counter({group: len(cut) for group, cut in pieces.items()})
    # Where nothing was cut, the text as it is.
    return versions | {group: text_with(final, cut) for group, cut in pieces.items() if cut}


def pick(pieces: Iterable[Removed], reasons: Collection[str]) -> Iterator[Removed]:
    """Yield the pieces that were cut for one of the reasons."""
    return (piece for piece in pieces if piece.reason in reasons)


def text_with(draft: Draft, pieces: Iterable[Removed]) -> str:
    """Return standfirst and body with cut pieces put back in their places."""
    back = [Block(text=piece.text, position=piece.position) for piece in pieces]
    blocks = sorted((*draft.blocks, *back), key=lambda block: block.position)
    return "\n".join(filter(None, [draft.standfirst, *(block.text for block in blocks)]))


def compare(pages: list[dict[str, Any]], group: str) -> Iterator[list[float]]:
    """Yield (difference, low, high) for each figure: the text as it is minus the text with the group's lines put back."""
    as_it_is = [{"id": page["id"], "text": page["text"]} for page in pages]
    put_back = [{"id": page["id"], "text": page.get(group, page["text"])} for page in pages]
    with tempfile.TemporaryDirectory() as folder:
        against, figures = Path(folder) / "put_back.jsonl", Path(folder) / "figures.json"
        against.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in put_back), encoding="utf-8")
        arguments = ("--part", "dev", "{predictions}", "--against", str(against), "--json", str(figures), "--boot", "500")
        run_scorer("extraction/evaluate.py", as_it_is, *arguments)
        found = json.loads(figures.read_text())
    return (found[name][figure] for name, figure in FIGURES)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
