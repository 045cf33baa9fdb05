"""The store: an append-only log of articles, and the corpus and copies derived from it.

``articles/`` is the truth; ``corpus/``, ``copies/`` and ``state/`` can be deleted and are rebuilt from it. docs/store.md tells the protocol
step by step. pyarrow is imported here and nowhere else. Belongs here: what the files look like, how they are written, found and checked.
"""

from pipelines.corpus.documents import DocumentFile, Tally
from pipelines.corpus.export import FORMATS, SHARD_ROWS, Choice, Exported, export_corpus
from pipelines.corpus.files import Layout
from pipelines.corpus.fold import Fold, StoryIndex
from pipelines.corpus.log import Batch
from pipelines.corpus.lookup import find_ids, find_placement, find_rejections, find_versions, is_article_id, read_articles, read_story
from pipelines.corpus.objects import Place, check_log, open_datasets
from pipelines.corpus.parts import read_part
from pipelines.corpus.placements import PLACEMENTS, check_target, open_placements
from pipelines.corpus.reading import Story, read_stories
from pipelines.corpus.rows import articles_from_table
from pipelines.corpus.run_lock import find_run, hold_run_lock
from pipelines.corpus.schema import ARTICLES, COPIES, CORPUS, REJECTED, SCHEMAS
from pipelines.corpus.store import Counts, Store
from pipelines.corpus.summary import Summary, summarize_corpus
from pipelines.corpus.window import Window, read_window

__all__ = [
    "ARTICLES",
    "COPIES",
    "CORPUS",
    "FORMATS",
    "PLACEMENTS",
    "REJECTED",
    "SCHEMAS",
    "SHARD_ROWS",
    "Batch",
    "Choice",
    "Counts",
    "DocumentFile",
    "Exported",
    "Fold",
    "Layout",
    "Place",
    "Store",
    "Story",
    "StoryIndex",
    "Summary",
    "Tally",
    "Window",
    "articles_from_table",
    "check_log",
    "check_target",
    "export_corpus",
    "find_ids",
    "find_placement",
    "find_rejections",
    "find_run",
    "find_versions",
    "hold_run_lock",
    "is_article_id",
    "open_datasets",
    "open_placements",
    "read_articles",
    "read_part",
    "read_stories",
    "read_story",
    "read_window",
    "summarize_corpus",
]
