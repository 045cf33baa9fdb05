"""Our dedup beside others', over the same documents in one run: ``python -m benchmarks.dedup``.

A made-up corpus (``benchmarks.corpora``) of each size, with the labelled documents of ``COPYDESK_EVAL`` mixed into it where they are there. Every engine reads
the same stream in a process of its own, as its own documentation says it is used: word 5-grams, 128 permutations, Jaccard 0.7. Printed
per engine: documents per CPU second with everything (tokens to stories), peak memory of the process, bytes a document, and pair
precision, recall and F1 on the made-up stories and pair F1 on the labelled ones. Of ours also documents per CPU second of the fold alone, without tokens, shingles
and signatures; and with ``--new 50000`` what so many more documents cost, settled.

datasketch is a dependency, rensa comes with ``pip install -e '.[bench]'``. datatrove pins versions that this project cannot use: it is measured
where it can be imported, for instance from another environment's packages at the end of ``sys.path``, and told as not installed elsewhere. text-dedup
is a command over data sets of Hugging Face and gives no function for a stream of documents.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TextIO

from benchmarks.corpora import EVAL, NOON, LabelledDocument, make_corpus
from pipelines.dedup import FOLD_SIZE, Collection
from pipelines.dedup.shingles import shingle_documents
from pipelines.dedup.signature import band_keys
from pipelines.records import Document

KIT = EVAL / "dedup" / "dev"
_WORD = re.compile(r"\w+")
_THRESHOLD = 0.7


Placed = tuple[str, str]
"""An article_id, and its story."""


class Engine(Protocol):
    """One way to find stories."""

    def add(self, documents: Sequence[Document]) -> None:
        """Take in documents."""
        ...

    def stories(self) -> Iterator[list[Placed]]:
        """Yield (article_id, story) of every document, some at a time."""
        ...

    def index_bytes(self) -> int | None:
        """Return the size of the index on disk; None where it is in memory."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Ours:
    """``scrapy dedup`` without reading and writing the files."""

    def __init__(self) -> None:
        self._collection = Collection()

    def add(self, documents: Sequence[Document]) -> None:
        """Fold them."""
        self._collection.add(documents)

    def settle(self) -> None:
        """Judge again what lost words to boilerplate."""
        self._collection.settle()

    def stories(self) -> Iterator[list[Placed]]:
        """Settle, and tell all."""
        self.settle()
        for some in self._collection.memberships():
            yield [(one.article_id, one.story_id) for one in some]

    def index_bytes(self) -> int | None:
        """Tables and run files."""
        return self._collection.index_bytes()

    def close(self) -> None:
        """Delete the index."""
        self._collection.close()


class InMemory:
    """What the others have in common: documents by number, joined in pairs."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.signatures: list[Any] = []
        self._above: list[int] = []

    def new(self, article_id: str, signature: Any) -> int:
        """Number a document."""
        self.ids.append(article_id)
        self.signatures.append(signature)
        self._above.append(len(self._above))
        return len(self._above) - 1

    def join(self, one: int, other: int) -> None:
        """Make one cluster of two."""
        self._above[self._top(one)] = self._top(other)

    def stories(self) -> Iterator[list[Placed]]:
        """Yield the cluster of every document."""
        for begin in range(0, len(self.ids), FOLD_SIZE):
            yield [(self.ids[number], self.ids[self._top(number)]) for number in range(begin, min(begin + FOLD_SIZE, len(self.ids)))]

    def index_bytes(self) -> int | None:
        """Return None: there is nothing on disk."""
        return None

    def close(self) -> None:
        """Nothing is open."""

    def _top(self, number: int) -> int:
        while (above := self._above[number]) != number:
            self._above[number] = number = self._above[above]
        return number


class Datasketch(InMemory):
    """MinHash and MinHashLSH of datasketch; pairs by estimated Jaccard similarity."""

    def __init__(self) -> None:
        from datasketch import MinHash, MinHashLSH

        super().__init__()
        self._new = MinHash
        self._lsh = MinHashLSH(threshold=_THRESHOLD, num_perm=128)

    def add(self, documents: Sequence[Document]) -> None:
        """Sign, ask, insert."""
        for document in documents:
            signature = self._new(num_perm=128)
            shingles = word_shingles(document.text)
            signature.update_batch([shingle.encode() for shingle in shingles])
            number = self.new(document.article_id, signature)
            # Of an empty set all would be equal.
            if shingles:
                for other in self._lsh.query(signature):
                    if signature.jaccard(self.signatures[other]) >= _THRESHOLD:
                        self.join(number, other)
                self._lsh.insert(number, signature)


class Rensa(InMemory):
    """RMinHash and RMinHashLSH of rensa; pairs by estimated Jaccard similarity."""

    def __init__(self) -> None:
        from rensa import RMinHash, RMinHashLSH

        super().__init__()
        self._new = RMinHash
        self._lsh = RMinHashLSH(threshold=_THRESHOLD, num_perm=128, num_bands=16)

    def add(self, documents: Sequence[Document]) -> None:
        """Sign, ask, insert."""
        for document in documents:
            signature = self._new(num_perm=128, seed=1)
            shingles = word_shingles(document.text)
            signature.update(list(shingles))
            number = self.new(document.article_id, signature)
            if shingles:
                for other in self._lsh.query(signature):
                    if signature.jaccard(self.signatures[other]) >= _THRESHOLD:
                        self.join(number, other)
                self._lsh.insert(number, signature)


class Datatrove(InMemory):
    """Signatures of datatrove's MinHash stage with its defaults (word 5-grams, 14 buckets of 8), joined as its next stages do: by one
    equal bucket. In memory instead of through files between the stages."""

    def __init__(self) -> None:
        from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._stage = MinhashDedupSignature(self._folder.name)
        self._buckets: dict[tuple[int, ...], int] = {}

    def add(self, documents: Sequence[Document]) -> None:
        """Sign, and join with the first of each bucket."""
        for document in documents:
            shingles = self._stage.get_shingles(document.text)
            number = self.new(document.article_id, None)
            if len(shingles):
                for bucket, values in enumerate(self._stage.get_signature(shingles)):
                    self.join(number, self._buckets.setdefault((bucket, *values), number))

    def close(self) -> None:
        """Delete the stage's empty folder."""
        self._folder.cleanup()


