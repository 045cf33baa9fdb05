"""Any number of logs to one corpus: which rows meet where. What is decided about them stands in the steps and in ``dedup``."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.chain import load_agency_hosts, load_outlet_hosts, sign_article, store_parameters
from pipelines.cluster import documents, keys, pairs, parts, stories
from pipelines.cluster.components import connect
from pipelines.cluster.job import Job, run, sort_by
from pipelines.corpus.exchange import exchange_folders
from pipelines.corpus.schema import ARTICLES
from pipelines.corpus.told import MIN_PAGES, MOVED_SHARE_PERCENT
from pipelines.dedup import DedupParameters
from pipelines.errors import CorpusError

_PART = r"crawl_date=(\d{4}-\d{2}-\d{2})/(\d{8}T\d{6}-[0-9a-f]{16})\.parquet$"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoriesReport:
    """What a job found."""

    rows: int
    """Of the log, repeats included."""
    articles: int
    texts: int
    stories: int
    copies: int
    dead_keys: int
    """Keys that are boilerplate, counted in every text that holds them."""
    candidates: int
    edges: int
    crowded_keys: int
    """Keys with more pairs than ``keys.MAX_PAIRS``, of which only neighbors were looked at. 0: the result is exactly one machine's."""
    files: int


def build_corpus(
    spark: SparkSession,
    logs: Sequence[Path],
    out: Path,
    *,
    work: Path | None = None,
    parameters: DedupParameters = DedupParameters(),  # noqa: B008 - frozen
) -> StoriesReport:
    """Write ``out/corpus`` and ``out/copies`` for all articles of the logs, and return what was found.

    logs: ``articles/`` folders that no compaction is at work in. out: a folder of its own, seen by all workers; datasets that are
    there change places with the new ones when these are whole. work: where the steps' rows are kept meanwhile (default: below out).
    Raises CorpusError for a folder that cannot be used.
    """
    check_folders(logs, out)
    staging = out / "staging" / f"spark-{uuid.uuid4().hex}"
    job = Job(spark, (work or staging) / "steps", parameters)
    try:
        report = _build(job, _read_logs(spark, logs), staging / "new")
        for dataset in ("corpus", "copies"):
            _put_in_place(staging / "new" / dataset, out / dataset)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(job.work, ignore_errors=True)
    return report


def _build(job: Job, log: DataFrame, folder: Path) -> StoriesReport:
    every = job.parameters.sample_every
    described = run(log.select(*documents.INPUT), documents.DOCUMENTS, documents.describe_documents, parameters=job.parameters)
    rows = job.save(described, "rows")
    earliest = Window.partitionBy("article_id").orderBy("fetched_at", "part", "row_index")
    own = rows.withColumn("place", sf.row_number().over(earliest)).where("place = 1").drop("place")
    docs = job.save(own, "documents")
    found = job.save(_judge_keys(job, docs), "keys")
    dead = found.where(f"kind = {keys.DEAD}").groupBy(sf.col("a").alias("text")).agg(sf.collect_list("b").alias("dead"))
    distinct = docs.groupBy("text").agg(sf.first("shingles").alias("shingles"), sf.first("bands").alias("bands"))
    described = run(distinct.join(dead, "text", "left"), pairs.TEXTS, pairs.describe_texts, sample_every=every)
    texts = job.save(described, "texts")
    # Side by side first: that puts most copies together, and what is together need not be paired.
    candidates = job.save(_choose(job, found, texts), "neighbors")
    near = job.save(_verify(job, candidates, texts), "near")
    stars = connect(job, near, "near")
    crossing = job.save(_pair_stories(job, texts, stars), "crossing")
    far_candidates = job.save(_choose(job, crossing, texts), "candidates")
    far = job.save(_verify(job, far_candidates, texts), "far")
    stars = connect(job, stars.select("a", "b").union(far), "far")
    placements = job.save(_place(job, docs, stars), "placements")
    written = _write(log, placements, folder).groupBy("dataset").agg(sf.sum("rows").alias("rows"), sf.count("*").alias("files")).collect()
    counts = {row["dataset"]: row for row in written}
    return StoriesReport(
        rows=rows.count(),
        articles=docs.count(),
        texts=texts.count(),
        stories=counts["corpus"]["rows"] if "corpus" in counts else 0,
        copies=counts["copies"]["rows"] if "copies" in counts else 0,
        dead_keys=found.where(f"kind = {keys.DEAD}").count(),
        candidates=candidates.count() + far_candidates.count(),
        edges=near.count() + far.count(),
        crowded_keys=crossing.where(f"kind = {keys.CROWDED}").count(),
        files=sum(row["files"] for row in written),
    )


def _judge_keys(job: Job, docs: DataFrame) -> DataFrame:
    # Names of sources, not documents: as many as the catalogue has.
    names = sorted(row["source"] for row in docs.select("source").distinct().collect())
    numbers = {name: number for number, name in enumerate(names)}
    narrow = docs.select("text", "source", "url_hash", "shingles", "bands")
    postings = run(narrow, documents.POSTINGS, documents.post_documents, sources=numbers, sample_every=job.parameters.sample_every)
    unknown = numbers.get("", -1) & 0xFFFFFFFF
    limit = job.parameters.boilerplate_limit
    return run(sort_by(postings, "key"), keys.FOUND, keys.judge_keys, limit=limit, unknown=unknown)


def _pair_stories(job: Job, texts: DataFrame, stars: DataFrame) -> DataFrame:
    narrow = texts.select("text", "shingles", "bands", "dead").join(_labels(stars), "text", "left")
    labelled = narrow.withColumn("story", sf.coalesce("story", "text"))
    living = run(labelled, keys.LIVING, keys.post_living, sample_every=job.parameters.sample_every)
    return run(sort_by(living, "key"), keys.FOUND, keys.pair_stories)


