"""What the tests of the store share: planted articles and an index that knows their stories."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.corpus import Store


def _load(name: str) -> ModuleType:
    # Once for all tests: conftest is the only module here that pytest imports by itself. Also run by the processes that are killed.
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"corpus_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def planted() -> ModuleType:
    """The module planted.py: make_article, draw_articles, open_store, find_violations."""
    return _load("planted")


@pytest.fixture(scope="session")
def faults() -> ModuleType:
    """The module test_faults.py: Points, Died."""
    return _load("test_faults")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output directory that does not exist yet."""
    return tmp_path / "output"


@pytest.fixture
def open_store(planted: ModuleType, out: Path) -> Iterator[Callable[..., Store]]:
    """Open a store on ``out`` as often as wanted; all of them are closed at the end."""
    opened: list[Store] = []

    def opens(folder: Path = out, **options: object) -> Store:
        opened.append(planted.open_store(folder, **options))
        return opened[-1]

    yield opens
    for store in opened:
        store.close()
