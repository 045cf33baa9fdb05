"""The store with the real index: stories of wire copy, in any order, after a kill and after a rebuild."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest

from pipelines.corpus import Choice, Store, export_corpus
from pipelines.dedup import DedupParameters, StoryIndex
from pipelines.errors import CorpusError, DedupError
from pipelines.records import Article


def write_text(seed: int, words: int = 260) -> str:
    """A text of made-up words that shares no run of five with another seed's."""
    rng = random.Random(seed)
    syllables = ["ka", "ro", "mi", "ten", "sul", "va", "dor", "lin", "pe", "gas"]
    return " ".join("".join(rng.choices(syllables, k=3)) for _ in range(words))


@pytest.fixture
def articles(planted: ModuleType) -> list[Article]:
    """Six stories at one to four outlets each: whole, and cut short."""
    made = []
    for story in range(6):
        for outlet in range(1 + story % 4):
            words = write_text(story).split()
            text = " ".join(words[: len(words) - 40 * outlet])
            fetched_at = planted.NOON + timedelta(hours=story, minutes=7 * outlet)
            made.append(
                planted.make_article(f"https://o{outlet}.example/{story}", text, fetched_at=fetched_at, source=f"o{outlet}", extra=None)
            )
    return made


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_gives_the_stories_of_one_batch(planted: ModuleType, tmp_path: Path, articles: list[Article], seed: int) -> None:
    """Part by part in random order, with a store that is closed in between: the same corpus, and a rebuild changes nothing."""
    rng = random.Random(seed)
    shuffled = rng.sample(articles, len(articles))
    with Store(tmp_path / "once", open_index=StoryIndex) as store:
        store.commit(store.freeze(articles))
        store.finish()
    for start in range(0, len(shuffled), 4):
        with Store(tmp_path / "parts", open_index=StoryIndex) as store:
            store.commit(store.freeze(shuffled[start : start + 4]))
            if start % 8:
                store.finish()
    with Store(tmp_path / "parts", open_index=StoryIndex) as store:
        store.finish()
        assert store.verify() == []
        assert (store.counts().stories, store.counts().articles) == (6, len(articles))
        told = planted.tell_corpus(tmp_path / "parts")
        assert told == planted.tell_corpus(tmp_path / "once")
        store.rebuild()
        assert planted.tell_corpus(tmp_path / "parts") == told


def test_a_lost_index_is_rebuilt_from_the_log(planted: ModuleType, out: Path, articles: list[Article]) -> None:
    """Its files and the state may go: the next start makes them anew."""
    with Store(out, open_index=StoryIndex) as store:
        store.commit(store.freeze(articles))
        store.finish()
    told = planted.tell_corpus(out)
    (out / "state" / "copydesk.sqlite").unlink()
    with Store(out, open_index=StoryIndex) as store:
        store.finish()
        assert store.verify() == []
    assert planted.tell_corpus(out) == told


