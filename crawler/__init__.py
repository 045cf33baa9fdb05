"""Everything that imports Scrapy: thin spiders, middlewares, item pipelines and commands over ``pipelines``."""
