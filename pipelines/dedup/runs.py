"""Postings: which texts hold a key, in sorted run files that are written once and never changed.

A run is two columns of little-endian uint32, all keys in ascending order and then the text of each. Runs merge by levels (a log-structured merge
tree of fan-out 4). Which runs there are stands in SQLite, with their checksums: a file that no row names is an orphan of a killed
process. One SQLite row per posting instead would cost three times as much.
"""

from __future__ import annotations

import mmap
import os
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipelines.dedup.arrays import expand_ranges, is_first, pack, unpack
from pipelines.errors import DedupError

FAN_OUT = 4
_MERGED_AT_ONCE = 1 << 21
_IN_MEMORY = 1 << 19
_RUN_NAME = re.compile(r"[0-9a-f]{16}\.run")
_DTYPE = np.dtype("<u4")

Postings = tuple[NDArray[np.uint32], NDArray[np.uint32]]
"""Keys and texts, parallel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run file, as its SQLite row names it, and its columns."""

    name: str
    level: int
    count: int
    checksum: int
    """CRC-32 of the key column, and of the text column in the bits above; 0 where no other process will read the file."""
    keys: NDArray[np.uint32] = field(repr=False)
    texts: NDArray[np.uint32] = field(repr=False)
    mapped: mmap.mmap | None = field(default=None, repr=False)
    """The file, where the columns lie in it and not in memory."""

    def let_go(self) -> None:
        """Give back the memory that reading a mapped file took. The system keeps its pages as long as it has room."""
        if self.mapped is not None:
            self.mapped.madvise(mmap.MADV_DONTNEED)


class PostingRuns:
    """The runs of an index. What a fold adds or merges away becomes final when the caller has committed the rows that name it."""

    def __init__(self, folder: Path, *, is_durable: bool = True) -> None:
        self.folder = folder
        self.is_durable = is_durable
        self.runs: list[Run] = []
        self._filter = KeyFilter()

    def load(self, rows: Iterable[tuple[str, int, int, int]]) -> None:
        """Open the runs that the rows (name, level, count, checksum) name. Raises DedupError for one that is missing or damaged."""
        known = {run.name: run for run in self.runs}
        self.runs = [known.get(row[0]) or read_run(self.folder, *row) for row in rows]
        self._filter.fill(self.runs)

    def find(self, keys: NDArray[np.uint32]) -> Postings:
        """Return all postings of the given sorted distinct keys."""
        keys = keys[self._filter.may_have(keys)]
        found = [_find_in_run(run, keys) for run in self.runs] if len(keys) else []
        if not found:
            return np.zeros(0, np.uint32), np.zeros(0, np.uint32)
        return np.concatenate([part[0] for part in found]), np.concatenate([part[1] for part in found])

    def add(self, keys: NDArray[np.uint32], texts: NDArray[np.uint32]) -> tuple[list[Run], list[Run]]:
        """Write the postings, sorted by key, as a new run, merge levels that are full, and return (runs to name, runs no longer to name).

        The new files are durable when this returns. The old files stay until ``remove_files``.
        """
        if not len(keys):
            return [], []
        before = list(self.runs)
        self.runs.append(self._write(0, len(keys), [(keys, texts)]))
        self._filter.add(keys, self.runs)
        while len(full := [run for run in self.runs if run.level == self.runs[-1].level]) >= FAN_OUT:
            self.runs = [run for run in self.runs if run.level != full[0].level]
            self.runs.append(self._write(full[0].level + 1, sum(run.count for run in full), merge_runs(full)))
            self.remove_files(run.name for run in full if run not in before)
        if self.is_durable:
            sync_folder(self.folder)
        names, names_before = {run.name for run in self.runs}, {run.name for run in before}
        return [run for run in self.runs if run.name not in names_before], [run for run in before if run.name not in names]

    def _write(self, level: int, count: int, columns: Iterable[Postings]) -> Run:
        return write_run(self.folder, level=level, count=count, columns=columns, is_durable=self.is_durable)

    def remove_files(self, names: Iterable[str]) -> None:
        """Delete run files; one that is gone is fine."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def remove_orphans(self, names: Iterable[str]) -> None:
        """Delete every run file that is not among the names. Only for the holder of the fold lock."""
        named = set(names)
        self.remove_files(path.name for path in self.folder.iterdir() if _RUN_NAME.fullmatch(path.name) and path.name not in named)


class KeyFilter:
    """Which keys may be in some run: a bitmap of 8 to 16 bits a posting, by the upper bits of the key. Most keys of a new text are in none."""

    def __init__(self) -> None:
        self._bits = np.zeros(1 << 10, np.uint8)
        self._count = 0

    def fill(self, runs: Sequence[Run]) -> None:
        """Hold the keys of these runs."""
        self._count = sum(run.count for run in runs)
        self._bits = np.zeros(max(1 << 10, 1 << min(29, (2 * self._count - 1).bit_length())), np.uint8)
        for run in runs:
            for begin in range(0, run.count, _MERGED_AT_ONCE):
                self._set(run.keys[begin : begin + _MERGED_AT_ONCE])
            run.let_go()

    def add(self, keys: NDArray[np.uint32], runs: Sequence[Run]) -> None:
        """Hold some more keys, sorted; runs are all there are with them."""
        self._count += len(keys)
        if self._count > len(self._bits) < 1 << 29:
            self.fill(runs)
        else:
            self._set(keys)

    def may_have(self, keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Say of each key whether it may be there; False is certain."""
        slots = keys >> self._shift
        found = self._bits.take(slots >> np.uint32(3), mode="clip")
        found >>= slots.astype(np.uint8) & np.uint8(7)
        found &= np.uint8(1)
        return found.view(np.bool_)

    @property
    def _shift(self) -> np.uint32:
        return np.uint32(32 + 1 - (8 * len(self._bits)).bit_length())

    def _set(self, keys: NDArray[np.uint32]) -> None:
        if not len(keys):
            return
        slots = keys >> self._shift
        places = slots >> np.uint32(3)
        starts = np.flatnonzero(is_first(places))
        marks = np.left_shift(np.uint8(1), slots.astype(np.uint8) & np.uint8(7))
        self._bits[places[starts]] |= np.bitwise_or.reduceat(marks, starts)


