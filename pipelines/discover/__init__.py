"""The discover stage: from the catalogue and from what sites announce to the URLs that a crawl may request.

Here belongs whatever turns bytes of a feed, sitemap or section page into ``Discovered`` records (``feeds``, ``sitemaps``,
``sections``, with ``body`` and ``dates`` below them), the catalogue of sources (``catalogue``, ``entry``), and the choice among what was
discovered (``filter``); ``survey`` is the sum for one answer; ``schedule`` and
``children`` say what is worth asking again, and when. Nothing here reads the network, and every function can run in a worker process.
"""

from pipelines.discover.agenda import plan_visits
from pipelines.discover.catalogue import load_sources, select_sources
from pipelines.discover.children import choose_children
from pipelines.discover.dates import parse_date
from pipelines.discover.endpoints import find_feeds, find_sitemaps
from pipelines.discover.feeds import read_feed
from pipelines.discover.filter import admit, describe_age, is_too_old, may_read
from pipelines.discover.reading import Reading
from pipelines.discover.schedule import due_sources, endpoints_of, is_due, next_revisit, plan_index_visit, plan_retry, plan_visit
from pipelines.discover.sections import looks_like_article, read_section
from pipelines.discover.sitemaps import read_sitemap
from pipelines.discover.survey import Survey, survey_endpoint

__all__ = [
    "Reading",
    "Survey",
    "admit",
    "choose_children",
    "describe_age",
    "due_sources",
    "endpoints_of",
    "find_feeds",
    "find_sitemaps",
    "is_due",
    "is_too_old",
    "load_sources",
    "looks_like_article",
    "may_read",
    "next_revisit",
    "parse_date",
    "plan_index_visit",
    "plan_retry",
    "plan_visit",
    "plan_visits",
    "read_feed",
    "read_section",
    "read_sitemap",
    "select_sources",
    "survey_endpoint",
]
