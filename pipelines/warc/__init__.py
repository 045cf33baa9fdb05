"""WARC files, in and out: records read past any damage, spans for workers, and a writer of WARC 1.1.

Needs the extra ``[warc]``. Reading: ``read_pages`` gives what a file holds, ``split_file`` where its parts begin. Sources: ISO 28500:2017
(WARC 1.1); FastWARC reads, warcio writes.
"""

from pipelines.warc.pages import ArchivedPage, Damage, PageNote, Skipped, read_pages
from pipelines.warc.spans import Span, split_file

__all__ = ["ArchivedPage", "Damage", "PageNote", "Skipped", "Span", "read_pages", "split_file"]
