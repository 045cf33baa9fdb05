"""Scores on labelled real news, against the floors of ``floors.json``.

The labelled sets come with their own scorers; this module makes predictions with our chain, runs the scorers and compares. What is trained is
cross-validated by host: each page is decided by a block model that has seen no page of its host.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import trafilatura

from benchmarks.kits import EVAL, EXTRACTION_DEV, FETCHED_AT, digest, fetched_page, labelled_pages, missing_kits
from benchmarks.train_block_model import held_out_models, load_labels
from pipelines.attribute.people import people_of_author
from pipelines.chain import process_page
from pipelines.dedup import deduplicate
from pipelines.extract import BlockModel, parse_page
from pipelines.extract.decode import decode_body
from pipelines.extract.names import is_desk
from pipelines.extract.page_blocks import text_key
from pipelines.extract.site_names import SiteNames, site_names
from pipelines.records import Article, Document, ParsedPage

FLOORS = Path(__file__).with_name("floors.json")


def main() -> int:
    """Print every figure beside its floor; return 1 if one is missed."""
    if missing_kits():
        print(f"no labelled pages in {EVAL}: set COPYDESK_EVAL to their folder; nothing was measured")
        return 0
    floors = json.loads(FLOORS.read_text())
    rows = labelled_pages()
    data = {
        "extraction": digest(EXTRACTION_DEV),
        "dedup": digest(EVAL / "dedup" / "dev"),
        "provenance": digest(EVAL / "provenance" / "dev"),
    }
    if data != floors["data"]:
        print(f"these are other data than the floors were set on: expected {floors['data']}, found {data}")
    predictions = predict_held_out(rows)
    figures = {"extraction": score_extraction(rows, predictions), "dedup": score_dedup(), "provenance": score_provenance(predictions)}
    missed = list(compare(figures, floors["floors"]))
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


def predict(row: dict[str, Any], model: BlockModel | None = None) -> dict[str, Any]:
    """Return our prediction for one labelled page, in the scorer's words; runs in a worker."""
    outcome = process_page(fetched_page(row), min_words=0, model=model)
    if not isinstance(outcome, Article):
        return {"id": row["id"], "text": None, "reason": f"{outcome.stage}/{outcome.reason}"}
    return {
        "id": row["id"],
        "text": "\n".join(filter(None, [outcome.standfirst, outcome.text])),
        "title": outcome.title,
        "authors": list(outcome.authors),
        "byline": json.loads(outcome.extra or "{}").get("byline", []),
        "published_at": outcome.published_at.isoformat() if outcome.published_at else None,
        "agencies": list(outcome.agencies),
        "credited_agencies": list(outcome.credited_agencies),
        "syndicated_from": outcome.syndicated_from,
        "dateline": outcome.dateline,
        "mode": outcome.provenance_mode,
    }


