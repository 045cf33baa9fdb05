"""``scrapy`` whose stages end the process that reads a page with "deadly" in its address, as a crash in C code would.

Run as ``python -m tests.crawler.deadly_page``: the workers import it before their first task.
"""

import os
import signal

from pipelines import chain
from pipelines.records import FetchedPage, ParsedPage, Rejection

parse_page = chain.parse_page


def parse_or_die(page: FetchedPage) -> ParsedPage | Rejection:
    """Parse a page, unless it is a deadly one."""
    if "deadly" in page.url:
        os.kill(os.getpid(), signal.SIGKILL)
    return parse_page(page)


chain.parse_page = parse_or_die

if __name__ == "__main__":
    from scrapy.cmdline import execute

    execute()
