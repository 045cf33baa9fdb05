"""The newsroom on loopback, as the crawls of tests/crawler use it."""

from tests.crawler.conftest import newsroom, scrapy

__all__ = ["newsroom", "scrapy"]
