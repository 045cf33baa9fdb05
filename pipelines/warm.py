"""Imported by the process that workers are forked from: one page through all stages, so that each of them begins with models and word lists read.

Reading them takes 0.3 s of CPU, which every worker would pay, and each that takes a worn one's place.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pipelines.chain import process_page
from pipelines.records import Article, FetchedPage, Rejection

PAGE = """<!doctype html><html lang="en"><head><title>Harbour bridge to be repaired</title>
<meta property="og:type" content="article"><meta property="article:published_time" content="2026-11-20T08:30:00Z">
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Harbour bridge to be repaired", "author": {"@type": "Person", "name": "Ada Writer"}, "@context": "https://schema.org"}</script>
</head><body><nav><ul><li><a href="/news">News</a></li><li><a href="/sport">Sport</a></li></ul></nav><article><h1>Harbour bridge to be repaired</h1>
<p class="byline">By Ada Writer</p><p>PORTALDEN (AP) - The council voted on Friday to repair the bridge over the harbour before the winter, the mayor said.</p>
<figure><img src="/bridge.jpg" alt=""><figcaption>The bridge on Friday. Photo: Jane Doe/AFP</figcaption></figure>
<p>Ferries will cross every ten minutes while it is closed, and residents along the quay are to be told a week before work begins.Jane Doe / AFP - Getty Images</p>
<p>The harbour master told AFP that ships would be kept away from the middle span until the last of its bearings had been replaced.</p>
<p>Ada Writer, Portalden</p><div class="share"><a href="/mail">Share by mail</a> <a href="/print">Print</a></div><p>Photo: Jane Doe/AFP</p><p>Read more: <a href="/ferries">Ferries</a></p>
<p>(Reporting by Ada Writer; editing by Ben Reader)</p><p>The Associated Press contributed to this report.</p>
<p>This article was originally published on The Courier.</p><p>Source: AFP</p><p>© 2026 The Gazette. All rights reserved.</p></article><footer>© 2026 The Gazette</footer></body></html>"""


def warm_up() -> Article | Rejection:
    """Take the page through all stages and return what comes of it."""
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    return process_page(
        FetchedPage(url="https://gazette.example/2026/bridge", body=PAGE.encode(), encoding="utf-8", fetched_at=now, source="gazette")
    )


warm_up()
