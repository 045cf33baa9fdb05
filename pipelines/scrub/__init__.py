"""Scrub: what extraction left around the article is cut, and kept in ``removed`` with the reason.

Here belongs what can be known from the text alone: the tail, furniture by its words, captions and credits, repeats. Word lists are data, in
the TOML files beside the modules: one file a language in ``words/``. Reason of the stage ``scrub``: too_short.
"""

from pipelines.scrub.scrub import scrub_draft

__all__ = ["scrub_draft"]
