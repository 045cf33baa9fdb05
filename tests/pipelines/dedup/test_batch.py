"""Dedup of a finite set of documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from datasketch import MinHashLSH

from pipelines.dedup import Collection, deduplicate, minhash_signature
from pipelines.dedup import batch as batch_module
from pipelines.dedup.batch import cut_batches
from pipelines.dedup.shingles import shingle_texts
from pipelines.errors import DedupError
from pipelines.records import Document

Write = Callable[..., str]
Make = Callable[..., Document]


def test_every_document_is_placed_in_order(write: Write, document: Make) -> None:
    """One row for each, as they came, over folds of any size."""
    documents = [document(f"d{number}", write(number % 5, 60), source=f"s{number}") for number in range(12)]
    placed = deduplicate(iter(documents), fold_size=5)
    assert [membership.article_id for membership in placed] == [one.article_id for one in documents]
    assert len({membership.story_id for membership in placed}) == 5


@pytest.mark.parametrize("characters", [1, 700, 2000, 10**6])
def test_long_documents_come_in_fewer_at_a_time(write: Write, document: Make, monkeypatch: pytest.MonkeyPatch, characters: int) -> None:
    """By the characters of their text, one alone at least; where they stand does not depend on it."""
    documents = [
        document(f"d{number}", f"{write(number % 4, 60)} {write(number, number)}", source=f"s{number % 3}") for number in range(24)
    ]
    batches = list(cut_batches(documents, 9, characters))
    assert [one for batch in batches for one in batch] == documents
    assert all(len(batch) == 1 or sum(len(one.text) for one in batch) <= characters for batch in batches)
    assert max(map(len, batches)) == {1: 1, 700: 1, 2000: 4, 10**6: 9}[characters]
    expected = deduplicate(documents)
    monkeypatch.setattr(batch_module, "FOLD_CHARACTERS", characters)
    assert deduplicate(documents, fold_size=9) == expected


@pytest.mark.parametrize("fold_size", [1, 3, 100])
def test_copies_without_a_source_are_found_in_every_fold(write: Write, document: Make, fold_size: int) -> None:
    """Whether the copy, its original or both come from nowhere: the stories are those of one fold."""
    names = [("", ""), ("", "known"), ("known", "")]
    pairs = [(write(number, 120), names[number % 3]) for number in range(9)]
    originals = [document(f"a{number}", text, source=one) for number, (text, (one, _)) in enumerate(pairs)]
    copies = [document(f"b{number}", text.rsplit(" ", 20)[0], source=other) for number, (text, (_, other)) in enumerate(pairs)]
    placed = deduplicate([*originals, *copies], fold_size=fold_size)
    assert [one.story_id[1:] for one in placed] == [str(number) for number in range(9)] * 2
    assert len({one.story_id for one in placed}) == 9


def test_a_collection_tells_all_at_the_end(write: Write, document: Make, tmp_path: Path) -> None:
    """Repeated ids are named and left out; the index lies in the folder until it is closed."""
    documents = [document(f"d{number}", write(number // 2, 60), source=f"s{number}", minutes=-number) for number in range(5)]
    with Collection(tmp_path) as collection:
        assert collection.add(documents[:3]) == []
        assert collection.add([documents[1], documents[3], documents[4], documents[4]]) == ["d1", "d4"]
        collection.settle()
        assert len(list(tmp_path.iterdir())) == 1
        placed = [membership for some in collection.memberships() for membership in some]
        assert collection.statistics()["texts"] == 3
    assert list(tmp_path.iterdir()) == []
    assert [(one.article_id, one.story_id, one.relation) for one in placed] == [
        ("d0", "d1", "exact"), ("d1", "d1", None), ("d2", "d3", "exact"), ("d3", "d3", None), ("d4", "d4", None),
    ]  # fmt: skip


def test_texts_that_lost_words_to_boilerplate_are_counted_as_judged_again(write: Write, document: Make) -> None:
    """Three documents share a paragraph; a fourth makes it their source's boilerplate, and the three are looked at anew."""
    documents = [document(f"d{number}", f"{write(number, 60)}\n\n{write('footer', 60)}") for number in range(4)]
    with Collection() as collection:
        collection.add(documents[:3])
        assert collection.statistics()["rejudged"] == 0
        collection.add(documents[3:])
        collection.settle()
        assert collection.statistics()["rejudged"] == 3


def test_nothing_gives_nothing() -> None:
    """An empty input is no error."""
    assert deduplicate([]) == []


def test_an_id_that_comes_twice_is_refused(write: Write, document: Make) -> None:
    """Within a fold or across folds."""
    twice = [document("a", write("a")), document("a", write("b"))]
    for fold_size in (1, 2):
        with pytest.raises(DedupError, match=r"\ba\b"):
            deduplicate(twice, fold_size=fold_size)


def test_what_datasketchs_own_index_finds_is_found(write: Write, document: Make) -> None:
    """The reference: pairs of estimated Jaccard 0.7 and more are one story here."""
    from datasketch import MinHash

    documents = []
    for number in range(40):
        words = write(number // 2, 150).split()
        documents.append(document(f"d{number:02}", " ".join(words[: 150 - 9 * (number % 2)]), source=f"s{number}"))
    lsh = MinHashLSH(threshold=0.7, num_perm=128)
    signatures = {}
    for one, shingled in zip(documents, shingle_texts([one.text for one in documents]), strict=True):
        signatures[one.article_id] = MinHash(hashvalues=minhash_signature(shingled.shingles), scheme="affine32")
        lsh.insert(one.article_id, signatures[one.article_id])
    story = {membership.article_id: membership.story_id for membership in deduplicate(documents)}
    pairs = {(one, other) for one, signature in signatures.items() for other in lsh.query(signature) if one != other}
    assert len(pairs) >= 30
    assert all(story[one] == story[other] for one, other in pairs)