def predict_held_out(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return predictions for all rows, each by a model that has seen no page of its host; made by one process a core."""
    predictions: list[dict[str, Any]] = []
    with multiprocessing.get_context("forkserver").Pool() as pool:
        for held_out, model in held_out_models(load_labels()):
            predictions += pool.map(partial(predict, model=model), [row for row in rows if row["id"] in held_out], chunksize=8)
    return predictions


def run_scorer(scorer: str, predictions: list[dict[str, Any]], *arguments: str) -> str:
    """Run one of the sets' own scorers over predictions and return what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in predictions), encoding="utf-8")
        command = [sys.executable, str(EVAL / scorer), *(argument.format(predictions=path) for argument in arguments)]
        return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def predict_bare(row: dict[str, Any]) -> dict[str, Any]:
    """Return what trafilatura with its defaults says of one labelled page; runs in a worker."""
    page = fetched_page(row)
    document = trafilatura.bare_extraction(decode_body(page.body, page.encoding), url=page.url, include_comments=False, with_metadata=True)
    if document is None or isinstance(document, dict):
        return {"id": row["id"], "text": None}
    authors = document.author.split("; ") if document.author else []
    return {"id": row["id"], "text": document.text, "title": document.title, "authors": authors, "published_at": document.date}


def score_extraction(rows: list[dict[str, Any]], predictions: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return {kit: {figure: value}} for the extraction kits, and print them beside those of trafilatura alone."""
    with multiprocessing.get_context("forkserver").Pool() as pool:
        bare = pool.map(predict_bare, rows, chunksize=8)
    ours = [{key: row.get(key) for key in ("id", "text", "title", "authors", "published_at")} for row in predictions]
    print(f"extraction: {len(rows)} pages\n\ntrafilatura alone\n{_scores(bare)[0]}\nCopydesk\n{(scored := _scores(ours))[0]}")
    scores = {name: {figure: values[0] for figure, values in by_figure.items()} for name, by_figure in scored[1].items()}
    for name, people in score_people(rows, predictions).items():
        scores[name]["people"] = people
    named = [{"id": row["id"], "authors": row.get("authors") or row.get("byline")} for row in predictions]
    print("authors, and where there are none, the byline\n" + (scored := _scores(named))[0])
    for name, by_figure in scored[1].items():
        scores[name]["byline"] = by_figure["authors"][0]
    return scores


def _scores(predictions: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """What the scorer prints with 95 % intervals, and its figures."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        printed = run_scorer("extraction/evaluate.py", predictions, "--part", "dev", "{predictions}", "--json", file.name, "--boot", "300")
        return printed, json.loads(Path(file.name).read_text())


def score_people(rows: list[dict[str, Any]], predictions: list[dict[str, Any]]) -> dict[str, float]:
    """Return {set: author F1 against the people among the labelled authors}, and print it beside the pages it rests on.

    The labels count agencies, desks and the outlet itself as authors; the column holds people. A label is left out if it is an agency of
    our table, a desk, or what the page calls its own site; where none is left, the page counts as right if nobody is named.
    """
    found = {row["id"]: row.get("authors") or [] for row in predictions}
    scores: dict[str, list[float]] = {}
    signed_by_nobody: Counter[str] = Counter()
    for row in rows:
        parsed = parse_page(fetched_page(row)) if row.get("authors") else None
        if not isinstance(parsed, ParsedPage):
            continue
        labels = row["authors"] if isinstance(row["authors"], list) else row["authors"].split(";")
        people = {text_key(person) for label in labels if (person := person_of_label(label, site_names(parsed)))}
        named = {text_key(name) for name in found.get(row["id"], [])}
        shared = 2 * len(people & named) / (len(people) + len(named)) if people or named else 1.0
        scores.setdefault(row["set"], []).append(shared)
        signed_by_nobody[row["set"]] += not people
    for name, values in scores.items():
        print(
            f"{name}: authors against labelled people {fmean(values):.4f} on {len(values)} pages, {signed_by_nobody[name]} of them signed by no person"
        )
    return {name: fmean(values) for name, values in scores.items()}


def person_of_label(label: str, site: SiteNames) -> str | None:
    """Return a labelled author without agencies, None if it is an agency, a desk or the site itself."""
    person = people_of_author(label.strip())
    return None if person is None or is_desk(person) or site.is_name(person) else person


def score_dedup() -> dict[str, float]:
    """Return pair F1 and B-cubed F1 on the labelled documents."""
    folder = EVAL / "dedup" / "dev"
    with gzip.open(folder / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    print(f"dedup: {len(rows)} documents")
    members = deduplicate(
        Document(article_id=row["id"], text=row["text"], source=row["source"], fetched_at=FETCHED_AT, title=row.get("title"))
        for row in rows
    )
    predictions = [{"id": member.article_id, "cluster_id": member.story_id} for member in members]
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        print(run_scorer("dedup/evaluate.py", predictions, str(folder), "{predictions}", "--json", file.name))
        figures = json.loads(Path(file.name).read_text())
    return {"pair_f1": figures["pairs"]["f1"], "b_cubed": figures["b3"]["f1"]}


def score_provenance(predictions: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return {field: {precision, recall, f1}} on the labelled pages, which are pages of the extraction kits too."""
    labels = EVAL / "provenance" / "dev" / "labels.jsonl"
    rows = [json.loads(line) for line in labels.open(encoding="utf-8")]
    file_of = {row["id"]: Path(row["file"]).name for row in labelled_pages()}
    by_file = {file_of[prediction["id"]]: prediction for prediction in predictions}
    print(f"provenance: {len(rows)} pages")
    ours = [by_file[Path(row["file"]).name] | {"id": row["id"]} for row in rows]
    printed = run_scorer("provenance/evaluate.py", ours, "{predictions}", "--labels", str(labels))
    print(printed)
    return dict(json.loads(printed)["dev"])


if __name__ == "__main__":
    sys.exit(main())
