"""The ages at which articles are fetched again, as a setting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crawler.revisits import read_ages
from pipelines.errors import SettingsError


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        pytest.param(["1h", "6h", "24h"], [60, 360, 1440], id="a list"),
        pytest.param("1d, 30m,1.5h", [30, 90, 1440], id="a text, in any order"),
        pytest.param("1h,60m", [60], id="the same twice"),
        pytest.param([], [], id="off"),
        pytest.param("", [], id="off from the command line"),
        pytest.param(None, [], id="unset"),
    ],
)
def test_ages_are_read(value: Any, minutes: list[int]) -> None:
    """In rising order, each once."""
    assert read_ages(value) == tuple(timedelta(minutes=count) for count in minutes)


@pytest.mark.parametrize("value", ["1", "6 weeks", "-1h", "0h", ["1h", "soon"], 3])
def test_what_is_no_age_is_refused(value: Any) -> None:
    """With what was expected and what was given."""
    with pytest.raises(SettingsError, match="ARTICLE_REVISITS must be ages such as '1h, 6h, 2d'"):
        read_ages(value)
