"""Requests that are never sent."""

from __future__ import annotations

import pytest
from scrapy import Request

from crawler.middlewares import ForbiddenAddress, PrivateAddressGuard


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://paper.example/a",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://localhost:8080/",
        "http://a.localhost/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_private_literals_and_other_schemes_are_refused(url: str) -> None:
    """Whatever the spelling."""
    with pytest.raises(ForbiddenAddress):
        PrivateAddressGuard(allow_private=False).process_request(Request(url))


def test_names_are_left_to_the_resolver() -> None:
    """A name passes here; its address is checked when it is looked up."""
    PrivateAddressGuard(allow_private=False).process_request(Request("https://paper.example/story"))


def test_tests_may_reach_loopback() -> None:
    """ALLOW_PRIVATE_ADDRESSES opens addresses, not schemes."""
    guard = PrivateAddressGuard(allow_private=True)
    guard.process_request(Request("http://127.0.0.1/"))
    with pytest.raises(ForbiddenAddress):
        guard.process_request(Request("file:///etc/passwd"))
