"""robots.txt as RFC 9309 reads it, and what its groups say to crawlers that gather training data."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from protego import Protego

MAX_ROBOTS_BYTES = 500 * 1024
"""What RFC 9309, section 2.5, asks a crawler to read at least; the rest is not read."""
# "User-agent: Bot/1.0 (about)" names a product token; what follows is none of it (RFC 9309, 2.2.1), but protego compares the whole.
_VERSION = re.compile(r"(?im)^([ \t]*user-agent[ \t]*:[ \t]*[a-z_-]+)/.*")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class RobotsRules:
    """The rules of one robots.txt."""

    def __init__(self, parsed: Protego) -> None:
        self._parsed = parsed

    def allows(self, url: str, agent: str) -> bool:
        """Say whether an agent may ask for a URL."""
        return bool(self._parsed.can_fetch(url, agent))

    def delay(self, agent: str) -> float | None:
        """Return the seconds that an agent is asked to leave between requests, by Crawl-delay or Request-rate; None when silent."""
        delay = self._parsed.crawl_delay(agent)
        rate = self._parsed.request_rate(agent)
        asked = [float(delay)] if delay else []
        if rate and rate.requests:
            asked.append(rate.seconds / rate.requests)
        return max(asked, default=None)

    def refused(self, url: str, agents: Sequence[str], *, beside: str) -> tuple[str, ...]:
        """Return those of the agents that may not ask for a URL although the agent ``beside`` and one that no group names may.

        So a rule for everybody names nobody in particular.
        """
        if not (self.allows(url, beside) and self.allows(url, "a-crawler-that-no-group-names")):
            return ()
        return tuple(agent for agent in agents if not self.allows(url, agent))


def read_robots(body: bytes) -> RobotsRules:
    """Return the rules of a robots.txt; of anything else, such as an HTML page, rules that allow everything. Never fails.

    Only whole lines of the first MAX_ROBOTS_BYTES count. UTF-8, or what its byte order mark says; bytes that fit nowhere are dropped.
    """
    encoding = next((name for mark, name in _BOMS if body.startswith(mark)), "utf-8")
    text = body[:MAX_ROBOTS_BYTES].decode(encoding, "ignore").replace("\0", "").replace("\r", "\n")
    if len(body) > MAX_ROBOTS_BYTES:
        text = text.rpartition("\n")[0]
    return RobotsRules(Protego.parse(_VERSION.sub(r"\1", text)))


@cache
def load_training_agents() -> tuple[str, ...]:
    """Return the product tokens of crawlers that gather training data, as training_agents.toml lists them."""
    data = tomllib.loads(files("pipelines.conduct").joinpath("training_agents.toml").read_text(encoding="utf-8"))
    return tuple(entry["token"] for entry in data["agent"])
