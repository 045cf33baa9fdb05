"""Where the files lie, and how one is written so that it is whole and durable, or absent.

In a folder, a file is written to ``staging/``, fsynced and renamed to its final name; in an object store (``objects.py``) it is put whole. Its writer holds an flock on the staging file until after the
rename: whoever can take that lock knows that the writer is gone. Age and process ids would be guesses.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.corpus.objects import ObjectPath, Place, check_objects, open_datasets
from pipelines.corpus.schema import BLOOM_COLUMNS, REPEATING_COLUMNS, SCHEMAS, Dataset, describe_file
from pipelines.errors import CorpusError

ROWS_PER_GROUP = 5_000
COMPRESSION_LEVEL = 3
"""zstd; 190 MB/s and a ratio of 2.6 on news text, where level 9 gives 42 MB/s and 2.9."""
COMPACT_LEVEL = 9
"""Of files that stay."""
_PART_NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{16}")
_DAY_FOLDER = re.compile(r"crawl_date=(\d{4}-\d{2}-\d{2})")


def make_part_name(now: datetime) -> str:
    """Return a new name: the UTC second and 64 random bits. A counter could rename over another run's part and destroy its articles."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"


Sign = Callable[[str, str | None], bytes | None]
"""Makes the signature of a text and its dateline."""


