"""Monitors over reports as runs write them."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.report.monitors import MAX_PROBLEMS, Limits, Outcome, dead_endpoints, judge_run, low_disk

LIMITS = Limits()


def counts(kept: int, **rejected: int) -> dict[str, Any]:
    return {"seen": kept + sum(rejected.values()), "kept": kept, "rejected": rejected}


def report(reason: str = "finished", endpoints: dict[str, Any] | None = None, **sources: dict[str, Any]) -> dict[str, Any]:
    """The report of a run; sources: {stage: counts} by name, whose one endpoint answered unless endpoints says otherwise."""
    asked = {name: counts(1) for name in sources} | (endpoints or {})
    return {"finish_reason": reason, "sources": sources, "source_endpoints": asked}


def gave(number: int, **rejected: int) -> dict[str, Any]:
    """A source of which so many pages were fetched and stored; rejected at extract."""
    fetched = number + sum(rejected.values())
    return {"discover": counts(fetched), "fetch": counts(fetched), "extract": counts(number, **rejected), "store": counts(number)}


def judge(run: dict[str, Any], earlier: list[dict[str, Any]] | None = None, **given: Any) -> dict[str, Outcome]:
    usual: dict[str, Any] = {"failures": {}, "free_mb": 5000.0, "limits": LIMITS}
    return {outcome.name: outcome for outcome in judge_run(run, earlier or [], **(usual | given))}


def failed(outcomes: dict[str, Outcome]) -> list[str]:
    return [name for name, outcome in outcomes.items() if outcome.status == "failed"]


def test_a_run_like_those_before_passes_everything() -> None:
    """With nothing to compare with, too."""
    outcomes = judge(report(gazette=gave(10)), [report(gazette=gave(11))] * 5)
    assert {outcome.status for outcome in outcomes.values()} == {"passed"}
    assert failed(judge(report(gazette=gave(10)))) == []


@pytest.mark.parametrize(
    ("now", "before", "fails"),
    [
        pytest.param(gave(1), [10, 10, 10], True, id="a tenth"),
        pytest.param(gave(0), [10, 10, 10], True, id="nothing"),
        pytest.param(gave(2), [10, 10, 10], False, id="a fifth is not below it"),
        pytest.param(gave(0), [10, 10], False, id="too few runs to compare with"),
        pytest.param(gave(0), [4, 4, 4], False, id="a source that gives little"),
        pytest.param(gave(0), [0, 0, 0, 50], False, id="one good day is not the median"),
        pytest.param(gave(1), [1000, *[4] * 10], False, id="only the last ten count"),
    ],
)
def test_a_low_yield_is_far_below_the_median(now: dict[str, Any], before: list[int], fails: bool) -> None:
    """Of the runs before in which the source was asked."""
    outcome = judge(report(gazette=now), [report(gazette=gave(number)) for number in before])["yield"]
    assert (outcome.status == "failed") is fails


def test_runs_that_did_not_ask_a_source_say_nothing_of_it() -> None:
    """Its endpoints were not due then; they would pull the median down, and hide that it broke."""
    idle = report(gazette={}, endpoints={"gazette": counts(0, not_due=2)})
    earlier = [report(gazette=gave(10)), idle, idle, report(gazette=gave(12)), idle, idle, report(gazette=gave(14)), idle]
    outcome = judge(report(gazette=gave(0)), earlier)["yield"]
    assert outcome.problems == ("gazette: 0 new articles, the median of 3 runs before is 12",)
    assert judge(idle, earlier)["yield"].status == "passed"


def test_errors_are_judged_for_all_and_for_each_source() -> None:
    """A source in trouble is named also where the others are well."""
    trouble = {"discover": counts(30), "fetch": counts(10, http_503=12, timeout=8)}
    outcomes = judge(report(gazette=gave(200), echo=trouble))
    assert outcomes["errors"].problems == ("echo: 20 of 31 requests failed",)
    outcomes = judge(report(gazette=gave(20), echo=trouble))
    assert outcomes["errors"].problems == ("all sources: 20 of 52 requests failed", "echo: 20 of 31 requests failed")


def test_few_requests_and_polite_refusals_are_no_errors() -> None:
    """One of three is chance; robots.txt and a page that is no HTML are no failures of the network."""
    assert judge(report(gazette={"fetch": counts(1, timeout=2)}))["errors"].status == "passed"
    assert judge(report(gazette={"fetch": counts(1, robots_txt=50, not_html=50)}))["errors"].status == "passed"


def test_dead_endpoints_are_named_the_deadest_first() -> None:
    """From MONITOR_DEAD_AFTER failures in a row."""
    told = list(dead_endpoints({"http://a.example/": 3, "http://b.example/": 2, "http://c.example/": 9}, LIMITS))
    assert told == ["http://c.example/ has given nothing 9 times in a row", "http://a.example/ has given nothing 3 times in a row"]


def test_a_source_that_robots_txt_closes_is_named() -> None:
    """Its endpoint alone is enough."""
    closed = report(gazette={}, endpoints={"gazette": counts(0, robots_txt=1)})
    assert judge(closed)["robots"].problems == ("gazette: robots.txt refused 1 of 1 requests, or could not be had",)
    assert judge(report(gazette={"fetch": counts(9, robots_txt=1)}))["robots"].status == "passed"


def test_a_reason_that_jumps_is_named_with_its_stage() -> None:
    """By its share, not its number: three times the pages may give three times the rejections."""
    before = [report(gazette=gave(90, too_short=10))] * 4
    assert judge(report(gazette=gave(270, too_short=30)), before)["rejections"].status == "passed"
    outcome = judge(report(gazette=gave(50, paywalled=50)), before)["rejections"]
    assert outcome.problems == ("gazette: extract rejected 50% as paywalled, the median of 4 runs before is 0%",)
    assert judge(report(gazette=gave(5, paywalled=5)), before)["rejections"].status == "passed"


def test_old_news_are_no_jump() -> None:
    """What is known, unchanged or too old comes and goes with the hours; it does not dilute the other shares either."""
    before = [report(gazette={"discover": counts(20, known=500)})] * 4
    assert judge(report(gazette={"discover": counts(20, too_old=900)}), before)["rejections"].status == "passed"
    assert judge(report(gazette={"discover": counts(10, known=500, offsite=20)}), before)["rejections"].status == "failed"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param({"store_problem": "the store failed during a commit: No space left"}, "the store failed during a commit: No space left", id="store"),
        pytest.param({"reason": "memusage_exceeded"}, "the run was cut short: memusage_exceeded", id="memory"),
        pytest.param({"endpoints": {"gazette": counts(0, timeout=1)}, "sources": {}}, "nothing that was asked could be read", id="nothing read"),
    ],
)  # fmt: skip
def test_a_run_that_failed_is_told(given: dict[str, Any], problem: str) -> None:
    """Whatever its sources gave."""
    run = report(given.get("reason", "finished"), given.get("endpoints"), gazette=given.get("sources", gave(5)))
    assert judge(run, store_problem=given.get("store_problem", ""))["run"].problems == (problem,)


def test_a_run_that_was_ended_on_purpose_tells_nothing_of_sources() -> None:
    """A low yield is no wonder then; the disk is as full as ever."""
    outcomes = judge(report("shutdown", gazette=gave(0)), [report(gazette=gave(100))] * 5, free_mb=10.0)
    assert failed(outcomes) == ["disk"]
    assert {name for name, outcome in outcomes.items() if outcome.status == "skipped"} == {"yield", "errors", "robots", "rejections"}


def test_a_nearly_full_disk_fails_and_an_unknown_one_is_skipped() -> None:
    """In MB."""
    assert list(low_disk(1023.9, LIMITS)) == ["1,024 MB are free below the output folder, expected 1,024 at least"]
    assert judge(report(), free_mb=None)["disk"].status == "skipped"


def test_a_monitor_says_so_much_and_no_more() -> None:
    """A network that is down makes every feed of the catalogue fail."""
    outcome = judge(report(), failures={f"http://{number}.example/": 3 for number in range(468)})["dead_feeds"]
    assert len(outcome.problems) == MAX_PROBLEMS + 1
    assert outcome.problems[-1] == f"and {468 - MAX_PROBLEMS} more"
