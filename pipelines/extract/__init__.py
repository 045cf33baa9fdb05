"""Extract: a fetched page becomes a draft of an article, or a rejection that says why not.

Here belongs whatever needs the page's HTML: decoding, the pre-scan, the only parse, JSON-LD and meta, the decision which blocks are the
article, and its metadata. What needs only the text belongs to ``scrub``; who wrote it and where it was copied, to ``attribute``.

Reasons of the stage ``extract``:

empty_page    no bytes, only spaces, or no element
not_html      binary, JSON, plain text, a feed or sitemap
undecodable   a damaged gzip body
too_large     over 20 MB, over 3 MB without scripts, or over 50,000 elements
too_deep      nested so deeply that the parser would lose text in silence
no_text       neither the page nor its JSON-LD holds an article's text
not_article   the text is a list of links: a front page, a tag page
paywalled     no or too little text, and the publisher says that it is not free or shows a wall
live_blog     no or too little text on a page that calls itself a live blog
"""

from pipelines.extract.article import EXTRACTORS, extract_article
from pipelines.extract.block_model import BlockModel
from pipelines.extract.page_blocks import page_blocks
from pipelines.extract.parse import parse_drawn_page, parse_page
from pipelines.extract.thin import explain_thin

__all__ = ["EXTRACTORS", "BlockModel", "explain_thin", "extract_article", "page_blocks", "parse_drawn_page", "parse_page"]
