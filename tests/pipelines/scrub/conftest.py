"""Drafts for the tests of the scrub stage, all written for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from pipelines.records import Block, Draft

STORY = (
    "The harbour council voted on Tuesday to close the old ferry terminal, ending a service that has carried commuters across the bay for ninety years.",
    "Passengers learned of the decision from a notice at the ticket window, and several said they had been promised at least one more summer of crossings.",
    "The operator blamed falling revenue and the price of repairs, which it put at four million, for a pier that storms have damaged twice since the autumn.",
    "Councillors from the northern shore opposed the plan and said they would ask a court to review whether the public had been consulted as the law requires.",
    "A replacement bus will run every twenty minutes from July, the transport office said, though it takes forty minutes longer than the boat at busy hours.",
    "Nobody at the ticket window on Wednesday morning could say what would happen to season tickets that had been sold for the whole of the coming year.",
)


@pytest.fixture
def story() -> tuple[str, ...]:
    """Six paragraphs of an article in which nothing is to be cut."""
    return STORY


@pytest.fixture
def draft() -> Callable[..., Draft]:
    """A draft whose blocks are these texts; a text that starts with "# " is a heading, with "- " a list item."""

    def build(texts: Iterable[str], **fields: object) -> Draft:
        kinds = {"# ": "heading", "- ": "list_item"}
        blocks = tuple(
            Block(text=text[2:] if text[:2] in kinds else text, kind=kinds.get(text[:2], "paragraph"), position=position)  # type: ignore[arg-type]
            for position, text in enumerate(texts)
        )
        values: dict[str, object] = {
            "url": "https://daily.example/ferry",
            "canonical_url": None,
            "title": None,
            "standfirst": None,
            **fields,
        }
        return Draft(blocks=blocks, **values)  # type: ignore[arg-type]

    return build
