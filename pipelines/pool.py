"""Worker processes for what would block the crawl's event loop: extraction, and reading large feeds.

Processes come from a forkserver that has imported the chain once, so a recycled worker starts in milliseconds and no worker
inherits the crawl's locks and sockets. Pebble does the bookkeeping (time limits, recycling, telling whose task a dead worker held).

Each worker is a Pebble pool of its own, here called a *lane*: workers of one Pebble pool share its pipe and locks, and one that dies while
it holds them takes the tasks of all others with it. A lane holds two tasks, the one in its worker's hands and the next, so that the worker
need not wait for the event loop; the others wait here. A page that hangs or kills its worker costs itself only.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipelines.errors import PipelineError

logger = logging.getLogger(__name__)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# "__main__" because Python imports the main script into every worker otherwise, and under the scrapy command that means half a second of
# Scrapy at each start; in the forkserver it happens once. Nothing in the chain needs it.
# Two seconds of CPU, which a machine with ten times as much to do as it has cores for gives in half a minute; pages are lost beyond it.
START_TIMEOUT_SECONDS = 300.0
PRELOAD = ("__main__", "pipelines.discover", "pipelines.warm")
TASKS_PER_LANE = 2
# A worker that is killed between two tasks breaks its lane with the next task in it, which is not to blame: once may be chance.
MAX_BREAKS_PER_TASK = 2
WATCH_SECONDS = 5.0
# The limit of a task is CPU time: on a busy machine a page is slow through no fault of its own. One that only waits is stopped by the clock.
CLOCK_PER_CPU_SECOND = 5
# Objects more than before at which a process looks for cycles, workers and the crawl's own; Python's default is 700.
GC_THRESHOLD = 10_000


class WorkerLost(PipelineError):
    """The worker died on this task: killed, out of memory, or crashed in C code."""


class WorkerTimeout(PipelineError):
    """The task took more than its limit of CPU time, or five times as long by the clock, and its worker was stopped."""


class WorkerPool:
    """Runs module-level functions in worker processes; with workers=0 in this process, for debugging and tests.

    timeout_seconds: CPU time of one task. preload: modules that workers begin with, beside those of the chain; one that is not installed is passed over.
    """

    def __init__(
        self,
        workers: int,
        *,
        timeout_seconds: float = 30.0,
        tasks_per_worker: int = 1000,
        memory_mb: int = 2048,
        preload: Sequence[str] = (),
    ) -> None:
        self.workers = workers
        self.cpu_seconds = 0.0
        """CPU time of all tasks that came back."""
        self._timeout_seconds = timeout_seconds
        self._lanes = [_Lane(tasks_per_worker=tasks_per_worker, memory_mb=memory_mb, preload=preload) for _ in range(workers)]
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def run(self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        """Return function(*args, **kwargs) from a worker.

        Raises WorkerTimeout or WorkerLost, and whatever the function raises. A task whose lane broke before it was its turn is run
        in another; one that was the first in its lane is tried once more, and lost if that breaks too.
        """
        if not self.workers:
            return function(*args, **kwargs)
        breaks = 0
        while True:
            lane = await self._next_lane()
            task = object()
            lane.tasks.append(task)
            try:
                return await self._run_in(lane, task, function, *args, **kwargs)
            except _LaneBroken as broken:
                breaks += broken.first is task
                if breaks >= MAX_BREAKS_PER_TASK:
                    raise WorkerLost(f"the worker broke off {breaks} times on this task") from broken
            finally:
                lane.tasks.remove(task)
                self._wake_one()

    async def _next_lane(self) -> _Lane:
        """The lane with the fewest tasks, as soon as one has room; first come, first served."""
        lane = min(self._lanes, key=lambda lane: len(lane.tasks))
        while len(lane.tasks) >= TASKS_PER_LANE:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake_one()
                raise
            lane = min(self._lanes, key=lambda lane: len(lane.tasks))
        return lane

    def _wake_one(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def _run_in(
        self, lane: _Lane, task: object, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        pool = await lane.ready()
        try:
            future = pool.schedule(
                _timed, args=(self._timeout_seconds, function, *args), kwargs=kwargs, timeout=CLOCK_PER_CPU_SECOND * self._timeout_seconds
            )
        except RuntimeError as error:  # it broke or was closed since
            raise _LaneBroken(lane.first_when_broken(pool)) from error
        lane.in_flight.add(future)
        future.add_done_callback(lane.in_flight.discard)
        outcome = asyncio.wrap_future(future)
        try:
            # A task that reaches a lane in the moment it breaks is forgotten by Pebble: nothing else would end this wait.
            while not (await asyncio.wait((outcome,), timeout=WATCH_SECONDS))[0]:
                if not pool.active:
                    raise _LaneBroken(lane.first_when_broken(pool))
            result: Result
            result, seconds = outcome.result()
        except ProcessExpired as error:
            if error.exitcode == -signal.SIGPROF:
                raise WorkerTimeout(f"no result after {self._timeout_seconds:g} s of CPU time") from error
            raise WorkerLost(f"worker ended with status {error.exitcode}") from error
        except BrokenProcessPool as error:
            raise _LaneBroken(lane.first_when_broken(pool)) from error
        except TimeoutError as error:
            if error.args[:1] != ("Task timeout",):  # the function's own
                raise
            raise WorkerTimeout(f"no result after {CLOCK_PER_CPU_SECOND * self._timeout_seconds:g} s by the clock") from error
        finally:
            outcome.cancel()
        self.cpu_seconds += seconds
        return result

    def close(self) -> None:
        """Stop the workers for good; whoever waits for a task gets WorkerLost. Blocks for up to a few seconds."""
        for lane in self._lanes:
            lane.refuse()
        for lane in self._lanes:
            lane.stop()


class _LaneBroken(Exception):
    """A lane's pool cannot go on; ``first`` is the task that was next or in hand when it broke."""

    def __init__(self, first: object) -> None:
        super().__init__("the worker's pool broke")
        self.first = first


