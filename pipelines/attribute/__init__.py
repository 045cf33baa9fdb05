"""Attribution: which agency's copy a text is, whom it credits, where it was taken from, and how each of these is known.

``read_marks`` reads the page before any text is cut; ``attribute_draft`` decides after. What an agency is called stands in
``agencies.toml``, what lines look like in ``lines.toml``: most improvements are an entry there and a test. docs/provenance.md lists every
signal with its confidence.
"""

from pipelines.attribute.agencies import Agency, agency_by_code, agency_of_host, agency_of_name, load_agencies
from pipelines.attribute.dateline import parse_dateline
from pipelines.attribute.east_asia import Dateline
from pipelines.attribute.marks import Mark, Marks, read_marks
from pipelines.attribute.resolve import attribute_draft

__all__ = [
    "Agency",
    "Dateline",
    "Mark",
    "Marks",
    "agency_by_code",
    "agency_of_host",
    "agency_of_name",
    "attribute_draft",
    "load_agencies",
    "parse_dateline",
    "read_marks",
]