class Layout:
    """The folders below one output directory, and durable writes into them.

    parameters: of the stages, named by every file. sign: makes signatures with them (``signatures``).
    datasets_uri: where the datasets lie instead, see ``objects.open_datasets``; state and reports stay below the output directory.
    """

    def __init__(
        self,
        output_dir: Path,
        parameters: Mapping[str, Any],
        *,
        datasets_uri: str | None = None,
        sign: Sign | None = None,
    ) -> None:
        self.root = output_dir
        self.parameters = parameters
        self.sign = sign
        self.datasets: Place = open_datasets(datasets_uri) if datasets_uri else output_dir
        # On the file system that a file is renamed on.
        self.staging = (self.datasets if isinstance(self.datasets, Path) else output_dir) / "staging"
        self.state_file = output_dir / "state" / "copydesk.sqlite"
        self.index_folder = output_dir / "state" / "index"
        self.lock_file = output_dir / "state" / "fold.lock"
        self.watermarks = output_dir / "state" / "crawls"
        self._known_durable: set[Path] = set()

    def create(self) -> None:
        """Create every folder. Raises CorpusError naming the path, or the setting, that cannot be written."""
        folders = [self.root / "runs", self.staging, self.index_folder]
        if isinstance(self.datasets, Path):
            folders += [self.datasets / name for name in SCHEMAS]
        else:
            check_objects(self.datasets)
        for folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CorpusError(f"{folder}: expected a folder that can be written, {error.strerror or error}") from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise CorpusError(f"{folder}: expected a folder that can be written, found one without write permission")

    def path(self, dataset: Dataset, day: str, name: str) -> Place:
        """Return the path of a part; day is ``YYYY-MM-DD``."""
        return self.datasets / dataset / f"crawl_date={day}" / f"{name}.parquet"

    def relative(self, path: Place) -> str:
        """Return a path as it reads from where the datasets lie."""
        return str(path).removeprefix(f"{self.datasets}/")

    def write(
        self,
        dataset: Dataset,
        day: str,
        name: str,
        table: pa.Table,
        *,
        level: int = COMPRESSION_LEVEL,
        merges: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one part. When this returns it is durable under its name; when it raises it is there whole, or as it was before.

        level: of zstd. merges: the log parts that this one replaces. parameters: those of the layout, unless the rows are older.
        """
        final = self.path(dataset, day, name)
        table = table.replace_schema_metadata(describe_file(dataset, self.parameters if parameters is None else parameters, merges))
        if isinstance(final, ObjectPath):
            final.write(pack_parquet(table, level=level))
            return
        with claim_file(self.staging) as (descriptor, temporary):
            try:
                with os.fdopen(os.dup(descriptor), "wb") as file:
                    write_parquet(table, file, level=level)
                os.fsync(descriptor)
                self._make_durable_folder(final.parent)
                os.replace(temporary, final)  # noqa: PTH105 - beside the other calls that touch the disk
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)  # noqa: PTH108
                raise
        sync_folder(final.parent)

    def parts(self, dataset: Dataset) -> dict[str, str]:
        """Return {part name: day} of what is on disk now; files of other names are not ours."""
        found = {}
        for path in self.files(dataset):
            day = _DAY_FOLDER.fullmatch(path.parent.name)
            if day and path.suffix == ".parquet" and _PART_NAME.fullmatch(path.stem):
                found[path.stem] = day[1]
        return found

    def files(self, dataset: Dataset) -> Iterator[Place]:
        """Yield every file below a dataset, ours or not."""
        if isinstance(self.datasets, ObjectPath):
            yield from (self.datasets / dataset).sizes()
            return
        for folder, _, names in os.walk(self.datasets / dataset):
            yield from (Path(folder, name) for name in names)

    def sizes(self, dataset: Dataset, day: str | None = None) -> list[int]:
        """Return the bytes of every file below a dataset, or of one day."""
        folder = self.datasets / dataset
        if day is not None:
            folder = folder / f"crawl_date={day}"
        if isinstance(folder, ObjectPath):
            return list(folder.sizes().values())
        return [path.stat().st_size for path in folder.rglob("*") if path.is_file()]

    def clean_staging(self) -> int:
        """Remove what dead writers left and return how many; a file whose flock is taken has a living writer.

        Folders in staging are made only under the fold lock, which the caller holds: they go as well.
        """
        removed = 0
        for entry in list(os.scandir(self.staging)):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
                removed += 1
            else:
                removed += unlink_if_orphan(Path(entry.path))
        return removed

    def make_swap_folder(self) -> Path:
        """Return a new folder in staging, for files that are put in place all at once. Under the fold lock, whose holder may remove it."""
        folder = self.staging / f"swap-{secrets.token_hex(8)}"
        os.mkdir(folder)  # noqa: PTH102 - beside the other calls that touch the disk
        return folder

    def _make_durable_folder(self, folder: Path) -> None:
        # Also when another process made it: that one may have died before it synced the parent.
        if folder not in self._known_durable or not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
            self._known_durable.add(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def claim_file(folder: Path, *, prefix: str = "", suffix: str = ".parquet") -> Iterator[tuple[int, Path]]:
    """Create a temporary file under a new name, hold its flock for the block, and yield its descriptor and path.

    Whoever is to have it renames it within the block; what a killed writer leaves, ``unlink_if_orphan`` takes away.
    """
    while True:
        # One name per attempt, never used again.
        path = folder / f"{prefix}{secrets.token_hex(8)}{suffix}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink == 0:
                continue  # A cleaner came between open and flock.
            yield descriptor, path
            return
        finally:
            os.close(descriptor)


def write_parquet(table: pa.Table, file: Any, *, level: int = COMPRESSION_LEVEL) -> None:
    """Write a table as every file of ours is written; level: of zstd."""
    columns = set(table.column_names)
    rows = max(1, min(table.num_rows, ROWS_PER_GROUP))
    pq.write_table(
        table,
        file,
        compression="zstd",
        compression_level=level,
        row_group_size=ROWS_PER_GROUP,
        use_dictionary=[name for name in REPEATING_COLUMNS if name.split(".")[0] in columns],
        write_page_index=True,
        write_page_checksum=True,
        bloom_filter_options={name: {"ndv": rows, "fpp": 0.01} for name in BLOOM_COLUMNS if name in columns},
    )


def pack_parquet(table: pa.Table, *, level: int = COMPRESSION_LEVEL) -> pa.Buffer:
    """Return the bytes of a file as ``write_parquet`` writes it."""
    packed = pa.BufferOutputStream()
    write_parquet(table, packed, level=level)
    return packed.getvalue()


def unlink_if_orphan(path: Path) -> bool:
    """Remove a temporary file whose writer is gone, and say whether it was."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)  # noqa: PTH108
            return True
        finally:
            os.close(descriptor)
    return False