def read_run(folder: Path, name: str, level: int, count: int, checksum: int) -> Run:
    """Open a run file and check its size and checksum. A large one stays on disk and is mapped. Raises DedupError naming the file."""
    path = folder / name
    try:
        size = path.stat().st_size
        if size != 2 * count * _DTYPE.itemsize:
            raise DedupError(f"{path}: run file should have {2 * count * _DTYPE.itemsize} bytes, has {size}; rebuild the index")
        mapped, data = _map(path) if count > _IN_MEMORY else (None, np.fromfile(path, _DTYPE))
    except OSError as error:
        raise DedupError(f"{path}: run file cannot be read: {error.strerror}; rebuild the index") from error
    keys, texts = data[:count], data[count:]
    found = _join_checksums(zlib.crc32(keys.data), zlib.crc32(texts.data))
    if found != checksum:
        raise DedupError(f"{path}: run file should have checksum {checksum:x}, has {found:x}; rebuild the index")
    run = Run(name=name, level=level, count=count, checksum=checksum, keys=keys, texts=texts, mapped=mapped)
    run.let_go()
    return run


def write_run(folder: Path, *, level: int, count: int, columns: Iterable[Postings], is_durable: bool = True) -> Run:
    """Write pieces of ascending postings, count in all, as one run file and return the run."""
    name = f"{secrets.token_hex(8)}.run"
    path = folder / name
    kept: list[Postings] = []
    with path.open("xb") as file:
        checksum = _write_columns(file, count, _keep_small(columns, kept, count), with_checksum=is_durable)
        file.flush()
        if is_durable:
            os.fsync(file.fileno())
    if count > _IN_MEMORY:
        mapped, data = _map(path)
        return Run(name=name, level=level, count=count, checksum=checksum, keys=data[:count], texts=data[count:], mapped=mapped)
    keys, texts = (np.concatenate([piece[column] for piece in kept]) for column in (0, 1))
    return Run(name=name, level=level, count=count, checksum=checksum, keys=keys, texts=texts)


def merge_runs(runs: Sequence[Run]) -> Iterator[Postings]:
    """Yield the postings of several runs in ascending order of keys, piece by piece, so that memory does not grow with the runs."""
    total = sum(run.count for run in runs)
    pieces = -(-total // _MERGED_AT_ONCE)
    # Keys are hashes: equal ranges of keys hold about equally many postings.
    limits = [(1 << 32) * piece // pieces for piece in range(1, pieces)]
    cuts = [[0, *(int(np.searchsorted(run.keys, np.uint32(limit))) for limit in limits), run.count] for run in runs]
    for piece in range(pieces):
        own = [(run, slice(cut[piece], cut[piece + 1])) for run, cut in zip(runs, cuts, strict=True)]
        postings = np.concatenate([pack(run.keys[part], run.texts[part]) for run, part in own])
        for run in runs:
            run.let_go()
        postings.sort()
        yield unpack(postings)


def sync_folder(folder: Path) -> None:
    """Make the names of new files durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_in_run(run: Run, keys: NDArray[np.uint32]) -> Postings:
    first = np.searchsorted(run.keys, keys)
    hit = run.keys[np.minimum(first, run.count - 1)] == keys
    first = first[hit]
    counts = np.searchsorted(run.keys, keys[hit], "right") - first
    found = np.repeat(keys[hit], counts), run.texts[expand_ranges(first, counts)]
    run.let_go()
    return found


def _map(path: Path) -> tuple[mmap.mmap, NDArray[np.uint32]]:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return mapped, np.frombuffer(mapped, _DTYPE)


def _keep_small(columns: Iterable[Postings], kept: list[Postings], count: int) -> Iterator[Postings]:
    for piece in columns:
        if count <= _IN_MEMORY:
            kept.append(piece)
        yield piece


def _write_columns(file: BinaryIO, count: int, columns: Iterable[Postings], *, with_checksum: bool) -> int:
    """Write keys to the first half of the file and texts to the second, piece by piece, and return the checksum of both, or 0."""
    sums, written = [0, 0], 0
    for piece in columns:
        for column, values in enumerate(piece):
            data = np.ascontiguousarray(values, _DTYPE)
            file.seek((column * count + written) * _DTYPE.itemsize)
            file.write(data.data)
            if with_checksum:
                sums[column] = zlib.crc32(data.data, sums[column])
        written += len(piece[0])
    return _join_checksums(*sums)


def _join_checksums(keys: int, texts: int) -> int:
    """SQLite integers are signed: the upper checksum loses its first bit."""
    return keys | (texts & 0x7FFFFFFF) << 32
