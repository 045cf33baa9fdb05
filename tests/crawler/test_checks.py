"""Settings that cannot work."""

from __future__ import annotations

import pytest
from scrapy.settings import Settings

from crawler.checks import check_settings
from pipelines.errors import SettingsError


def settings(**changes: object) -> Settings:
    made = Settings()
    made.setmodule("crawler.settings")
    made.setdict(changes, priority="cmdline")
    return made


def test_the_defaults_are_good() -> None:
    """What ships passes."""
    check_settings(settings())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("EXTRACT_WORKERS", "many", "a whole number from -1", id="no number"),
        pytest.param("EXTRACT_PAGES_PER_WORKER", "-5", "a whole number from 0", id="too small"),
        pytest.param("STORE_BATCH_SECONDS", "nan", "a number from 0", id="not a number"),
        pytest.param("ALLOW_PRIVATE_ADDRESSES", "maybe", "True or False", id="no switch"),
        pytest.param("OUTPUT_DIR", " ", "a path", id="empty path"),
        pytest.param("EXTRACTOR", "magic", "one of blocks, trafilatura", id="unknown extractor"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(name: str, value: str, expected: str) -> None:
    """Setting, expectation and value stand in the message."""
    with pytest.raises(SettingsError, match=f"{name} must be {expected}, got '{value}'"):
        check_settings(settings(**{name: value}))


def test_all_wrong_settings_are_told_at_once() -> None:
    """One line each."""
    with pytest.raises(SettingsError) as error:
        check_settings(settings(SOURCES="", SCRUB_MIN_WORDS="x"))
    assert len(str(error.value).splitlines()) == 2
