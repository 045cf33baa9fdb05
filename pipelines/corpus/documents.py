"""Documents of any origin: rows of a file, read in batches as what dedup needs.

Used are the fields of ``records.Document`` where they are there, so that a log written by a crawl can be read as well as somebody else's
table. A row that cannot be used is a counted rejection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from pipelines.corpus.inputs import MAX_CHARACTERS, TIMES, Row, count_bytes, count_rows, find_files, read_json_rows, read_parquet_rows
from pipelines.corpus.objects import UNREADABLE
from pipelines.errors import CorpusError
from pipelines.records import Document

SIGNATURE_BYTES = 512
"""Of the column ``minhash`` (docs/dedup.md)."""
IsOwnSignature = Callable[[bytes, Document], bool | None]
"""Says whether a signature is what we would make of the document; None where it has none."""
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""``fetched_at`` of a document that has neither that nor ``published_at``."""


@dataclass(slots=True)
class Tally:
    """What became of the rows that were read. ``seen`` = documents that came out + ``rejected``."""

    seen: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason: ``no_id``, ``no_text``, ``too_long``, ``bad_json``, ``bad_<field>``; the caller adds ``duplicate_id``."""
    unread: Counter[str] = field(default_factory=Counter)
    """Times that could not be read, by field: the documents were kept without them."""
    other_signatures: int = 0
    """Documents with a ``minhash`` of other parameters than ours; it is not used, and they were kept."""
    examples: dict[str, str] = field(default_factory=dict)
    """Where each reason or unread field was met first, and ``minhash`` of other parameters."""

    def add_rejection(self, reason: str, place: str) -> None:
        """Count a rejected row."""
        self.rejected[reason] += 1
        self.examples.setdefault(reason, place)


class DocumentFile:
    """The documents of one input, to be read once. Raises CorpusError, naming the path, for one that cannot be used."""

    def __init__(self, path: Path, *, is_own_signature: IsOwnSignature | None = None) -> None:
        self.tally = Tally()
        self._is_own_signature = is_own_signature
        self._file_is_signed_by_us: bool | None = None
        self.path = path
        self._files = find_files(path)
        self._is_parquet = self._files[0].name.endswith(".parquet")
        self.size = sum(map(count_rows if self._is_parquet else count_bytes, self._files))
        """Rows of Parquet, bytes of JSON lines: what positions count up to."""

    def batches(self, size: int = 1000, *, characters: int = 32_000_000) -> Iterator[tuple[list[Document], int]]:
        """Yield up to size documents at a time, of up to so many characters of text unless it is one, and the position reached."""
        documents: list[Document] = []
        position = total = 0
        for row in self._rows():
            position = row.position
            self.tally.seen += 1
            outcome = row.values if isinstance(row.values, str) else make_document(row.values, self.tally, row.place)
            if isinstance(outcome, Document) and not isinstance(row.values, str) and (signature := row.values.get("minhash")) is not None:
                self._count_signature(signature, outcome, row.place)
            if isinstance(outcome, str):
                self.tally.add_rejection(outcome, row.place)
                continue
            if documents and total + len(outcome.text) > characters:
                yield documents, position
                documents, total = [], 0
            documents.append(outcome)
            total += len(outcome.text)
            if len(documents) == size:
                yield documents, position
                documents, total = [], 0
        yield documents, position

    def _count_signature(self, signature: Any, document: Document, place: str) -> None:
        """Count a signature of other parameters: of another size, or in a file whose first signature is not what we make of its text."""
        data = _as_bytes(signature)
        if self._is_own_signature and self._file_is_signed_by_us is None and data is not None:
            self._file_is_signed_by_us = self._is_own_signature(data, document)
        if data is None or len(data) != SIGNATURE_BYTES or self._file_is_signed_by_us is False:
            self.tally.other_signatures += 1
            self.tally.examples.setdefault("minhash", place)

    def _rows(self) -> Iterator[Row]:
        done = 0
        for path in self._files:
            self._file_is_signed_by_us = None
            row = Row({}, "", 0)
            try:
                for row in read_parquet_rows(path) if self._is_parquet else read_json_rows(path):
                    yield row._replace(position=done + row.position)
            except (*UNREADABLE, EOFError) as error:
                raise CorpusError(f"{path}: cannot be read on after {row.place or 'its start'}: {error}") from error
            done += row.position


def make_document(values: Mapping[str, Any], tally: Tally, place: str) -> Document | str:
    """Return a row as a document, or the reason why it is none. A time without zone is UTC; one that cannot be read counts as unknown."""
    article_id, text = _as_text(values.get("article_id")), values.get("text")
    if not article_id:
        return "no_id"
    if not isinstance(text, str):
        return "no_text" if text is None else "bad_text"
    if len(text) > MAX_CHARACTERS:
        return "too_long"
    text = _mend(text)
    facts: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or value == "" or name in ("article_id", "text", "minhash"):
            continue
        if name in TIMES:
            if (moment := read_time(value)) is None:
                tally.unread[name] += 1
                tally.examples.setdefault(name, place)
            facts[name] = moment
        elif name == "agencies":
            if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(item, str) for item in value):
                return "bad_agencies"
            facts[name] = tuple(value)
        elif (known := _as_text(value)) is None:
            return f"bad_{name}"
        else:
            facts[name] = known
    facts["fetched_at"] = facts.get("fetched_at") or facts.get("published_at") or UNKNOWN_TIME
    facts.setdefault("source", "")
    return Document(article_id=article_id, text=text, **facts)


def _as_bytes(signature: Any) -> bytes | None:
    """A signature may be bytes, or their hex digits where there are no bytes, as in JSON; None if it is neither."""
    if isinstance(signature, str):
        try:
            return bytes.fromhex(signature)
        except ValueError:
            return None
    return signature if isinstance(signature, bytes) else None


def read_time(value: Any) -> datetime | None:
    """Return a date, a datetime or ISO 8601 text as aware UTC; None if it is none of these. Without zone it is taken as UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None


def _as_text(value: Any) -> str | None:
    """Ids and names may be whole numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _mend(value) if isinstance(value, str) else None


def _mend(text: str) -> str:
    """JSON can hold half a surrogate pair, which is no character."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
