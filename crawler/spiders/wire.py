"""The ``wire`` spider."""

from crawler.spiders.base import SourceSpider


class WireSpider(SourceSpider):
    """Crawl the agencies' own sites."""

    name = "wire"
    kinds = ("wire",)
