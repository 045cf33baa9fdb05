"""Scores on labelled real news, against the floors of ``floors.toml``.

The labelled sets come with their own scorers; this module makes predictions with our chain, runs the scorers and compares.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.chain import process_page
from pipelines.dedup import deduplicate
from pipelines.records import Article, Document, FetchedPage

EVAL = Path(os.environ.get("COPYDESK_EVAL", "../shared/eval"))
FLOORS = Path(__file__).with_name("floors.toml")
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def main() -> int:
    """Print every figure beside its floor; return 1 if one is missed."""
    if not (EVAL / "extraction").is_dir():
        print(f"no labelled pages in {EVAL}: set COPYDESK_EVAL to their folder; nothing was measured")
        return 0
    floors = tomllib.loads(FLOORS.read_text())
    figures = {"extraction": score_extraction(), "dedup": score_dedup(), "provenance": score_provenance()}
    missed = list(compare(figures, floors))
    for line in missed:
        print(f"MISSED {line}")
    return 1 if missed else 0


def compare(figures: dict[str, Any], floors: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield a sentence for each figure under its floor, printing all of them."""
    for name, floor in floors.items():
        here = f"{path}{name}"
        if isinstance(floor, dict):
            yield from compare(figures[name], floor, f"{here}.")
        else:
            print(f"{here:40s} {figures[name]:.4f}   floor {floor}")
            if figures[name] < floor:
                yield f"{here}: {figures[name]:.4f} is under {floor}"


def labelled_pages() -> list[dict[str, Any]]:
    """Return the index rows of all labelled pages, with the folder they lie in."""
    dev = EVAL / "extraction" / "dev"
    return [json.loads(line) | {"set": index.stem} for index in sorted(dev.glob("*.jsonl")) for line in index.open(encoding="utf-8")]


def fetched_page(row: dict[str, Any]) -> FetchedPage:
    """Return a labelled page as if it had just been fetched."""
    body = gzip.decompress((EVAL / "extraction" / "dev" / row["file"]).read_bytes())
    return FetchedPage(
        url=row.get("url") or "http://unknown.example/", body=body, encoding=row.get("encoding"), fetched_at=NOW, source="quality"
    )


def predict(row: dict[str, Any]) -> dict[str, Any]:
    """Return our prediction for one labelled page, in the scorer's words; runs in a worker."""
    outcome = process_page(fetched_page(row), min_words=0)
    if not isinstance(outcome, Article):
        return {"id": row["id"], "text": None, "reason": f"{outcome.stage}/{outcome.reason}"}
    return {
        "id": row["id"],
        "text": "\n".join(filter(None, [outcome.standfirst, outcome.text])),
        "title": outcome.title,
        "authors": list(outcome.authors),
        "published_at": outcome.published_at.isoformat() if outcome.published_at else None,
        "agencies": list(outcome.agencies),
        "credited_agencies": list(outcome.credited_agencies),
        "syndicated_from": outcome.syndicated_from,
        "dateline": outcome.dateline,
        "mode": outcome.provenance_mode,
    }


def predict_all(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return predictions for all rows, made by one process a core."""
    with multiprocessing.get_context("forkserver").Pool() as pool:
        return pool.map(predict, rows, chunksize=8)


def run_scorer(scorer: str, predictions: list[dict[str, Any]], *arguments: str) -> str:
    """Run one of the sets' own scorers over predictions and return what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in predictions), encoding="utf-8")
        command = [sys.executable, str(EVAL / scorer), *(argument.format(predictions=path) for argument in arguments)]
        return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def score_extraction() -> dict[str, dict[str, float]]:
    """Return {set: {figure: value}} for the extraction sets."""
    rows = labelled_pages()
    print(f"extraction: {len(rows)} pages, digest {digest(EVAL / 'extraction' / 'dev')}")
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        predictions = [{key: row.get(key) for key in ("id", "text", "title", "authors", "published_at")} for row in predict_all(rows)]
        print(run_scorer("extraction/evaluate.py", predictions, "--part", "dev", "{predictions}", "--json", file.name, "--boot", "200"))
        figures = json.loads(Path(file.name).read_text())
    return {name: {figure: values[0] for figure, values in by_figure.items()} for name, by_figure in figures.items()}


def score_dedup() -> dict[str, float]:
    """Return pair F1 and B-cubed F1 on the labelled documents."""
    folder = EVAL / "dedup" / "dev"
    with gzip.open(folder / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    print(f"dedup: {len(rows)} documents, digest {digest(folder)}")
    members = deduplicate(
        Document(article_id=row["id"], text=row["text"], source=row["source"], fetched_at=NOW, title=row.get("title")) for row in rows
    )
    predictions = [{"id": member.article_id, "cluster_id": member.story_id} for member in members]
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        print(run_scorer("dedup/evaluate.py", predictions, str(folder), "{predictions}", "--json", file.name))
        figures = json.loads(Path(file.name).read_text())
    return {"pair_f1": figures["pairs"]["f1"], "b_cubed": figures["b3"]["f1"]}


def score_provenance() -> dict[str, dict[str, float]]:
    """Return {field: {precision, recall, f1}} on the labelled pages."""
    labels = EVAL / "provenance" / "dev" / "labels.jsonl"
    rows = [json.loads(line) for line in labels.open(encoding="utf-8")]
    pages = [
        {"id": row["id"], "url": row["url"], "file": Path("../..") / ".." / "provenance" / "dev" / row["file"], "encoding": None}
        for row in rows
    ]
    index = {row["file"].rsplit("/", 1)[-1]: row for row in labelled_pages()}
    for page, row in zip(pages, rows, strict=True):
        known = index.get(row["file"].rsplit("/", 1)[-1], {})
        page.update(file=known.get("file", page["file"]), encoding=known.get("encoding"))
    print(f"provenance: {len(rows)} pages, digest {digest(labels.parent)}")
    printed = run_scorer("provenance/evaluate.py", predict_all(pages), "{predictions}", "--labels", str(labels))
    print(printed)
    return dict(json.loads(printed)["dev"])


def digest(folder: Path) -> str:
    """Return a short digest of the labels in a folder, so that figures of different data are not compared."""
    content = hashlib.blake2b(digest_size=6)
    for path in sorted(folder.glob("*.jsonl*")):
        content.update(path.read_bytes())
    return content.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