@dataclass(eq=False)
class _Lane:
    """One worker and the tasks handed to it, oldest first."""

    tasks_per_worker: int
    memory_mb: int
    preload: Sequence[str]
    tasks: list[object] = field(default_factory=list)
    in_flight: set[Future[Any]] = field(default_factory=set)
    _pool: ProcessPool | None = None
    _broken: tuple[ProcessPool, object] | None = None
    _is_closed: bool = False
    _starting: threading.Lock = field(default_factory=threading.Lock)

    async def ready(self) -> ProcessPool:
        """Return the running pool, started first if need be: the forkserver imports the chain, a second or two off the event loop."""
        if self._is_closed:
            raise WorkerLost("the pool was closed")
        pool = self._pool
        return pool if pool is not None and pool.active else await asyncio.to_thread(self._start)

    def first_when_broken(self, pool: ProcessPool) -> object:
        """Return which task was first in the lane when this pool broke; the tasks learn of it one after another, and leave."""
        if self._is_closed:
            raise WorkerLost("the pool was closed")
        if self._broken is None or self._broken[0] is not pool:
            logger.warning("a worker died between two tasks; it is started again")
            self._broken = (pool, self.tasks[0])
        return self._broken[1]

    def _start(self) -> ProcessPool:
        with self._starting:
            if self._is_closed:
                raise WorkerLost("the pool was closed")
            if self._pool is not None and self._pool.active:
                return self._pool
            self._discard(BrokenProcessPool("a worker died between two tasks"))
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([*PRELOAD, *self.preload])
            pool = ProcessPool(
                max_workers=1,
                max_tasks=self.tasks_per_worker,
                initializer=_prepare_worker,
                initargs=(self.memory_mb,),
                context=context,
            )
            try:
                pool.schedule(abs, args=(0,)).result(timeout=START_TIMEOUT_SECONDS)  # Pebble starts its processes with the first task
            except Exception as error:
                pool.stop()  # type: ignore[no-untyped-call]
                raise WorkerLost(f"no extraction worker came up within {START_TIMEOUT_SECONDS:g} s: {error!r}") from error
            self._pool = pool
            return pool

    def refuse(self) -> None:
        """Take no further task; the worker is told to end and not waited for."""
        self._is_closed = True
        if (pool := self._pool) is not None:
            pool.stop()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """End the worker; whoever waits for a task gets WorkerLost."""
        with self._starting:
            self._discard(WorkerLost("the pool was closed"))

    def _discard(self, error: Exception) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
            for future in list(self.in_flight):
                with suppress(InvalidStateError):
                    future.set_exception(error)


def _timed(limit: float, function: Callable[..., Result], *args: Any, **kwargs: Any) -> tuple[Result, float]:
    """Runs in a worker: the result, and the CPU seconds that it took. Beyond the limit the kernel ends the process, in C code too."""
    # Of the thread, the only one here: while the limit runs, Linux tells the time of the process from its last tick, 2 ms ago on average.
    before = time.thread_time()
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        return function(*args, **kwargs), time.thread_time() - before
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _prepare_worker(memory_mb: int) -> None:
    """Runs once in each worker.

    Workers give way to the crawl's own process, whose event loop must answer at once. A page that eats memory fails with
    MemoryError instead of taking the machine with it.
    """
    os.nice(5)
    # Modules, word lists and the model live as long as the worker, and a page leaves next to nothing in cycles: looking for some through all of
    # these took a thirtieth of the chain's time.
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    if memory_mb:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