def fill(folder: Path, articles: list[Article], *, parameters: DedupParameters = DedupParameters()) -> None:  # noqa: B008 - frozen
    """Store half of the articles in a finished run."""
    with Store(folder, open_index=partial(StoryIndex, parameters=parameters)) as store:
        store.commit(store.freeze(articles[: len(articles) // 2]))
        store.finish()


def finish(folder: Path, articles: list[Article]) -> None:
    """Store the other half as a crawl does, with a fold in between."""
    with Store(folder, open_index=StoryIndex) as store:
        store.commit(store.freeze(articles[len(articles) // 2 :]))
        store.fold()
        store.publish()
        store.finish()
        assert store.verify() == []
        assert (store.counts().unfolded, store.counts().unpublished) == (0, 0)


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "cause"),
    [
        pytest.param(flip_a_byte, "run file should have checksum", id="a flipped bit"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:100]), "run file should have", id="cut short"),
        pytest.param(Path.unlink, "run file cannot be read", id="gone"),
    ],
)
def test_a_damaged_index_is_built_again_by_itself(
    planted: ModuleType, tmp_path: Path, articles: list[Article], harm: Callable[[Path], None], cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The next run ends with the corpus of an undamaged one, and one warning names the file and the cause."""
    for name in ("sound", "damaged"):
        fill(tmp_path / name, articles)
    run = next((tmp_path / "damaged" / "state" / "index").glob("*.run"))
    harm(run)
    for name in ("sound", "damaged"):
        finish(tmp_path / name, articles)
    assert planted.tell_corpus(tmp_path / "damaged") == planted.tell_corpus(tmp_path / "sound")
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"{run}: {cause}" in warning
    assert "built again from the log" in warning


def test_an_index_of_other_parameters_is_built_again(
    planted: ModuleType, tmp_path: Path, articles: list[Article], caplog: pytest.LogCaptureFixture
) -> None:
    """A release with other numbers takes over the log."""
    fill(tmp_path / "new", articles)
    fill(tmp_path / "old", articles, parameters=DedupParameters(min_containment=1.0, min_jaccard=1.0))
    assert planted.tell_corpus(tmp_path / "old") != planted.tell_corpus(tmp_path / "new")
    for name in ("new", "old"):
        finish(tmp_path / name, articles)
    assert planted.tell_corpus(tmp_path / "old") == planted.tell_corpus(tmp_path / "new")
    assert caplog.text.count("was built with other parameters") == 1


def open_release(folder: Path, seed: int) -> Store:
    """The store as a release with this seed of its signatures opens it."""
    sign = partial(_sign_with, seed)
    return Store(folder, open_index=StoryIndex, parameters={"minhash": {"seed": seed}}, sign=sign)


def _sign_with(seed: int, text: str, dateline: str | None) -> bytes:
    return f"{seed} {dateline} {len(text)}".encode()


def read_signatures(folder: Path) -> dict[int, set[bool]]:
    """Of the files of the corpus by the seed that they name: whether their signatures are made with it."""
    told: dict[int, set[bool]] = {}
    for path in (folder / "corpus").rglob("*.parquet"):
        file = pq.ParquetFile(path)
        seed = json.loads(file.schema_arrow.metadata[b"copydesk"])["parameters"]["minhash"]["seed"]
        rows = file.read().to_pylist()
        told.setdefault(seed, set()).update(row["minhash"] == _sign_with(seed, row["text"], row["dateline"]) for row in rows)
    return told


def test_signatures_of_another_release_are_made_again(
    planted: ModuleType, tmp_path: Path, articles: list[Article], caplog: pytest.LogCaptureFixture
) -> None:
    """In the corpus, whose files name what they hold; counted in the run that folds them, with a warning for the part. The stories are the same."""
    half = len(articles) // 2
    for name, seeds in (("mixed", (1, 2)), ("ours", (2, 2))):
        for seed, some in zip(seeds, (articles[:half], articles[half:]), strict=True):
            signed = [replace(article, minhash=_sign_with(seed, article.text, article.dateline)) for article in some]
            with Store(tmp_path / name, open_index=StoryIndex, parameters={"minhash": {"seed": seed}}, recover=False) as store:
                store.commit(store.freeze(signed))
        with open_release(tmp_path / name, 2) as store:
            assert store.finish().get("other_signatures") == (half if name == "mixed" else None)
            assert store.verify() == []
        assert read_signatures(tmp_path / name) == {2: {True}}
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "expected signatures (minhash) as {'seed': 2}, found {'seed': 1}" in warning
    assert planted.tell_corpus(tmp_path / "mixed") == planted.tell_corpus(tmp_path / "ours")


def test_a_file_of_another_release_is_its_own_until_it_is_written(planted: ModuleType, out: Path, articles: list[Article]) -> None:
    """It keeps its signatures and says so; when a story of it gets a better copy, or it is merged with one that is ours, all in it are ours."""
    signed = [replace(article, minhash=_sign_with(1, article.text, article.dateline)) for article in articles]
    with open_release(out, 1) as store:
        for some in (signed[:5], signed[5:]):
            store.commit(store.freeze(some))
        store.finish()
    assert read_signatures(out) == {1: {True}}
    better = planted.make_article(
        "https://o9.example/0", write_text(0), fetched_at=planted.NOON + timedelta(days=2), source="o9", extra=None
    )
    better = replace(better, published_at=planted.NOON - timedelta(days=9), minhash=_sign_with(2, better.text, better.dateline))
    with open_release(out, 2) as store:
        store.commit(store.freeze([better]))
        store.finish()
        assert store.verify() == []
        assert read_signatures(out) == {1: {True}, 2: {True}}
        export_corpus(store.layout, out.parent / "corpus", format="parquet", choice=Choice())
        assert read_signatures(out.parent) == {2: {True}}
        assert better.article_id in {row["article_id"] for _, _, row in planted.read_rows(out, "corpus")}
        shutil.copytree(out, out.with_name("rebuilt"))
        store.compact(before=date(2100, 1, 1))
        assert store.verify() == []
        assert read_signatures(out) == {2: {True}}
    with open_release(out.with_name("rebuilt"), 2) as store:
        store.rebuild()
        assert store.verify() == []
        assert read_signatures(out.with_name("rebuilt")) == {2: {True}}


def test_damage_is_met_at_the_start_after_a_killed_run(planted: ModuleType, out: Path, articles: list[Article]) -> None:
    """Articles that were committed and not folded do not keep the store shut."""
    fill(out, articles)
    with Store(out, open_index=StoryIndex) as store:
        store.commit(store.freeze(articles[len(articles) // 2 :]))
    next((out / "state" / "index").glob("*.run")).unlink()
    with Store(out, open_index=StoryIndex) as store:
        assert store.counts().unfolded == 0
        assert store.counts().articles == len(articles)
        store.finish()
        assert store.verify() == []


def test_an_index_that_stays_broken_is_named(out: Path, articles: list[Article], planted: ModuleType) -> None:
    """Built again once, not forever: then it is an error of the store."""
    cleared = []

    class Broken(planted.PlantedIndex):  # type: ignore[misc, name-defined]
        def prepare(self, *arguments: object, **options: object) -> None:
            raise DedupError("no such luck")

        def clear(self) -> None:
            cleared.append(1)
            super().clear()

    with Store(out, open_index=Broken) as store:
        store.commit(store.freeze(articles))
        with pytest.raises(CorpusError, match=r"state/index: folding failed, a new index too: no such luck"):
            store.fold()
    assert len(cleared) == 2  # at the first fold of new state, and for the damage
