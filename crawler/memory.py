"""Memory of a long run: what is freed goes back to the system."""

from __future__ import annotations

import ctypes
import os

_M_ARENA_MAX = -8
"""``mallopt`` of glibc (malloc.h)."""
ARENAS = 2


def trim_memory() -> None:
    """Give back now what was freed in between: after work that took much for a while. Nothing is done where the C library has no such call."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def return_freed_memory() -> None:
    """Let this process keep little of what it freed; before pyarrow is imported. A replay of 4,000 pages grew by 180 MB, and by 30 MB with this.

    pyarrow takes the system's allocator: its own keeps what batches and folds took. All threads share two heaps: glibc gives each thread
    one of its own, up to eight a core. Nothing is done where the C library has no such option. Sources: mallopt(3), Arrow's list of
    environment variables.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
