"""The catalogue: reading sources from TOML, and choosing among them. What is wrong is told all at once, before anything is fetched."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pipelines.discover.entry import read_entry
from pipelines.errors import SourceError
from pipelines.records import Source, SourceKind

MAX_FILE_BYTES = 8 * 1024 * 1024


def load_sources(path: Path) -> list[Source]:
    """Return every source of a TOML file, or of the ``*.toml`` files of a folder by name, disabled ones included.

    Raises SourceError that names every problem of every file, one a line: file, entry, field, what was expected, what was found.
    """
    path = Path(path)
    sources: list[Source] = []
    problems: list[str] = []
    places: dict[str, str] = {}
    for file in _catalogue_files(path):
        for index, entry in enumerate(_read_entries(file, problems)):
            place = f"{file.name}: source[{index}]"
            source, wrong = read_entry(entry)
            name = entry.get("name") if isinstance(entry, Mapping) else None
            label = f"{place} {name!r}" if isinstance(name, str) else place
            problems.extend(f"{label}: {problem}" for problem in wrong)
            if isinstance(name, str) and name:
                if name in places:
                    problems.append(f"{label}: name must be unique, {places[name]} has it already")
                places.setdefault(name, place)
            if source is not None:
                sources.append(source)
    if problems:
        raise SourceError("\n".join(problems))
    if not sources:
        raise SourceError(f"{path}: expected at least one [[source]] entry, found none")
    return sources


def select_sources(
    sources: Sequence[Source], names: Sequence[str] | None = None, kinds: Iterable[SourceKind] | None = None
) -> list[Source]:
    """Return the enabled sources of these kinds (None: all), in catalogue order; names narrows them (None or empty: all).

    Raises SourceError when a name is unknown (with names that are near), disabled (with its note) or of another kind, or when
    nothing is left: a crawl of nothing would look like a good one.
    """
    wanted_kinds = None if kinds is None else tuple(kinds)
    by_name = {source.name: source for source in sources}
    problems = [problem for name in dict.fromkeys(names or ()) if (problem := _why_not(name, by_name, wanted_kinds))]
    if problems:
        raise SourceError("\n".join(problems))
    chosen = [
        source
        for source in sources
        if source.enabled and (wanted_kinds is None or source.kind in wanted_kinds) and (not names or source.name in names)
    ]
    if not chosen:
        of_kind = f" of kind {' or '.join(wanted_kinds)}" if wanted_kinds else ""
        raise SourceError(f"expected at least one enabled source{of_kind}, found none among the catalogue's {len(sources)}")
    return chosen


def _why_not(name: str, by_name: Mapping[str, Source], kinds: tuple[SourceKind, ...] | None) -> str | None:
    source = by_name.get(name)
    if source is None:
        near = get_close_matches(name.lower(), by_name, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "'scrapy sources list' shows those there are"
        return f"source {name!r} is not in the catalogue; {hint}"
    if not source.enabled:
        return f"source {name!r} is disabled: {source.note.strip() or 'its entry says enabled = false'}"
    if kinds is not None and source.kind not in kinds:
        return f"source {name!r} is of kind {source.kind}, this crawl takes {' and '.join(kinds)}; 'scrapy crawl news' takes all"
    return None


def _catalogue_files(path: Path) -> list[Path]:
    if path.is_dir():
        try:
            files = sorted(file for file in path.iterdir() if file.suffix == ".toml" and not file.name.startswith("."))
        except OSError as error:
            raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
        if not files:
            raise SourceError(f"{path}: expected *.toml files in this folder, found none")
        return files
    if not path.exists():
        raise SourceError(f"{path}: expected a TOML file or a folder of them, found no such path")
    return [path]


def _read_entries(file: Path, problems: list[str]) -> list[Any]:
    """Return the entries of one file; what keeps it from being read goes to problems."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            problems.append(f"{file.name}: expected a catalogue, found a file above {MAX_FILE_BYTES // 2**20} MiB")
            return []
        # Editors on Windows put a byte order mark first, which TOML forbids.
        content = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problems.append(f"{file.name}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        problems.append(f"{file.name}: expected UTF-8, found byte 0x{error.object[error.start]:02x} at position {error.start}")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problems.append(f"{file.name}: expected TOML, found: {error}")
    else:
        return _entries_of(content, file, problems)
    return []


def _entries_of(content: dict[str, Any], file: Path, problems: list[str]) -> list[Any]:
    for key in content:
        if key != "source":
            hint = ", did you mean [[source]]?" if key.lower().startswith("source") else ""
            problems.append(f"{file.name}: expected only [[source]] entries, got {key!r}{hint}")
    entries = content.get("source", [])
    if isinstance(entries, dict):
        problems.append(f"{file.name}: expected [[source]] with two brackets, got [source]")
        return []
    if not isinstance(entries, list):
        problems.append(f"{file.name}: expected [[source]] entries, got source = {entries!r:.60}")
        return []
    if not entries and content.keys() <= {"source"}:
        problems.append(f"{file.name}: expected at least one [[source]] entry, found none")
    return entries
