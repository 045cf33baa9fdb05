"""An object store as a place for datasets: keys below ``DATASETS_URI``, through ``pyarrow.fs``.

A PUT of a whole object is the one atomic step here: it replaces what was there, and a reader gets the old object or the new one. There is no
rename, no lock and no flush; a local folder needs none of this and is no object store (``files.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from pipelines.errors import CorpusError

SETTING = "DATASETS_URI"
STORES = ("s3", "gs", "gcs", "abfs", "abfss")
"""Schemes that Arrow itself knows and where an object appears when it is complete; HDFS, where a file grows in view, is none of them."""
MEMORY = "memory"
"""fsspec's file system of one process: for trying things out."""
EXAMPLES = "s3://bucket/prefix, gs://bucket/prefix, abfss://container@account.dfs.core.windows.net/prefix or file:///folder"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class ObjectPath:
    """A key of an object store, with as much of pathlib's interface as the store needs. Raises CorpusError naming setting and key when the store does not do what it is asked."""

    filesystem: fs.FileSystem = field(compare=False, repr=False)
    key: str
    """Bucket and path, as Arrow has them."""
    scheme: str = "s3"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.key}"

    def __truediv__(self, name: str) -> ObjectPath:
        return ObjectPath(self.filesystem, f"{self.key}/{name}" if self.key else name, self.scheme)

    @property
    def parent(self) -> ObjectPath:
        """The key without its last part."""
        return ObjectPath(self.filesystem, self.key.rpartition("/")[0], self.scheme)

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return Path(self.name).stem

    @property
    def suffix(self) -> str:
        """The suffix of the name, with its dot."""
        return Path(self.name).suffix

    def exists(self) -> bool:
        """Say whether there is an object of this key, or any below it."""
        found: fs.FileInfo = self._ask(lambda: self.filesystem.get_file_info(self.key))
        return bool(found.type != fs.FileType.NotFound)

    def sizes(self) -> dict[ObjectPath, int]:
        """Return {object below this key, however deep: its bytes}."""
        selector = fs.FileSelector(self.key, recursive=True, allow_not_found=True)
        found: list[fs.FileInfo] = self._ask(lambda: self.filesystem.get_file_info(selector))
        files = (info for info in found if info.type == fs.FileType.File)
        return {ObjectPath(self.filesystem, info.path.removeprefix("/"), self.scheme): info.size for info in files}

    def open(self) -> pa.NativeFile:
        """Return the object as a file to be read in pieces. Raises FileNotFoundError when it is not there."""
        return self._ask(lambda: self.filesystem.open_input_file(self.key))

    def write(self, content: pa.Buffer) -> None:
        """Put a whole object. In one piece: Arrow completes the upload of a stream that an exception closes, and half a file would be seen."""

        def put() -> None:
            stream = self.filesystem.open_output_stream(self.key)
            try:
                stream.write(content)
            finally:
                stream.close()

        self._ask(put)

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the object."""
        try:
            self._ask(lambda: self.filesystem.delete_file(self.key))
        except FileNotFoundError:
            if not missing_ok:
                raise

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise CorpusError(f"{SETTING} {self}: {' '.join(str(error).split())}") from error


Place = Path | ObjectPath
"""Where a file of a dataset lies."""


def parquet_files(folder: Place) -> list[Place]:
    """Return every ``*.parquet`` below a folder or key, sorted; [] if it is not there."""
    if isinstance(folder, ObjectPath):
        return [path for path in sorted(folder.sizes()) if path.suffix == ".parquet"]
    return sorted(folder.rglob("*.parquet"))


UNREADABLE = (OSError, pa.ArrowException, UnicodeDecodeError)
"""What comes out of reading a Parquet file that is damaged; the last where a name in its footer is."""


def open_parquet(source: Place | pa.NativeFile) -> pq.ParquetFile:
    """Return a file to read, every page checked against its checksum if it has one; what is opened here goes when the result does."""
    return pq.ParquetFile(source.open() if isinstance(source, ObjectPath) else source, page_checksum_verification=True)


def check_log(datasets: Place) -> None:
    """Raise CorpusError where no ``articles/`` lies; asks the store if it is one."""
    if not (datasets / "articles").exists():
        raise CorpusError(f"{datasets}: expected a corpus, found no articles/ folder")


def open_datasets(uri: str) -> Place:
    """Return where ``DATASETS_URI`` puts the datasets: a folder for file:///…, else a key. Asks no server anything.

    Raises CorpusError naming the setting for a URI that cannot be used, or that holds a secret: those belong into the environment.
    """
    shown = uri.partition("?")[0]
    try:
        parts = urlsplit(uri)
        secret = parts.password or (parts.username and parts.scheme == "s3")
    except ValueError as error:
        raise CorpusError(f"{SETTING} must be a URI like {EXAMPLES}, got {shown!r}: {error}") from error
    if secret:
        raise CorpusError(f"{SETTING} must not hold a key or password; put them into the environment, e.g. AWS_ACCESS_KEY_ID")
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/") and not parts.query:
        return Path(parts.path)
    if parts.scheme not in (*STORES, MEMORY) or not parts.netloc:
        raise CorpusError(f"{SETTING} must be a URI like {EXAMPLES}, got {shown!r}")
    try:
        filesystem, key = _open_memory(parts.netloc + parts.path) if parts.scheme == MEMORY else fs.FileSystem.from_uri(uri)
    except (OSError, ValueError, ImportError, pa.ArrowException) as error:
        raise CorpusError(f"{SETTING} {shown}: cannot be used: {error}") from error
    return ObjectPath(filesystem, key.strip("/"), parts.scheme)


def check_objects(root: ObjectPath) -> None:
    """Raise CorpusError naming the setting unless objects can be listed, written and deleted below root: before anything is fetched."""
    bucket, probe = root.key.partition("/")[0], root / "staging" / "probe"
    if root.scheme != MEMORY and not ObjectPath(root.filesystem, bucket, root.scheme).exists():
        raise CorpusError(f"{SETTING} {root}: expected the bucket {bucket!r} to be there, found none of that name")
    probe.write(pa.py_buffer(b"Written and deleted at every start, to see that it can be.\n"))
    probe.unlink(missing_ok=True)  # Two starts at once use one.


def _open_memory(key: str) -> tuple[fs.FileSystem, str]:
    import fsspec  # type: ignore[import-untyped,import-not-found,unused-ignore]  # An extra of the reader's: only this scheme needs it.

    return fs.PyFileSystem(fs.FSSpecHandler(fsspec.filesystem("memory"))), key
