"""Worker processes: one bad task costs itself only."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator

import pytest

from pipelines.pool import GC_THRESHOLD, WorkerLost, WorkerPool, WorkerTimeout


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(2, timeout_seconds=1.0, tasks_per_worker=50, memory_mb=1024)
    yield pool
    pool.close()


def test_tasks_run_in_other_processes(pool: WorkerPool) -> None:
    """A task's process is not ours."""
    assert asyncio.run(pool.run(os.getpid)) != os.getpid()


def test_the_cpu_time_of_short_tasks_is_counted_whole() -> None:
    """While a limit runs, the clock of a process lags by up to a tick of the kernel, half of what a small page takes: not so ours."""
    pool = WorkerPool(1)

    async def scenario() -> float:
        before = await pool.run(time.process_time)
        for _ in range(60):
            await pool.run(sum, range(150_000))
        return await pool.run(time.process_time) - before

    taken = asyncio.run(scenario())
    pool.close()
    assert 0.7 * taken < pool.cpu_seconds < taken


def test_workers_look_for_cycles_only_among_what_pages_leave(pool: WorkerPool) -> None:
    """Not among the modules and word lists that live as long as they do, and not for every few hundred objects."""
    assert asyncio.run(pool.run(gc.get_freeze_count)) > 10_000
    assert asyncio.run(pool.run(gc.get_threshold))[0] == GC_THRESHOLD


def test_without_workers_tasks_run_here() -> None:
    """workers=0 runs in the calling process."""
    assert asyncio.run(WorkerPool(0).run(os.getpid)) == os.getpid()


def test_a_task_that_hangs_is_stopped_and_the_next_one_runs(pool: WorkerPool) -> None:
    """A time limit ends one task; the pool goes on."""

    async def scenario() -> tuple[list[object], float]:
        before = time.monotonic()
        outcomes = await asyncio.gather(pool.run(time.sleep, 60), *(pool.run(abs, -n) for n in range(20)), return_exceptions=True)
        return list(outcomes), time.monotonic() - before

    outcomes, seconds = asyncio.run(scenario())
    assert isinstance(outcomes[0], WorkerTimeout)
    assert outcomes[1:] == list(range(20))
    assert seconds < 55


def test_a_task_that_computes_for_ever_is_stopped_in_c_code_too(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is CPU time, and the kernel keeps it: here alone, as on a busy machine the clock may come first."""
    monkeypatch.setattr("pipelines.pool.CLOCK_PER_CPU_SECOND", 200)
    with pytest.raises(WorkerTimeout, match="CPU"):
        asyncio.run(pool.run(sum, range(10**13)))


def test_a_task_that_waits_is_not_short_of_time(pool: WorkerPool) -> None:
    """As on a busy machine: longer than the limit by the clock, next to nothing of CPU time."""
    assert asyncio.run(pool.run(time.sleep, 1.5)) is None


def test_a_task_that_kills_its_worker_costs_only_itself(pool: WorkerPool) -> None:
    """A crash is told as WorkerLost; tasks beside it finish."""

    async def scenario() -> list[object]:
        tasks = [pool.run(abs, -n) for n in range(10)]
        tasks.insert(5, pool.run(os._exit, 9))
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(scenario())
    assert isinstance(outcomes.pop(5), WorkerLost)
    assert outcomes == list(range(10))


def test_a_task_that_eats_memory_fails_alone(pool: WorkerPool) -> None:
    """The address space of a worker is limited: MemoryError, not a dead machine."""
    with pytest.raises(MemoryError):
        asyncio.run(pool.run(bytes, 3 * 1024**3))


def test_a_task_s_own_error_comes_back(pool: WorkerPool) -> None:
    """What a function raises is raised here."""
    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(pool.run(int, "x"))


@pytest.mark.parametrize("library", ["scrapy", "twisted", "pyarrow"])
def test_workers_stay_light(pool: WorkerPool, library: str) -> None:
    """The chain that a worker preloads brings no Scrapy, Twisted or Arrow with it."""
    assert asyncio.run(pool.run(eval, f"{library!r} in __import__('sys').modules")) is False


def test_a_task_s_own_time_out_is_no_time_out_of_the_pool(pool: WorkerPool) -> None:
    """The error of the function, not WorkerTimeout."""
    with pytest.raises(TimeoutError, match="database") as raised:
        asyncio.run(pool.run(eval, "(_ for _ in ()).throw(TimeoutError('no answer from a database'))"))
    assert not isinstance(raised.value, WorkerTimeout)


def test_workers_are_replaced_after_so_many_tasks() -> None:
    """What a library keeps in memory goes with them."""
    pool = WorkerPool(1, tasks_per_worker=5)

    async def scenario() -> list[int]:
        return [await pool.run(os.getpid) for _ in range(20)]

    try:
        assert len(set(asyncio.run(scenario()))) >= 3
    finally:
        pool.close()


def test_tasks_that_no_worker_has_begun_survive_a_broken_pool() -> None:
    """The only worker dies before it takes the first of many: all of them run in a new pool."""
    pool = WorkerPool(1)

    async def scenario() -> list[object]:
        worker = await pool.run(os.getpid)
        os.kill(worker, signal.SIGSTOP)
        tasks = [asyncio.create_task(pool.run(abs, -n)) for n in range(20)]
        await asyncio.sleep(0.5)
        os.kill(worker, signal.SIGKILL)
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=60)

    try:
        assert asyncio.run(scenario()) == list(range(20))
    finally:
        pool.close()


def test_closing_the_pool_answers_whoever_waits() -> None:
    """A task in hand when the pool closes is lost, not waited for without end."""

    async def scenario() -> list[object]:
        pool = WorkerPool(1, timeout_seconds=60)
        await pool.run(abs, -1)
        tasks = [asyncio.ensure_future(pool.run(time.sleep, 30)) for _ in range(3)]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(pool.close)
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=100)

    outcomes = asyncio.run(scenario())
    assert all(isinstance(outcome, WorkerLost) for outcome in outcomes)


def test_each_killed_worker_costs_one_task_at_most() -> None:
    """Workers are killed again and again while many tasks wait: no more are lost than workers were killed, and the others are right."""
    pool = WorkerPool(2)
    killed = 0

    async def kill_now_and_then(tasks: list[asyncio.Task[int]]) -> None:
        nonlocal killed
        while not all(task.done() for task in tasks):
            for worker in multiprocessing.active_children():
                if worker.name == "pebble_pool_worker" and worker.pid:
                    os.kill(worker.pid, signal.SIGKILL)
                    killed += 1
                    break
            await asyncio.sleep(0.15)

    async def scenario() -> list[int | BaseException]:
        await pool.run(abs, -1)
        tasks = [asyncio.create_task(pool.run(_slowly, number)) for number in range(60)]
        killer = asyncio.create_task(kill_now_and_then(tasks))
        outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=100)
        await killer
        return outcomes

    try:
        outcomes = asyncio.run(scenario())
    finally:
        pool.close()
    lost = [outcome for outcome in outcomes if isinstance(outcome, WorkerLost)]
    assert killed
    assert len(lost) <= killed
    assert all(outcome == number for number, outcome in enumerate(outcomes) if outcome not in lost)


def _slowly(number: int) -> int:
    time.sleep(0.05)
    return number
