"""The TDM Reservation Protocol."""

from __future__ import annotations

import json

import pytest

from pipelines.conduct import parse_reservation, read_tdmrep
from pipelines.conduct.tdmrep import is_reserved


def reserved(url: str, *rules: tuple[str, int]) -> bool | None:
    body = json.dumps([{"location": location, "tdm-reservation": value} for location, value in rules]).encode()
    return is_reserved(url, read_tdmrep(body))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([("/", 1)], True, id="the whole site"),
        pytest.param([("/*", 1)], True, id="the whole site, with a star"),
        pytest.param([("/", 0)], False, id="expressly free"),
        pytest.param([("/sport/", 1)], None, id="another part of it"),
        pytest.param([("/news/", 0), ("/", 1)], False, id="the first that matches counts"),
        pytest.param([("/*.html$", 1)], True, id="an ending"),
        pytest.param([("/*.pdf$", 1)], None, id="another ending"),
        pytest.param([("/news/$", 1)], None, id="that very page only"),
        pytest.param([("/n*s/*a*b*c*d*e*f*g*h*i*j*k*l*$", 1)], None, id="many stars"),
        pytest.param([], None, id="silent"),
    ],
)
def test_what_a_file_reserves(rules: list[tuple[str, int]], expected: bool | None) -> None:
    """Locations are paths as in robots.txt."""
    assert reserved("https://paper.example/news/story.html", *rules) is expected


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Not found</html>", b"{}", b'"text"', b"[1, null, {}]", b'[{"location": 5, "tdm-reservation": 1}]', b'[{"location": "/"}]', b"[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_none_reserves_nothing(body: bytes) -> None:
    """And never fails."""
    assert read_tdmrep(body) == ()


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), (" 0 ", False), (1, True), (0, False), ("yes", None), (None, None), (True, None)]
)
def test_the_values_of_a_reservation(value: object, expected: bool | None) -> None:
    """1 and 0, as the protocol has them."""
    assert parse_reservation(value) is expected
