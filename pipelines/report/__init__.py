"""What a run did, as data and for the eye: ``runs/<run_id>/report.json`` and the table at the end of a crawl."""

from pipelines.report.corpus_tables import print_corpus
from pipelines.report.funnel import Funnel, add_up, make_funnel, split_by_source
from pipelines.report.hosts import HostTimes, slowest_hosts
from pipelines.report.page import write_page
from pipelines.report.run_report import RunReport, write_report
from pipelines.report.terminal import make_console, print_report

__all__ = [
    "Funnel",
    "HostTimes",
    "RunReport",
    "add_up",
    "make_console",
    "make_funnel",
    "print_corpus",
    "print_report",
    "slowest_hosts",
    "split_by_source",
    "write_page",
    "write_report",
]