def _choose(job: Job, found: DataFrame, texts: DataFrame) -> DataFrame:
    is_band = sf.col("is_band").cast("long")
    shared = found.where(f"kind = {keys.SHARED}").groupBy("a", "b").agg(sf.sum(1 - is_band).alias("hits"), sf.sum(is_band).alias("bands"))
    # Cheap, and leaves nothing out that could be chosen.
    shared = shared.where((sf.col("hits") >= job.parameters.min_shared_samples) | (sf.col("bands") > 0))
    return run(_with_both(shared, texts, "living"), pairs.PAIRS, pairs.choose_pairs, parameters=job.parameters)


def _verify(job: Job, candidates: DataFrame, texts: DataFrame) -> DataFrame:
    return run(_with_both(candidates, texts, "rare", "shingles"), pairs.PAIRS, pairs.verify_pairs, parameters=job.parameters)


def _place(job: Job, docs: DataFrame, stars: DataFrame) -> DataFrame:
    labelled = docs.drop("bands", "url_hash", "points_to").join(_labels(stars), "text", "left")
    together = labelled.withColumn("story", sf.coalesce("story", "text"))
    step = partial(stories.place_stories, agency_hosts=load_agency_hosts(), outlet_hosts=load_outlet_hosts(), moves=_find_moves(docs))
    return run(sort_by(together, "story"), stories.PLACEMENTS, step)


def _find_moves(docs: DataFrame) -> dict[str, str]:
    """Hosts whose articles point to one other site, as ``corpus.told`` finds them."""
    hosts = docs.groupBy("said_host").agg(sf.count("*").alias("pages"))
    pointing = docs.where("points_to IS NOT NULL").groupBy("said_host", "points_to").agg(sf.count("*").alias("pointing"))
    moved = pointing.join(hosts, "said_host").where(f"pointing >= {MIN_PAGES} AND pointing * 100 >= {MOVED_SHARE_PERCENT} * pages")
    return {row["said_host"]: row["points_to"] for row in moved.collect()}


def _write(log: DataFrame, placements: DataFrame, folder: Path) -> DataFrame:
    shown = log.join(placements, ["part", "row_index"])
    columns = [*ARTICLES.names, "signed_by_others", *(name for name in stories.PLACEMENTS.names if name not in ("part", "row_index"))]
    ordered = sort_by(shown.select(*columns), "home", "order_time", "order_id")
    return run(ordered, parts.WRITTEN, parts.write_parts, folder=str(folder), parameters=store_parameters(), sign=sign_article)


def _labels(stars: DataFrame) -> DataFrame:
    return stars.select(sf.col("a").alias("text"), sf.col("b").alias("story"))


def _with_both(found: DataFrame, texts: DataFrame, *columns: str) -> DataFrame:
    for side in ("a", "b"):
        found = found.join(texts.select(sf.col("text").alias(side), *(sf.col(name).alias(f"{name}_{side}") for name in columns)), side)
    return found


def _read_logs(spark: SparkSession, logs: Sequence[Path]) -> DataFrame:
    """The rows of all parts, with the place of each; files of other names are not ours, and parts that others have merged are as good as gone."""
    # Without partitions: the folder's day would become a column, and several roots would have none in common.
    checked = spark.read.option("parquet.page.verify-checksum.enabled", "true")
    frame = checked.option("recursiveFileLookup", "true").parquet(*(str(log) for log in logs))
    path = sf.col("_metadata.file_path")
    place = (sf.regexp_extract(path, _PART, 1).alias("day"), sf.regexp_extract(path, _PART, 2).alias("part"))
    rows = frame.select(*ARTICLES.names, *place, sf.col("_metadata.row_index").alias("row_index")).where("part != ''")
    paths = [(str(path.absolute()),) for log in logs for path in log.rglob("*.parquet") if re.search(_PART, str(path))]
    files = spark.createDataFrame(paths, from_arrow_schema(parts.FILES)).repartition(spark.sparkContext.defaultParallelism)
    merged = run(files, parts.NAMES, parts.read_merged).cache()
    rows = rows.join(merged, "part", "left_anti") if merged.count() else rows
    others = run(files, parts.NAMES, parts.find_signed_by_others, parameters=store_parameters()).cache()
    if not others.count():
        return rows.withColumn("signed_by_others", sf.lit(False))
    named = rows.join(others.withColumn("named", sf.lit(True)), "part", "left")
    return named.withColumn("signed_by_others", sf.coalesce("named", sf.lit(False))).drop("named")


def check_folders(logs: Sequence[Path], out: Path) -> None:
    """Raise CorpusError for a log that is no folder of articles, and for an output folder that is a crawl's own."""
    for log in logs:
        if not log.is_dir():
            raise CorpusError(f"{log}: expected a folder of articles, found {'a file' if log.exists() else 'nothing'}")
        if next(log.rglob("*.parquet"), None) is None:
            raise CorpusError(f"{log}: expected parts of articles (crawl_date=…/*.parquet), found none")
    if (out / "articles").exists():
        raise CorpusError(
            f"{out}: expected a folder of its own, found the output of a crawl (it has articles/): its index would not know the result"
        )


def _put_in_place(new: Path, final: Path) -> None:
    new.mkdir(parents=True, exist_ok=True)
    if final.exists() and not exchange_folders(new, final):
        final.rename(new.with_suffix(".old"))
    if not final.exists() or new.with_suffix(".old").exists():
        new.rename(final)
