"""Whatever a page claims of itself, its metadata have the types of their columns, or are absent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.records import Draft

FETCHED_AT = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
KEYS = (
    "headline alternativeHeadline name author creator publisher datePublished dateCreated uploadDate dateModified inLanguage articleSection "
    "keywords isAccessibleForFree url @id mainEntityOfPage itemListElement"
).split()
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.sampled_from(
        [
            "2024-05-03T10:30:00+99:00",
            "9999-12-31",
            "<b>Jane</b>",
            "http://[",
            "By ",
            "(",
            "&#0;",
            "\ud83d\ude00",
            "{",
            ",,,;|",
            "Doe, ",
            " - ",
            "true",
        ]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "@value", "@id", "@type", "familyName"]), inner, max_size=3)
    ),
    max_leaves=12,
)
ARTICLES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8).map(lambda fields: {"@type": "NewsArticle", **fields})


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    article=ARTICLES,
    meta=st.dictionaries(st.sampled_from(["author", "og:title", "date", "og:locale", "robots", "section"]), st.text(max_size=60)),
)
def test_metadata_of_any_claims_are_well_formed(
    draft_of: Callable[..., Draft], news_page: Callable[..., str], article: dict[str, object], meta: dict[str, str]
) -> None:
    """Titles, names, dates and signals: right types, no dates of tomorrow, no empty strings."""
    head = "".join(
        f'<meta name="{key}" content="{value.translate(str.maketrans({chr(34): None, "<": None}))}">' for key, value in meta.items()
    )
    draft = draft_of(news_page(head=head, ld=article))
    texts = [draft.title, draft.section, draft.language, *draft.authors, *draft.tags]
    assert all(text is None or (isinstance(text, str) and text.strip() == text != "") for text in texts)
    for at in (draft.published_at, draft.modified_at):
        assert at is None or (datetime(1990, 1, 1, tzinfo=UTC) <= at <= FETCHED_AT and at.utcoffset() is not None)
    assert (draft.published_at is None) == (draft.date_source is None)
    assert draft.is_free in (None, True, False)
    assert draft.tdm_reserved in (None, True, False)
