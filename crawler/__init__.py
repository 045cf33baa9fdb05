"""Everything that imports Scrapy: thin spiders, middlewares, item pipelines and commands over ``pipelines``."""

from crawler.memory import return_freed_memory

return_freed_memory()
