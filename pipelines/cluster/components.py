"""Connected components of more edges than one machine holds."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from pipelines.cluster.job import Job, run
from pipelines.cluster.pairs import PAIRS, contract


def connect(job: Job, edges: DataFrame, name: str) -> DataFrame:
    """Return the connected components of edges (a, b) as stars: each text with the smallest of its component, for all but that one.

    Large-star and small-star by turns until nothing changes, about log2 of the longest path many rounds.
    Source: Kiveris et al. 2014, Connected Components in MapReduce and Beyond.
    """
    # Each worker joins what it has: of most stories that leaves a star, and the rounds only prove it.
    stars = job.save(run(edges.select("a", "b"), PAIRS, contract), f"{name}-stars")
    before, turn = _signature(stars), 0
    while True:
        large = job.save(_large_star(stars), f"{name}-large-{turn % 2}")
        stars = job.save(_small_star(large), f"{name}-small-{turn % 2}")
        after, turn = _signature(stars), turn + 1
        if after == before:
            return stars
        before = after


def _large_star(edges: DataFrame) -> DataFrame:
    """Join every larger neighbor of a text to the smallest one."""
    both = edges.union(edges.select("b", "a"))
    smallest = both.groupBy("a").agg(sf.least("a", sf.min("b")).alias("low"))
    return both.where("b > a").join(smallest, "a").select(sf.col("b").alias("a"), sf.col("low").alias("b")).distinct()


def _small_star(edges: DataFrame) -> DataFrame:
    """Join a text and its smaller neighbors to the smallest of them; a is larger than b in every edge."""
    smallest = edges.groupBy("a").agg(sf.min("b").alias("low"))
    moved = edges.join(smallest, "a").where("b > low").select(sf.col("b").alias("a"), sf.col("low").alias("b"))
    return moved.union(smallest.select("a", sf.col("low").alias("b"))).distinct()


def _signature(edges: DataFrame) -> tuple[int, int]:
    row = edges.agg(sf.count("*"), sf.coalesce(sf.sum(sf.xxhash64("a", "b").cast("decimal(38,0)")), sf.lit(0))).collect()[0]
    return row[0], int(row[1])
