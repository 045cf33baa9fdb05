"""Batch jobs on Apache Spark, for what one machine cannot hold: stories of any number of logs, articles of any number of pages.

    python -m pipelines.spark --master 'local[2]' stories --articles shard-1/articles shard-2/articles --out world
    spark-submit pipelines/spark.py articles --warc archive/*.warc.gz --out replayed

The files of ``corpus/`` and ``copies/`` are those of ``scrapy corpus rebuild`` over the same log, row for row. The steps stand in
``pipelines/cluster``; docs/scale.md says when they are worth it. Needs the extra ``[spark]`` and Java 17.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from pipelines.cluster.build import build_corpus
from pipelines.cluster.job import open_session
from pipelines.errors import PipelineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a job and print what it found; 1 for input that cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    options = _parser().parse_args(arguments)
    try:
        options.job(options)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pipelines.spark", description="Batch jobs on Apache Spark")
    parser.add_argument("--master", help="where to run, as local[2]; default: as spark-submit says, else all cores of this machine")
    jobs = parser.add_subparsers(required=True)
    stories = jobs.add_parser("stories", help="any number of articles/ folders to one corpus/ and copies/")
    stories.add_argument("--articles", type=Path, nargs="+", required=True, metavar="FOLDER")
    stories.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a folder of its own that all workers see")
    stories.add_argument("--work", type=Path, metavar="FOLDER", help="where the steps keep their rows meanwhile; default: below OUT")
    stories.set_defaults(job=_stories)
    articles = jobs.add_parser("articles", help="pages to articles/ and rejected/")
    pages = articles.add_mutually_exclusive_group(required=True)
    pages.add_argument("--pages", type=Path, nargs="+", metavar="TABLE", help="Parquet with url, body, encoding, fetched_at, source")
    pages.add_argument("--warc", type=Path, nargs="+", metavar="FILE")
    articles.add_argument("--sources", type=Path, metavar="TOML", help="catalogue that names the pages of others' archives")
    articles.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a folder that all workers see")
    articles.add_argument("--run-id", default=f"{datetime.now(UTC):%Y%m%dT%H%M%S}", help="default: the time")
    articles.set_defaults(job=_articles)
    return parser


def _stories(options: argparse.Namespace) -> None:
    report = build_corpus(open_session(options.master), options.articles, options.out, work=options.work)
    for name, count in asdict(report).items():
        print(f"{name.replace('_', ' '):>14} {count:>14,}")


def _articles(options: argparse.Namespace) -> None:
    # Imported here: tables of pages need no WARC library, stories neither.
    from pipelines.cluster.replay import replay_archives, replay_tables
    from pipelines.discover.catalogue import load_sources

    spark = open_session(options.master)
    if options.warc:
        sources = load_sources(options.sources) if options.sources else ()
        ends = replay_archives(spark, options.warc, options.out, run_id=options.run_id, sources=sources)
    else:
        ends = replay_tables(spark, options.pages, options.out, run_id=options.run_id)
    for end in ends:
        print(f"{end.pages:>12,}  {end.source or '-'}  {end.stage}  {end.reason or 'kept'}")


if __name__ == "__main__":
    sys.exit(main())
