"""Corpora for the report: an ordinary one, and one whose pages attack whoever looks at them."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipelines.corpus import Store
from pipelines.dedup import StoryIndex
from pipelines.records import Article, Evidence, Rejection, Removed, make_article_id
from pipelines.report import RunReport, write_report
from pipelines.text import text_hash
from tests.pipelines.corpus.planted import NOON, make_article

FERRY = (
    "The ferry to the outer islands was towed back into harbor on Monday night after its engine failed in heavy fog, the coast guard said. "
    "Nobody on board was hurt, and the seventy passengers were given tea and blankets in the old customs house until morning came."
)
CALLS = "window.hacked = (window.hacked || 0) + 1"
HOSTILE = (
    f"</script><script>{CALLS}</script>",
    f"<img src=x onerror='{CALLS}'>",
    f"\"><svg onload='{CALLS}'>",
    f"<!--<script>{CALLS}</script>",
    f"' autofocus onfocus='{CALLS}' x='",
    "one\u2028two\u2029three",
    "abc\u202egnp.exe \u2066hidden\u2069",
    f"{{{{constructor.constructor('{CALLS}')()}}}}",
    f"]]></script></title></textarea><iframe srcdoc='<script>parent.{CALLS}</script>'>",
)
HOSTILE_URLS = (
    f"javascript:{CALLS}",
    f"JaVaScRiPt:{CALLS}//https://a.example/",
    f"data:text/html,<script>parent.{CALLS}</script>",
    f"https://a.example/\" onmouseover='{CALLS}'",
    "https://a.example/\u202egpj.exe",
    "vbscript:msgbox(1)",
)


def article(url: str, text: str, **changes: Any) -> Article:
    """An article whose text is exactly that text."""
    digest = text_hash(text)
    made = make_article(url, "x", extra=None, **changes)
    return replace(made, text=text, text_sha256=digest, article_id=make_article_id(url, digest), word_count=len(text.split()))


def fill(output: Path, articles: list[Article], rejections: list[Rejection] | None = None) -> None:
    """Store articles as a crawl does."""
    with Store(output, open_index=StoryIndex) as store:
        store.commit(store.freeze(articles, rejections or []))
        store.finish()


def ordinary(output: Path) -> None:
    """Two stories: one that three outlets ran, cut differently, and one alone."""
    later = NOON + timedelta(hours=2)
    fill(
        output,
        [
            article("https://wire.example/ferry", FERRY, source="wire", host="wire.example", title="Ferry towed back", run_id="run-1"),
            article(
                "https://coast.example/ferry",
                FERRY.replace("Monday", "Tuesday") + " The owner said sorry.",
                source="coast",
                host="coast.example",
                title="Fähre im Nebel",
                fetched_at=later,
                run_id="run-1",
            ),
            article(
                "https://hills.example/ferry",
                FERRY,
                source="hills",
                host="hills.example",
                title="Island ferry in fog",
                fetched_at=later + timedelta(hours=1),
                run_id="run-1",
            ),
            article(
                "https://hills.example/grain",
                "Prices of grain fell for a third week, said the ministry of farming in its report on the harvest.",
                source="hills",
                title="Grain gets cheaper",
                agencies=(),
                run_id="run-1",
            ),
        ],
        [Rejection(url="https://hills.example/short", source="hills", stage="scrub", reason="too_short", fetched_at=NOON)],
    )


def hostile(output: Path, report: RunReport) -> None:
    """Stories of two copies each in which every field that comes from a page or a server is an attack, and a run report full of them."""
    rng = random.Random(7)
    words = [f"{a}{b}" for a in ("har", "tor", "mel", "sun", "gri") for b in ("bor", "ven", "dor", "lit", "pam", "ros")]
    articles = []
    for number, attack in enumerate(HOSTILE):
        body = " ".join(rng.choices(words, k=80))
        for copy in range(2):
            url = HOSTILE_URLS[(number + copy) % len(HOSTILE_URLS)] + f"?{number}{copy}"
            articles.append(
                article(
                    url,
                    f"{attack} {body}\n\n{attack if copy else 'end'}",
                    source=f"s{copy}{attack}",
                    title=attack,
                    standfirst=attack,
                    agencies=(attack,),
                    authors=(attack,),
                    contributors=(attack,),
                    copyright=attack,
                    dateline=None,
                    language=attack[:20],
                    syndicated_from=attack if copy else None,
                    removed=(Removed(reason=attack, text=attack),),
                    run_id=report.run_id,
                    provenance=(Evidence(field=attack, value=attack, signal=attack, evidence=attack, confidence=0.5),),
                )
            )
    rejections = [Rejection(url=HOSTILE_URLS[0], source=attack, stage=attack, reason=attack, fetched_at=NOON) for attack in HOSTILE]
    fill(output, articles, rejections)
    path = write_report(report, output)
    said = json.loads(path.read_text(encoding="utf-8"))
    said |= {"problems": list(HOSTILE), "hosts": {attack: {"answers": 1, "mean_ms": 2.0, "slowest_ms": 3.0} for attack in HOSTILE}}
    said["spider"] = said["finish_reason"] = HOSTILE[0]
    path.write_text(json.dumps(said), encoding="utf-8")
