"""Every command explains itself: ``scrapy NAME --help``."""

from __future__ import annotations

import re

import pytest
from scrapy.cmdline import execute
from scrapy.utils.project import get_project_settings

from tests.crawler.conftest import ROOT

COMMANDS = sorted(path.stem for path in (ROOT / "crawler" / "commands").glob("[!_]*.py"))


def help_of(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``scrapy NAME --help`` prints, in the project."""
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    monkeypatch.setenv("COLUMNS", "150")
    with pytest.raises(SystemExit) as left:
        execute(["scrapy", name, "--help"], settings=get_project_settings())
    assert left.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One that calls this very command, and its options or arguments; all of them can be found in the list of commands."""
    text = help_of(name, monkeypatch, capsys)
    example = re.search(rf"Example: scrapy {name}\b.*?(?=$| options:| (?:Global )?Options =)", text, re.IGNORECASE)
    assert example, text
    for option in re.findall(r" (--\w[\w-]*)", example[0]):
        assert text.count(option) > 1, f"{option} of the example is not explained"


def test_every_command_is_in_the_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it does, in one line."""
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    with pytest.raises(SystemExit):
        execute(["scrapy"], settings=get_project_settings())
    listed = dict(re.findall(r"^ {2}(\w+) +(\S.*)$", capsys.readouterr().out, re.MULTILINE))
    assert set(COMMANDS) <= set(listed)
