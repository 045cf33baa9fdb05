"""A small invented news world served on loopback, for ``make demo``, the tests and the benchmarks.

What belongs here: the texts (``stories/``, one file a story with every article it became), the sites (``sites/``, one folder a
host with its page template and endpoints), and the code that turns both into pages, feeds and sitemaps, serves them as a
forward proxy, and says what a good crawl of them must find. Everything is written for this project; places, people and
companies are invented, agencies are named only as a real page would name them. Standard library only: what a crawl is
tested against must not share code with the crawler.
"""

from newsroom.server import Newsroom, ServedRequest
from newsroom.truth import ExpectedArticle, ExpectedRejection, load_rejections, load_truth
from newsroom.world import SOURCES_FILE, Resource, World, build_world

__all__ = [
    "SOURCES_FILE",
    "ExpectedArticle",
    "ExpectedRejection",
    "Newsroom",
    "Resource",
    "ServedRequest",
    "World",
    "build_world",
    "load_rejections",
    "load_truth",
]
