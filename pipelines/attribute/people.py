"""Authors without agencies: who is left of an author field are people."""

from __future__ import annotations

import re

from pipelines.attribute.agencies import agency_of_author, has_agency_form
from pipelines.attribute.bylines import parse_byline
from pipelines.attribute.wordlists import either


def people_of_author(author: str) -> str | None:
    """Return an author field without its agencies: the people's names as written, None if nobody is left.

    ``TOM DOE, AP Auto Writer`` keeps Tom Doe; ``Dpa`` and ``AFP/The Local`` keep nobody, as an outlet is no person.
    """
    if agency_of_author(author):
        return None
    if not has_agency_form(author):
        return author
    author = re.sub(rf"^(?:{either('bylines', 'source')})[\s:]+", "", author, flags=re.IGNORECASE)
    if agency_of_author(author):
        return None
    byline = parse_byline(author)
    if byline is None or not (byline.agencies or byline.credited):
        return author
    people = [person for person in byline.people if len(person.split()) >= 2 and not person.casefold().startswith(("the ", "le ", "la "))]
    return ", ".join(people) or None
