"""Any number of pages to logs: WARC files, or tables of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.chain import store_parameters
from pipelines.cluster import pages
from pipelines.cluster.job import run
from pipelines.errors import CorpusError
from pipelines.records import Source
from pipelines.replay import make_plan
from pipelines.warc import split_file

SPAN_BYTES = 1 << 24
"""Of a WARC file: some hundred pages, about a minute's work."""


def replay_tables(spark: SparkSession, tables: Sequence[Path], out: Path, *, run_id: str) -> list[pages.Ends]:
    """Run the pages of Parquet tables (columns ``pages.PAGES``) through the stages into ``out/articles`` and ``out/rejected``.

    Return how the pages of each source ended. Raises CorpusError for a table without these columns.
    """
    frame = spark.read.option("recursiveFileLookup", "true").parquet(*map(str, _existing(tables)))
    missing = [name for name in pages.PAGES.names if name not in frame.columns]
    if missing:
        raise CorpusError(f"{tables[0]}: expected the columns {', '.join(pages.PAGES.names)}, found none named {', '.join(missing)}")
    step = partial(pages.process_pages, folder=str(out), parameters=store_parameters(), run_id=run_id)
    return _sum(run(frame.select(*pages.PAGES.names), pages.COUNTED, step))


def replay_archives(
    spark: SparkSession, files: Sequence[Path], out: Path, *, run_id: str, sources: Sequence[Source] = ()
) -> list[pages.Ends]:
    """Do the same with WARC files, cut into spans of some hundred pages; sources: the catalogue that names the pages of others' archives."""
    spans = [(str(span.path), span.start, span.end) for file in _existing(files) for span in split_file(file, target_bytes=SPAN_BYTES)]
    rows = spark.createDataFrame(spans, from_arrow_schema(pages.SPANS)).repartition(max(1, len(spans)))
    plan = make_plan(list(sources), run_id=run_id)
    return _sum(run(rows, pages.COUNTED, pages.process_spans, folder=str(out), parameters=store_parameters(), plan=plan))


def _existing(paths: Sequence[Path]) -> Sequence[Path]:
    for path in paths:
        if not path.exists():
            raise CorpusError(f"{path}: expected a file or folder of pages, found nothing")
    return paths


def _sum(counted: DataFrame) -> list[pages.Ends]:
    found = counted.groupBy("source", "stage", "reason").sum("pages").orderBy("source", "stage", "reason").collect()
    return [pages.Ends(*row) for row in found]
