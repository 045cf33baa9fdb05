"""What a run did, as data and for the eye: ``runs/<run_id>/report.json`` and the table at the end of a crawl."""

from pipelines.report.corpus_tables import print_corpus
from pipelines.report.funnel import Funnel, add_up, make_funnel, split_by_source
from pipelines.report.history import earlier_reports
from pipelines.report.hosts import HostTimes, slowest_hosts
from pipelines.report.monitors import Limits, Outcome, judge_run
from pipelines.report.page import write_page
from pipelines.report.run_report import RunReport, write_report
from pipelines.report.terminal import make_console, print_failures, print_report
from pipelines.report.webhook import failure_message, post_json, run_message

__all__ = [
    "Funnel",
    "HostTimes",
    "Limits",
    "Outcome",
    "RunReport",
    "add_up",
    "earlier_reports",
    "failure_message",
    "judge_run",
    "make_console",
    "make_funnel",
    "post_json",
    "print_corpus",
    "print_failures",
    "print_report",
    "run_message",
    "slowest_hosts",
    "split_by_source",
    "write_page",
    "write_report",
]
