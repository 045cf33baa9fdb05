"""Scrub: what extraction left around the article is cut, and kept in ``removed`` with the reason.

Here belongs what can be known from the text alone: the tail, furniture by its words, captions and credits, repeats; and, over many texts of
one source, what they share (``source_memory.py``). Word lists are data, in the TOML files beside the modules: one file a language in ``words/``.
Reason of the stage ``scrub``: too_short.
"""

from pipelines.scrub.scrub import scrub_draft
from pipelines.scrub.source_memory import cut_source_lines, learn_lines, note_lines

__all__ = ["cut_source_lines", "learn_lines", "note_lines", "scrub_draft"]
