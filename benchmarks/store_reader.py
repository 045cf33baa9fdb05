"""A plain reader beside the crawls of the kill test: what it gets must be right, or it must be told loudly."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.records import make_article_id
from pipelines.text import text_hash
from pipelines.urls import identity_url

COLUMNS = ["story_id", "article_id", "url", "canonical_url", "dateline", "text"]
PAUSE_SECONDS = 0.15


def read_pandas(corpus: Path) -> pd.DataFrame:
    """Return the corpus as pandas reads it."""
    return pd.read_parquet(corpus, columns=COLUMNS)


def read_duckdb(corpus: Path) -> pd.DataFrame:
    """Return the corpus as DuckDB reads it."""
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.sql(f"SELECT {', '.join(COLUMNS)} FROM read_parquet('{corpus}/**/*.parquet')").df()


class Reader:
    """Reads ``corpus/`` in a thread, with pandas and DuckDB in turn, and looks at each answer."""

    def __init__(self, output: Path, *, stories: Mapping[str, str]) -> None:
        self.corpus = output / "corpus"
        self.stories = stories
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        readers = (read_pandas, read_duckdb)
        while not self._stop.wait(PAUSE_SECONDS):
            if any(self.corpus.glob("*/*.parquet")):
                self.look(readers[self.counts["reads"] % 2])

    def look(self, read: Callable[[Path], pd.DataFrame]) -> None:
        """Read once; a loud failure is read again, as the documentation says."""
        self.counts["reads"] += 1
        try:
            frame = read(self.corpus)
        except Exception as error:  # whatever a reader raises when a file is replaced under it
            self.counts[f"loud: {type(error).__name__}"] += 1
            return
        self.counts["rows"] += len(frame)
        self.problems += [f"{read.__name__}: {problem}" for problem in self.find_problems(frame)]

    def find_problems(self, frame: pd.DataFrame) -> list[str]:
        """Return what no reader may see: a story or an article twice, a torn row, a story gone that had been there."""
        problems = [f"{name} twice" for name in ("story_id", "article_id") if frame[name].duplicated().any()]
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        problems += [f"torn row of {row['url']}" for row in rows if article_id_of(row) != row["article_id"]]
        seen = {self.stories[url] for url in frame["url"] if url in self.stories}
        self.counts["stories missed"] += len(self._seen - seen)
        self._seen |= seen
        return problems


def article_id_of(row: Mapping[str, str]) -> str:
    """Return the id that a row's own content gives."""
    return make_article_id(identity_url(row["url"], row["canonical_url"]), text_hash(row["text"], row["dateline"]))
