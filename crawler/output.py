"""Where the output is, as the settings say: the one place that reads OUTPUT_DIR and DATASETS_URI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from pipelines.corpus import Place, Store

# Stages are imported in the functions: every command of a project that has ours installed would wait for them.


def output_dir_of(settings: BaseSettings) -> Path:
    """Return the absolute path of OUTPUT_DIR."""
    return Path(settings["OUTPUT_DIR"]).expanduser().resolve()


def datasets_of(settings: BaseSettings) -> Place:
    """Return where ``articles/``, ``corpus/``, ``copies/`` and ``rejected/`` lie. Raises CorpusError for a DATASETS_URI that cannot be used."""
    from pipelines.corpus import open_datasets

    return open_datasets(uri) if (uri := settings.get("DATASETS_URI")) else output_dir_of(settings)


def open_store_of(settings: BaseSettings, *, recover: bool = True) -> Store:
    """Return the store as ``pipelines.chain.open_store`` opens it. Raises CorpusError when it cannot be used."""
    from pipelines.chain import open_store

    return open_store(
        output_dir_of(settings),
        datasets_uri=settings.get("DATASETS_URI"),
        keep_shingles_days=settings.getfloat("DEDUP_KEEP_SHINGLES_DAYS"),
        recover=recover,
    )
