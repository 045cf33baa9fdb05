"""Which texts are old, so that their shingles, half of what the index takes, are not kept: ``recall`` computes them again.

How old a text is, is told by its newest document and the newest of all documents, never by the clock. What is kept changes no result.
"""

from __future__ import annotations

from pipelines.dedup import tables
from pipelines.dedup.packing import pack_shingles
from pipelines.dedup.work import Work

FORGOTTEN_AT_ONCE = 10_000
"""Texts that one fold forgets at most, 15 MB of pages in its transaction; the rest is left to the next one."""
_DAY = 86_400_000_000
_NEVER = (1 << 63) - 1


def note_ages(work: Work) -> None:
    """Keep again what was recalled for documents of this fold, and look again at the age of texts whose documents moved."""
    changes, arrived = work.changes, {arrival.member.text: arrival.member.fetched_at for arrival in work.arrivals}
    left = {text for text, _, _ in work.moved.values()}
    again = sorted(work.recalled & (arrived.keys() | left))
    packed = pack_shingles([work.shingles[text] for text in again], work.parameters.sample_every)
    changes.shingles += [(text, own, tables.encode(work.bands[text]), 0) for text, own in zip(again, packed, strict=True)]
    # The next fold that forgets finds out how old they are.
    changes.ages += [(0, text) for text in sorted(left)]
    changes.newest = max([changes.newest, *(tables.as_microseconds(time) or 0 for time in arrived.values())])


def forget_old(work: Work, keep_days: float) -> None:
    """Forget some texts all of whose documents were fetched so many days before the newest one; those of this fold's documents stay.

    A text that no document carries any more stays for good: nobody could tell it again.
    """
    changes, connection = work.changes, work.connection
    before = changes.newest - round(keep_days * _DAY)
    seemingly = set(tables.read_kept_before(connection, before, FORGOTTEN_AT_ONCE)) - work.own_texts()
    newest = tables.read_newest(connection, sorted(seemingly))
    for text in sorted(seemingly):
        if (age := newest.get(text, _NEVER)) < before:
            changes.forgotten.append(text)
        else:
            changes.ages.append((age, text))
    work.counts["forgotten"] += len(changes.forgotten)
