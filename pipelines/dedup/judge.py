"""Second half of a fold: which texts belong together.

Everything that decides is a function of the set of documents: flips count documents, an edge depends on two texts and the flips, stories
are the components of the edges. What a fold leaves undone (texts that lost a little to new flips) is noted and done by settling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup import tables
from pipelines.dedup.arrays import unpack
from pipelines.dedup.candidates import find_candidates
from pipelines.dedup.intake import look_up
from pipelines.dedup.runs import Run
from pipelines.dedup.verify import is_same_story, rare_shingles
from pipelines.dedup.work import Work


def judge(work: Work) -> set[int]:
    """Compare the new and the touched texts with all others, and return the texts whose story changed."""
    state = work.state
    new_texts = range(work.first_new_text, state.text_count)
    weak = np.array(sorted(work.weakened), np.int64)
    lost = state.lost[weak]
    work.touched.update(weak[lost > work.parameters.judge_again_share * (state.living[weak] + lost)].tolist())
    touched = sorted(work.touched)
    work.fetch(touched)
    queries = np.array([*touched, *new_texts], np.uint32)
    texts, keys = work.keys_of(queries.tolist())
    alive = state.occurrences.is_alive(texts, keys)
    is_sample = (keys & np.uint32(1)) == 0
    state.living[queries] = 0
    np.add.at(state.living, texts[alive & is_sample], 1)
    state.lost[queries] = 0
    look_up(work, keys[alive & (texts < work.first_new_text)])
    edges = verify(work, find_edges_to_verify(work, queries))
    return update_stories(work, edges, tables.read_edges(work.connection, touched))


def find_edges_to_verify(work: Work, queries: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the candidate pairs of the queries."""
    keys, texts = unpack(work.entries)
    living = work.entries[work.state.occurrences.is_alive(texts, keys)]
    return find_candidates(living, queries, work.state.living, work.parameters)


def verify(work: Work, candidates: NDArray[np.uint64]) -> set[tuple[int, int]]:
    """Return the candidate pairs that are one story."""
    ones, others = (column.tolist() for column in unpack(candidates))
    needed = sorted({*ones, *others})
    work.shingles.update(tables.read_shingles(work.connection, [text for text in needed if text not in work.shingles]))
    shingles = work.shingles
    rare = rare_shingles({text: shingles[text] for text in needed}, work.state.occurrences, work.parameters.sample_every)
    return {
        (one, other)
        for one, other in zip(ones, others, strict=True)
        if is_same_story((rare[one], rare[other]), (shingles[one], shingles[other]), work.parameters)
    }


def update_stories(work: Work, edges: set[tuple[int, int]], before: set[tuple[int, int]]) -> set[int]:
    """Join what the edges join and part what withdrawn edges held together; return the texts whose label changed, or may have."""
    stories = work.state.stories
    added, withdrawn = edges - before, before - edges
    work.changes.edges, work.changes.withdrawn_edges = added, withdrawn
    changed: set[int] = set()
    for one, other in sorted(added):
        changed.update(stories.join(one, other))
    for label in sorted({stories.label(text) for edge in withdrawn for text in edge}):
        texts = set(stories.members(label))
        kept = tables.read_edges(work.connection, sorted(texts)) - withdrawn
        kept.update(edge for edge in added if edge[0] in texts)
        changed.update(stories.split(label, sorted(kept)))
    return changed


def post_keys(work: Work) -> tuple[list[Run], list[Run]]:
    """Write the new postings that are alive; return the runs to name and those no longer to name."""
    keys, texts = unpack(work.posted)
    alive = work.state.occurrences.is_alive(texts, keys)
    return work.state.runs.add(keys[alive], texts[alive])
