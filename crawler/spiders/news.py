"""The ``news`` spider."""

from crawler.spiders.base import SourceSpider


class NewsSpider(SourceSpider):
    """Crawl all enabled sources."""

    name = "news"
    kinds = ("wire", "outlet", "syndicator")
