"""What a robots.txt says."""

from __future__ import annotations

import pytest

from pipelines.conduct import load_training_agents, read_robots
from pipelines.conduct.robots import MAX_ROBOTS_BYTES

URL = "https://paper.example/secret/story"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"User-agent: copydesk\nDisallow: /secret/\n", id="plain"),
        pytest.param(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /secret/\r\n", id="byte order mark and CRLF"),
        pytest.param("User-agent: *\nDisallow: /secret/\n".encode("utf-16"), id="UTF-16"),
        pytest.param(b"User-agent: *\rDisallow: /secret/\r", id="old Mac line ends"),
        pytest.param(b"# caf\xe9\nUser-agent: *\nDisallow: /secret/\n", id="latin-1 in a comment"),
        pytest.param(b"user-AGENT:*\nDISALLOW:/secret/", id="capitals and no spaces"),
        pytest.param(b"User-agent: *\n\nDisallow: /sec*ret/story$\n", id="wildcards, after a blank line"),
        pytest.param(b"User-agent: *\nAllow: /\nDisallow: /secret/\n", id="the longer rule counts"),
        pytest.param(b"User-agent: *\nAllow: /\nUser-agent: CopyDesk/1.0\nDisallow: /secret/\n", id="our own group, with a version"),
        pytest.param(b"User-agent: *\rAllow: /\rUser-agent: CopyDesk/1.0\rDisallow: /secret/\r", id="the same with old Mac line ends"),
        pytest.param(b"User-agent: copydesk/0.1 (news corpus crawler)\nDisallow: /secret/\n", id="our whole name as we send it"),
        pytest.param(b"User-agent: *\rDisallow: /secret/\r" + b"# filler\r" * 60_000, id="over 500 KiB with old Mac line ends"),
    ],
)
def test_a_page_is_refused(body: bytes) -> None:
    """In every spelling that is met."""
    assert not read_robots(body).allows(URL, "copydesk")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<!doctype html><title>Not found</title>", id="an HTML page"),
        pytest.param(bytes(range(256)) * 100, id="garbage"),
        pytest.param(b"User-agent: GPTBot\nDisallow: /\n", id="a rule for others"),
        pytest.param(b"User-agent: *\nDisallow:\n", id="an empty rule"),
        pytest.param(b"User-agent: *\nDisallow: /\nUser-agent: copydesk\nAllow: /\n", id="our own group allows"),
    ],
)
def test_a_page_is_allowed(body: bytes) -> None:
    """By rules, and where there are none."""
    assert read_robots(body).allows(URL, "copydesk")


def test_only_whole_lines_of_the_first_500_kib_count() -> None:
    """A rule before the limit is kept; one after it, or cut by it, is not: half of "/secret/" could be "/"."""
    filler = b"#" + b"x" * 99 + b"\n"
    before = b"User-agent: *\nDisallow: /early/\n"
    lines = (MAX_ROBOTS_BYTES - len(before)) // len(filler)
    room = MAX_ROBOTS_BYTES - len(before) - lines * len(filler)
    padding = b"#" * max(0, room - len(b"\nDisallow: /")) + b"\n"
    rules = read_robots(before + filler * lines + padding + b"Disallow: /secret/\nDisallow: /late/\n")
    assert not rules.allows("https://paper.example/early/story", "copydesk")
    assert rules.allows("https://paper.example/late/story", "copydesk")
    assert rules.allows("https://paper.example/other", "copydesk")


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        pytest.param("Crawl-delay: 10", 10.0, id="Crawl-delay"),
        pytest.param("Crawl-delay: 0.5", 0.5, id="a fraction"),
        pytest.param("Request-rate: 1/5", 5.0, id="Request-rate"),
        pytest.param("Crawl-delay: 2\nRequest-rate: 1/10s", 10.0, id="both: the slower one"),
        pytest.param("Crawl-delay: soon", None, id="nonsense"),
        pytest.param("Allow: /", None, id="silent"),
    ],
)
def test_the_delay_that_is_asked_for(lines: str, seconds: float | None) -> None:
    """In seconds."""
    assert read_robots(f"User-agent: *\n{lines}\n".encode()).delay("copydesk") == seconds


def test_training_agents_that_are_refused_by_name() -> None:
    """Those only that a group names: a rule for everybody is no word on training."""
    body = b"User-agent: GPTBot\nUser-agent: ccbot\nDisallow: /\n\nUser-agent: Google-Extended\nDisallow: /opinion/\n\nUser-agent: *\nDisallow: /private/\n"
    rules, agents = read_robots(body), load_training_agents()
    assert rules.refused("https://paper.example/story", agents, beside="copydesk") == ("GPTBot", "CCBot")
    assert rules.refused("https://paper.example/opinion/story", agents, beside="copydesk") == ("GPTBot", "CCBot", "Google-Extended")
    assert rules.refused("https://paper.example/private/story", agents, beside="copydesk") == ()


def test_the_known_training_agents() -> None:
    """Each once, the best known among them."""
    agents = load_training_agents()
    assert len(set(map(str.lower, agents))) == len(agents) >= 10
    assert {"GPTBot", "CCBot", "Google-Extended", "ClaudeBot", "anthropic-ai"} <= set(agents)
