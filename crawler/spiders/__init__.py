"""The spiders: what to crawl. How a source becomes requests and responses become pages is in ``base``."""
