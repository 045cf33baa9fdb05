"""First half of a fold: who came, where their texts stand, and what this makes boilerplate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import tables
from pipelines.dedup.arrays import distinct, expand_ranges, is_first, is_in, merge, pack, unpack
from pipelines.dedup.boilerplate import find_flips
from pipelines.dedup.members import describe_member
from pipelines.dedup.occurrences import flip_key
from pipelines.dedup.packing import pack_shingles, shorten
from pipelines.dedup.shingles import shingle_documents
from pipelines.dedup.signature import band_keys
from pipelines.dedup.work import Arrival, Work
from pipelines.errors import DedupError
from pipelines.records import Document


def take_in(work: Work, documents: Sequence[Document], moved: Sequence[Document], *, skip_known: bool = False) -> None:
    """Number the texts of the documents, withdraw what moved, add what came, and find what flips."""
    identify(work, documents, moved, skip_known=skip_known)
    arrived = {arrival.member.article_id: arrival for arrival in work.arrivals}
    gone = {article_id: place for article_id, place in work.moved.items() if arrived[article_id].place != place}
    if gone:
        work.changes.are_plain = False
        withdraw(work, gone)
    add_occurrences(work, [arrival.place for arrival in work.arrivals])


def identify(work: Work, documents: Sequence[Document], moved: Sequence[Document], *, skip_known: bool) -> None:
    """Shingle the documents and number their texts and sources. Raises DedupError for ids that are not as the caller says."""
    article_ids = [document.article_id for document in (*documents, *moved)]
    if len(set(article_ids)) < len(article_ids):
        twice = next(article_id for article_id in article_ids if article_ids.count(article_id) > 1)
        raise DedupError(f"each article_id may come once in a fold, got {twice!r} again")
    known = tables.find_articles(work.connection, article_ids)
    if repeated := [document.article_id for document in documents if document.article_id in known]:
        if not skip_known:
            raise DedupError(f"{repeated[0]}: a new document must have a new article_id, this one is in the index")
        work.skipped = repeated
        documents = [document for document in documents if document.article_id not in known]
    for document in moved:
        if document.article_id not in known:
            raise DedupError(f"{document.article_id}: a moved document must be in the index, this one is not")
    work.moved = {document.article_id: known[document.article_id] for document in moved}
    everyone = [*documents, *moved]
    shingled = shingle_documents(everyone)
    numbers = tables.find_texts(work.connection, [text.digest for text in shingled])
    state, changes, first_new_source = work.state, work.changes, len(work.state.source_names)
    digests: list[int] = []
    ages: list[int | None] = []
    new_shingles: list[NDArray[np.uint32]] = []
    for document, (digest, words, shingles) in zip(everyone, shingled, strict=True):
        if (text := numbers.get(digest)) is None:
            text = numbers[digest] = work.first_new_text + len(digests)
            digests.append(digest)
            ages.append(tables.as_microseconds(document.fetched_at))
            new_shingles.append(shingles)
        member = describe_member(document, text=text, words=words)
        arrival = Arrival(member, state.number_source(document.source), member.identity_hash)
        work.arrivals.append(arrival)
        row = tables.document_row(*arrival)
        if document.article_id in work.moved:
            changes.moved_documents.append((*row[1:], row[0]))
        else:
            changes.documents.append(row)
    new_texts = range(work.first_new_text, work.first_new_text + len(digests))
    bands, shortened = band_keys(new_shingles), shorten(new_shingles, every := work.parameters.sample_every)
    work.bands.update(zip(new_texts, bands, strict=True))
    work.shingles.update(zip(new_texts, shortened, strict=True))
    changes.shingles = list(zip(new_texts, pack_shingles(shortened, every), map(tables.encode, bands), ages, strict=True))
    changes.sources = [(number, state.source_names[number]) for number in range(first_new_source, len(state.source_names))]
    # Labels and counts follow in the end.
    changes.texts = [(text, digest) for text, digest in zip(new_texts, digests, strict=True)]
    state.reserve(new_texts.stop)


def withdraw(work: Work, gone: dict[str, tuple[int, int, int]]) -> None:
    """Take documents from where they stood: another crawl saw them first, as another source.

    The only way back for a flip. The shingles that had flipped in the source a document leaves are counted again over the
    whole source: slow, and rare.
    """
    state, texts = work.state, sorted({text for text, _, _ in gone.values()})
    left: dict[int, set[tuple[int, int]]] = {text: set() for text in texts}
    for member, url in tables.read_members(work.connection, texts, state.source_names):
        if member.article_id not in gone:
            left[member.text].add((state.source_numbers[member.source], url & 0xFFFFFFFFFFFFFFFF))
    for text, places in left.items():
        state.occurrences.replace(text, sorted(places))
    work.fetch(texts)
    work.touched.update(texts)
    for source in sorted({source for _, source, _ in gone.values()}):
        _, keys = work.keys_of(text for text, from_source, _ in gone.values() if from_source == source)
        _count_again(work, source, distinct(keys))


def _count_again(work: Work, source: int, keys: NDArray[np.uint32]) -> None:
    """Find which flips of a source among the keys its documents no longer bear out, and revive the shingles."""
    occurrences = work.state.occurrences
    flipped = keys[occurrences.is_flipped(flip_key(keys, np.full(len(keys), source, np.uint32)))]
    if not len(flipped):
        return
    carried = occurrences.texts_of_source(source, work.first_new_text).tolist()
    work.fetch(carried)
    texts, posted = work.keys_of(carried)
    use = is_in(posted, flipped)
    texts, posted = texts[use], posted[use]
    place, sources, urls = occurrences.expand(texts)
    own = sources == source
    place, sources, urls = place[own], sources[own], urls[own]
    still = find_flips(flip_key(posted[place], sources), texts[place], urls, limit=work.parameters.boilerplate_limit)
    before = flip_key(flipped, np.full(len(flipped), source, np.uint32))
    withdrawn = before[~is_in(before, still)]
    was_alive = occurrences.is_alive(texts, posted)
    occurrences.remove_flips(withdrawn)
    work.changes.withdrawn_flips = distinct(np.concatenate((work.changes.withdrawn_flips, withdrawn)))
    revived = ~was_alive & occurrences.is_alive(texts, posted)
    work.touched.update(texts[revived].tolist())
    work.posted = distinct(np.concatenate((work.posted, pack(posted[revived], texts[revived]))))


def add_occurrences(work: Work, places: Sequence[tuple[int, int, int]]) -> None:
    """Add the places (text, source, URL hash) that are new, post their living keys, and flip what is now boilerplate."""
    occurrences = work.state.occurrences
    texts, sources, urls = work.changes.places = _new_places(work, places)
    known = sorted({text for text in texts.tolist() if text < work.first_new_text})
    work.fetch(known)
    key_texts, keys = work.keys_of(texts.tolist())
    was_alive = np.zeros(len(keys), np.bool_)
    of_known = slice(0, np.searchsorted(key_texts, work.first_new_text))
    was_alive[of_known] = occurrences.is_alive(key_texts[of_known], keys[of_known])
    occurrences.add(texts, sources, urls)
    # One use for each new place of a text and each of its keys.
    first = np.searchsorted(key_texts, texts)
    counts = np.searchsorted(key_texts, texts, "right") - first
    place = expand_ranges(first, counts)
    uses = flip_key(keys[place], np.repeat(sources, counts))
    is_living = ~occurrences.is_flipped(uses)
    alive = was_alive.copy()
    alive[place[is_living]] = True
    revived = alive & ~was_alive
    work.posted = merge(work.posted, distinct(pack(keys[revived], key_texts[revived])))
    work.touched.update(distinct(key_texts[revived & (key_texts < work.first_new_text)]).tolist())
    work.entries = work.posted
    # Places are in the order of texts, known ones first. New texts are posted under all keys that they use.
    known_uses = slice(0, np.count_nonzero(key_texts[place] < work.first_new_text))
    uses_of_known = distinct(uses[known_uses][is_living[known_uses]])
    look_up(work, merge(*(unpack(some)[0] for some in (work.posted, uses_of_known))))
    flip(work, uses_of_known)


def look_up(work: Work, keys: NDArray[np.uint32]) -> None:
    """Read the postings of keys, sorted, that were not looked up yet."""
    keys = keys[is_first(keys)]
    if len(work.looked_up):
        keys = keys[~is_in(keys, work.looked_up)]
        if not len(keys):
            return
    work.looked_up = merge(work.looked_up, keys)
    work.entries = merge(work.entries, distinct(pack(*work.state.runs.find(keys))))


def flip(work: Work, uses_of_known: NDArray[np.uint64]) -> None:
    """Flip the source keys that this fold uses and more documents hold than the limit, and note which texts lose by it.

    uses_of_known: those that known texts use in places where they are new, sorted.
    """
    occurrences, limit = work.state.occurrences, work.parameters.boilerplate_limit
    keys, texts = unpack(work.entries)
    # Few keys have as many texts as a flip needs: those whose list reaches that much further.
    reaches = keys[limit:] == keys[:-limit]
    often = np.zeros(len(keys), np.bool_)
    for place_in_list in range(limit + 1):
        often[place_in_list : place_in_list + len(reaches)] |= reaches
    keys, texts = keys[often], texts[often]
    place, sources, urls = occurrences.expand(texts)
    held = flip_key(keys[place], sources)
    uses_of_new = held[texts[place] >= work.first_new_text]
    used = distinct(np.concatenate((uses_of_known, uses_of_new[~occurrences.is_flipped(uses_of_new)])))
    # Documents of no known source may come from anywhere: what they share is no source's boilerplate.
    if (unknown := work.state.source_numbers.get("")) is not None:
        used = used[unpack(used)[1] != unknown]
    counted = is_in(held, used)
    place, held = place[counted], held[counted]
    flips = find_flips(held, texts[place], urls[counted], limit=limit)
    if not len(flips):
        return
    hit = distinct(place[is_in(held, flips)].astype(np.uint64))
    keys, texts = keys[hit], texts[hit]
    was_alive = occurrences.is_alive(texts, keys)
    occurrences.add_flips(flips)
    work.changes.flips = flips
    died = was_alive & ~occurrences.is_alive(texts, keys)
    is_sample = (keys & np.uint32(1)) == 0
    np.subtract.at(work.state.living, texts[died & is_sample], 1)
    np.add.at(work.state.lost, texts[died], 1)
    work.weakened.update(distinct(texts[died & (texts < work.first_new_text)]).tolist())


def _new_places(work: Work, places: Sequence[tuple[int, int, int]]) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint64]]:
    """Return the places that no document stood at, sorted by text."""
    known = np.array(sorted({text for text, _, _ in places if text < work.first_new_text}), np.uint32)
    place, sources, urls = work.state.occurrences.expand(known)
    taken = set(zip(known[place].tolist(), sources.tolist(), urls.view(np.int64).tolist(), strict=True))
    new = sorted(set(places) - taken)
    return (
        np.array([text for text, _, _ in new], np.uint32),
        np.array([source for _, source, _ in new], np.uint32),
        np.array([url for _, _, url in new], np.int64).view(np.uint64),
    )
