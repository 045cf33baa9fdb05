"""Writers to be killed: ``python writer.py OUTPUT_DIR TOLD_FOLDER`` takes orders on standard input.

``start SEED`` forks a process that commits, folds and publishes until it is killed, and answers its number; ``kill NUMBER`` ends it with
SIGKILL and answers the signal that ended it, 0 if it had died of itself. Forked, since importing the project takes most of a second.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from datetime import date
from pathlib import Path

import planted  # beside this script, whose folder is the first on the path
import pyarrow as pa

from pipelines.corpus import fold
from pipelines.corpus.rows import warm_up
from pipelines.errors import StoreBusy


def write(folder: Path, told_folder: Path, seed: int, parent: int) -> None:
    """Commit and tell, for as long as the parent lives."""
    pa.set_cpu_count(1)
    fold.MAX_FOLD_ROWS = 12  # several groups of parts, so that a fold is killed between them
    rng = random.Random(seed)
    told = os.open(told_folder / f"told-{seed}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    store = planted.open_store(folder)
    while os.getppid() == parent:
        for _ in range(rng.choice((1, 1, 1, 6))):
            # All writers draw from one pool of URLs, so that they meet.
            articles = planted.draw_articles(rng, rng.randrange(3, 12), stories=60, urls=60)
            store.commit(store.freeze(articles, [planted.reject(f"https://a.example/{rng.randrange(50)}", is_final=False)]))
            os.write(told, "".join(f"{article.article_id}\n" for article in articles).encode())
        try:
            store.fold(wait=rng.random() < 0.5)
            if rng.random() < 0.3:
                store.finish()
            if rng.random() < 0.15:
                store.compact(before=date(2027, 1, 1))
        except StoreBusy:
            pass


def start(folder: Path, told_folder: Path, seed: int) -> int:
    """Fork a writer and return its number; it never comes back."""
    parent = os.getpid()
    if number := os.fork():
        return number
    try:
        write(folder, told_folder, seed, parent)
    finally:
        os._exit(1)


def kill(number: int) -> int:
    """End a writer and return the signal that ended it."""
    os.kill(number, signal.SIGKILL)
    status = os.waitpid(number, 0)[1]
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


if __name__ == "__main__":
    warm_up()  # else each writer spends its life importing pandas
    folders = Path(sys.argv[1]), Path(sys.argv[2])
    for order in sys.stdin:
        word, number = order.split()
        print(start(*folders, int(number)) if word == "start" else kill(int(number)), flush=True)
