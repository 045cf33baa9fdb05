"""What the jobs share: the session, the rows that each step leaves, and how a step is run over a table."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.dedup import DedupParameters

logger = logging.getLogger(__name__)

Step = Callable[..., Any]
PARTITIONS_PER_CORE = 8
"""At 200,000 articles some 30 MB of postings in each on two cores."""


def open_session(master: str | None = None) -> SparkSession:
    """Return the session: that of spark-submit, else one of this process on all cores, or on master (``local[2]``)."""
    # Workers on this machine run what this process runs; a cluster's settings say otherwise.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("copydesk")
    if master:
        builder = builder.master(master)
    if master and master.startswith("local"):
        for name, value in _for_one_machine().items():
            builder = builder.config(name, value)
    session = builder.getOrCreate()
    # Arrow batches carry times in the session's zone, and ours are UTC.
    session.conf.set("spark.sql.session.timeZone", "UTC")
    return session


def _for_one_machine() -> dict[str, str]:
    """Settings where all workers are threads here, if nobody has made them: Spark's 200 partitions a step are 200 files of next to nothing."""
    wanted = {"spark.sql.shuffle.partitions": str(PARTITIONS_PER_CORE * (os.cpu_count() or 1)), "spark.ui.enabled": "false"}
    given = os.environ.get("PYSPARK_SUBMIT_ARGS", "")
    return {name: value for name, value in wanted.items() if name not in given}


@dataclass(slots=True)
class Job:
    """A session, and the folder where each step's rows are kept: nothing is computed twice, and a lost worker costs no earlier step."""

    spark: SparkSession
    work: Path
    parameters: DedupParameters = field(default_factory=DedupParameters)

    def save(self, frame: DataFrame, name: str) -> DataFrame:
        """Write the rows of a step and return them as they were written."""
        path = str(self.work / name)
        began = time.monotonic()
        frame.write.mode("overwrite").parquet(path)
        logger.info("%s: %.1f s", name, time.monotonic() - began)
        return self.spark.read.schema(frame.schema).parquet(path)


def sort_by(frame: DataFrame, *columns: str) -> DataFrame:
    """Bring all rows of one value of the first column to one worker, sorted."""
    return frame.repartition(sf.col(columns[0])).sortWithinPartitions(*columns)


def run(frame: DataFrame, schema: pa.Schema, step: Step, **options: Any) -> DataFrame:
    """Return the rows of a schema that a step, a function of Arrow batches, makes of the rows of a frame."""
    return frame.mapInArrow(partial(step, **options), from_arrow_schema(schema))
