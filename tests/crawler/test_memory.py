"""What a long run's process does with memory that is freed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.crawler.conftest import ROOT

SCRIPT = "import crawler.settings, pyarrow; print(pyarrow.default_memory_pool().backend_name)"


@pytest.mark.parametrize(("wanted", "backend"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_arrow_takes_the_allocator_of_the_system(wanted: str | None, backend: str) -> None:
    """It gives back what is freed; who names another one gets that."""
    environment = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    if wanted:
        environment["ARROW_DEFAULT_MEMORY_POOL"] = wanted
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == backend
