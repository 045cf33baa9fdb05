"""The ``syndicated`` spider."""

from crawler.spiders.base import SourceSpider


class SyndicatedSpider(SourceSpider):
    """Crawl outlets and republishers, whose pages carry wire copy."""

    name = "syndicated"
    kinds = ("outlet", "syndicator")
