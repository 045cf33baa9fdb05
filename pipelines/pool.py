"""Worker processes for what would block the crawl's event loop: extraction, and reading large feeds.

Processes come from a forkserver that has imported the chain once, so a recycled worker starts in milliseconds and no worker
inherits the crawl's locks and sockets. One task runs in one worker at a time: a page that hangs or kills its worker costs itself
only. Pebble does the bookkeeping (time limits, recycling, telling whose task a dead worker held).
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipelines.errors import PipelineError

logger = logging.getLogger(__name__)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# "__main__" because Python imports the main script into every worker otherwise, and under the scrapy command that means half a second of
# Scrapy at each start; in the forkserver it happens once. Nothing in the chain needs it.
START_TIMEOUT_SECONDS = 60.0
PRELOAD = ("__main__", "pipelines.chain", "pipelines.discover")


class WorkerLost(PipelineError):
    """The worker died on this task: killed, out of memory, or crashed in C code."""


class WorkerTimeout(PipelineError):
    """The task took longer than its time limit and its worker was stopped."""


class WorkerPool:
    """Runs module-level functions in worker processes; with workers=0 in this process, for debugging and tests."""

    def __init__(self, workers: int, *, timeout_seconds: float = 30.0, tasks_per_worker: int = 1000, memory_mb: int = 2048) -> None:
        self.workers = workers
        self._timeout_seconds = timeout_seconds
        self._tasks_per_worker = tasks_per_worker
        self._memory_mb = memory_mb
        self.cpu_seconds = 0.0
        """CPU time of all tasks that came back."""
        self._pool: ProcessPool | None = None
        self._in_flight: set[Future[Any]] = set()
        self._is_closed = False
        self._starting = asyncio.Lock()

    async def run(self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        """Return function(*args, **kwargs) from a worker.

        Raises WorkerTimeout or WorkerLost, and whatever the function raises. A pool that broke as a whole (its pipe died with a
        worker) is started again and the task tried once more.
        """
        if not self.workers:
            return function(*args, **kwargs)
        used = await self._ready()
        try:
            return await self._run_in(used, function, *args, **kwargs)
        except BrokenProcessPool:
            if self._is_closed:
                raise WorkerLost("the pool was closed") from None
            logger.warning("the worker pool broke and is started again")
            if self._pool is used:  # else another task has done so already
                await asyncio.to_thread(self._stop)
        try:
            return await self._run_in(await self._ready(), function, *args, **kwargs)
        except BrokenProcessPool as error:
            raise WorkerLost("the worker pool broke twice on this task") from error

    async def _ready(self) -> ProcessPool:
        async with self._starting:
            if self._is_closed:
                raise WorkerLost("the pool was closed")
            if self._pool is None or not self._pool.active:
                self._pool = await asyncio.to_thread(self._start)
            return self._pool

    async def _run_in(
        self, pool: ProcessPool, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        future = pool.schedule(_timed, args=(function, *args), kwargs=kwargs, timeout=self._timeout_seconds)
        self._in_flight.add(future)
        future.add_done_callback(self._in_flight.discard)
        try:
            result: Result
            result, seconds = await asyncio.wrap_future(future)
        except ProcessExpired as error:
            raise WorkerLost(f"worker ended with status {error.exitcode}") from error
        except TimeoutError as error:
            if error.args[:1] != ("Task timeout",):  # the function's own
                raise
            raise WorkerTimeout(f"no result after {self._timeout_seconds:g} s") from error
        self.cpu_seconds += seconds
        return result

    def _start(self) -> ProcessPool:
        """Return a running pool. The forkserver imports the chain first: a second or two, so not on the event loop."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOAD))
        pool = ProcessPool(
            max_workers=self.workers,
            max_tasks=self._tasks_per_worker,
            initializer=_prepare_worker,
            initargs=(self._memory_mb,),
            context=context,
        )
        try:
            pool.schedule(abs, args=(0,)).result(timeout=START_TIMEOUT_SECONDS)  # Pebble starts its processes with the first task
        except Exception as error:
            pool.stop()  # type: ignore[no-untyped-call]
            raise WorkerLost(f"no extraction worker came up within {START_TIMEOUT_SECONDS:g} s: {error!r}") from error
        return pool

    def close(self) -> None:
        """Stop the workers for good; whoever waits for a task gets WorkerLost. Blocks for up to a few seconds."""
        self._is_closed = True
        self._stop()

    def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
            for future in list(self._in_flight):
                with suppress(InvalidStateError):
                    future.set_exception(WorkerLost("the pool was closed"))


def _timed(function: Callable[..., Result], *args: Any, **kwargs: Any) -> tuple[Result, float]:
    """Runs in a worker: the result, and the CPU seconds that it took."""
    before = time.process_time()
    return function(*args, **kwargs), time.process_time() - before


def _prepare_worker(memory_mb: int) -> None:
    """Runs once in each worker.

    Workers give way to the crawl's own process, whose event loop must answer at once. A page that eats memory fails with
    MemoryError instead of taking the machine with it.
    """
    os.nice(5)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    if memory_mb:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