ENGINES: dict[str, Callable[[], Engine]] = {"ours": Ours, "datasketch": Datasketch, "rensa": Rensa, "datatrove": Datatrove}


def word_shingles(text: str) -> set[str]:
    """Return the word 5-grams of a text, as the tools' own examples make them."""
    words = _WORD.findall(text.lower())
    return {" ".join(words[place : place + 5]) for place in range(len(words) - 4)}


def read_corpus(size: int, *, more: int = 0) -> Iterator[LabelledDocument]:
    """Yield the labelled documents, if there are any, at random places among made-up ones, size in all, their story is ""; then more made-up ones."""
    labelled = list(_read_labelled())
    draw = random.Random(size)
    draw.shuffle(labelled)
    places = set(draw.sample(range(size), min(len(labelled), size)))
    made, real = make_corpus(size + more - len(places)), iter(labelled)
    for place in range(size + more):
        yield next(real) if place in places else next(made)


def _read_labelled() -> Iterator[LabelledDocument]:
    if not (KIT / "docs.jsonl.gz").is_file():
        return
    import gzip

    with gzip.open(KIT / "docs.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            yield LabelledDocument(Document(article_id=row["id"], text=row["text"], source=row["source"], fetched_at=NOON), "")


def measure(name: str, size: int, *, new: int = 0) -> dict[str, Any]:
    """Run one engine over one corpus, in this process, and return the figures; new: so many documents come to ours when all are told."""
    documents = read_corpus(size, more=new)
    before = _peak_bytes()
    engine: Engine = ENGINES[name]()
    adding = signing = telling = 0.0
    with tempfile.TemporaryFile("w+") as truth_file, tempfile.TemporaryFile("w+") as stories_file:
        for some in _folds(islice(documents, size)):
            _spool(truth_file, ((one.document.article_id, one.story) for one in some))
            added, signed = _time_adding(engine, [one.document for one in some])
            adding, signing = adding + added, signing + signed
        waiting = engine.stories()
        while True:
            start = time.process_time()
            placed = next(waiting, None)
            telling += time.process_time() - start
            if placed is None:
                break
            _spool(stories_file, placed)
        # What scoring takes is no engine's.
        disk, peak = engine.index_bytes(), _peak_bytes()
        truth, stories = _read_spooled(truth_file), _read_spooled(stories_file)
    made = {article_id: story for article_id, story in truth.items() if story}
    figures = {
        "engine": name, "documents": size, "per_cpu_second": size / (adding + telling), "peak_mb": peak / 2**20,
        "fold_per_cpu_second": size / (adding - signing) if signing else None,
        "bytes_a_document": (disk if disk is not None else peak - before) / size, "index": "disk" if disk is not None else "memory",
        **score_pairs(made, stories), "labelled_f1": score_labelled({key: stories[key] for key in truth.keys() - made.keys()}),
    }  # fmt: skip
    if new and isinstance(engine, Ours):
        figures["new"] = new
        figures["new_seconds"], figures["new_signing_seconds"] = _time_new(engine, documents)
    engine.close()
    return figures


def _spool(file: TextIO, pairs: Iterable[Placed]) -> None:
    file.writelines(f"{article_id}\t{story}\n" for article_id, story in pairs)


def _read_spooled(file: TextIO) -> dict[str, str]:
    file.seek(0)
    return {article_id: story for article_id, _, story in (line.rstrip("\n").partition("\t") for line in file)}


def _folds(documents: Iterable[LabelledDocument]) -> Iterator[list[LabelledDocument]]:
    waiting = iter(documents)
    while some := list(islice(waiting, FOLD_SIZE)):
        yield some


def _time_adding(engine: Engine, documents: Sequence[Document]) -> tuple[float, float]:
    """Let an engine add documents. Return its CPU seconds, and how many of them tokens, shingles and signatures took: 0 where that is not known."""
    start = time.process_time()
    engine.add(documents)
    added = time.process_time()
    if not isinstance(engine, Ours):
        return added - start, 0.0
    band_keys([text.shingles for text in shingle_documents(documents)])
    return added - start, time.process_time() - added


def _time_new(engine: Ours, documents: Iterable[LabelledDocument]) -> tuple[float, float]:
    """Let ours add documents and settle; return the CPU seconds without tokens, shingles and signatures, and those of these."""
    times = [_time_adding(engine, [one.document for one in some]) for some in _folds(documents)]
    start = time.process_time()
    engine.settle()
    settling = time.process_time() - start
    signing = sum(signed for _, signed in times)
    return sum(added for added, _ in times) - signing + settling, signing


def score_pairs(truth: dict[str, str], found: dict[str, str]) -> dict[str, float]:
    """Return pair precision, recall and F1 of the stories found."""

    def pairs(groups: Counter[Any]) -> int:
        return sum(size * (size - 1) // 2 for size in groups.values())

    both = pairs(Counter((story, found[article_id]) for article_id, story in truth.items()))
    precision = both / max(1, pairs(Counter(found[article_id] for article_id in truth)))
    recall = both / max(1, pairs(Counter(truth.values())))
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(1e-9, precision + recall)}


def score_labelled(found: dict[str, str]) -> float | None:
    """Return pair F1 on the labelled documents by their own scorer; None without them."""
    if not found:
        return None
    # Imported here: it brings the whole chain along, which no engine should carry.
    from benchmarks.quality import run_scorer

    predictions = [{"id": article_id, "cluster_id": story} for article_id, story in found.items()]
    printed = run_scorer("dedup/evaluate.py", predictions, str(KIT), "{predictions}")
    match = re.search(r"^pairs .*F1 ([\d.]+)", printed, re.MULTILINE)
    assert match is not None
    return float(match[1])


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every engine at every size, each in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedup", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument(
        "--sizes", default="20000,100000", help="documents, with commas (default: %(default)s; 500000,1000000 take minutes)"
    )
    parser.add_argument("--engines", default=",".join(ENGINES), help="default: %(default)s")
    parser.add_argument("--new", type=int, default=0, help="so many more documents come to ours in the end (default: none)")
    parser.add_argument("--one", action="store_true", help="measure the first engine at the first size in this process, and print JSON")
    options = parser.parse_args(arguments)
    sizes, engines = [int(size) for size in options.sizes.split(",")], options.engines.split(",")
    if options.one:
        print(json.dumps(measure(engines[0], sizes[0], new=options.new)))
        return 0
    print(
        f"{'engine':11s} {'documents':>9s} {'docs/CPU s':>10s} {'fold alone':>10s} {'peak MB':>8s} {'bytes/doc':>9s}  P      R      F1     labelled F1"
    )
    for size in sizes:
        for engine in engines:
            if engine != "ours" and importlib.util.find_spec(engine) is None:
                print(f"{engine:11s} is not installed")
                continue
            command = [
                sys.executable,
                "-m",
                "benchmarks.dedup",
                "--one",
                "--engines",
                engine,
                "--sizes",
                str(size),
                "--new",
                str(options.new),
            ]
            done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
            print_row(json.loads(done.stdout))
    return 0


def print_row(row: dict[str, Any]) -> None:
    """Print the figures of one engine."""
    labelled = f"{row['labelled_f1']:.4f}" if row["labelled_f1"] is not None else "-"
    fold = f"{row['fold_per_cpu_second']:,.0f}" if row["fold_per_cpu_second"] is not None else "-"
    print(
        f"{row['engine']:11s} {row['documents']:9,d} {row['per_cpu_second']:10,.0f} {fold:>10s} {row['peak_mb']:8,.0f} {row['bytes_a_document']:9,.0f}  "
        f"{row['precision']:.4f} {row['recall']:.4f} {row['f1']:.4f} {labelled}",
        flush=True,
    )
    if "new" in row:
        print(
            f"  {row['new']:,d} more: {row['new_seconds']:.1f} CPU s, and {row['new_signing_seconds']:.1f} s for tokens and signatures",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
