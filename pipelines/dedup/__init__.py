"""Which articles tell one story, which copy stands for it, and how the others differ.

Belongs here: the matching form as shingles, MinHash signatures as datasketch makes them, the incremental story index
with its tables and run files, and the choice of the canonical copy. Reading articles and writing corpus files is the store's.
The method is described in ``docs/dedup.md``.
"""

from pipelines.dedup.batch import FOLD_CHARACTERS, FOLD_SIZE, Collection, deduplicate
from pipelines.dedup.canonical import Rank, choose_canonical, deciding_rule, rank_members, relate
from pipelines.dedup.fold import Fold
from pipelines.dedup.index import StoryIndex
from pipelines.dedup.members import Member, describe_members
from pipelines.dedup.parameters import DedupParameters
from pipelines.dedup.signature import MINHASH_SCHEME, minhash_bytes, minhash_signature

__all__ = [
    "FOLD_CHARACTERS",
    "FOLD_SIZE",
    "MINHASH_SCHEME",
    "Collection",
    "DedupParameters",
    "Fold",
    "Member",
    "Rank",
    "StoryIndex",
    "choose_canonical",
    "deciding_rule",
    "deduplicate",
    "describe_members",
    "minhash_bytes",
    "minhash_signature",
    "rank_members",
    "relate",
]
