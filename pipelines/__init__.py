"""Everything that happens to a page after it is fetched; never imports Scrapy, Twisted or ``crawler``.

discover -> (fetch) -> extract -> scrub -> attribute -> (log) -> dedup -> corpus -> report. Stages know ``records``, ``errors``, ``urls``,
``text`` and ``sqlite``, and not each other; ``chain`` holds their order.
"""
