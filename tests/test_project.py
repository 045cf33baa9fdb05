"""The project as a whole: whose packages run, and what is declared."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import crawler
import crawler.settings
import newsroom
import pipelines

ROOT = Path(__file__).resolve().parent.parent


def test_the_packages_are_ours() -> None:
    """Scrapy appends the project to sys.path: another installed ``pipelines`` would shadow ours."""
    for package in (crawler, newsroom, pipelines):
        assert package.__file__ is not None
        assert Path(package.__file__).parent.parent == ROOT


def test_every_dependency_is_explained() -> None:
    """Each declared dependency has a line in docs/dependencies.md and a pinned version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    pinned = (ROOT / "constraints.txt").read_text().lower()
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    for requirement in [*project["dependencies"], *extras]:
        name = re.split(r"[<>=]", requirement)[0]
        assert name in explained, f"{name} has no line in docs/dependencies.md"
        assert f"\n{name.lower().replace('_', '-')}==" in pinned.replace("_", "-"), f"{name} is not pinned"


def test_every_setting_of_ours_is_documented() -> None:
    """docs/settings.md lists each setting that Scrapy does not know."""
    from scrapy.settings import default_settings

    ours = {name for name in vars(crawler.settings) if name.isupper() and not hasattr(default_settings, name)}
    documented = (ROOT / "docs" / "settings.md").read_text()
    internal = {"PROJECT_DIR", "CONTACT"}
    assert {name for name in ours - internal if f"`{name}`" not in documented} == set()


def test_documented_settings_exist_with_their_defaults() -> None:
    """The table of docs/settings.md says what the code does."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]+)`|(-?\d+)) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert len(rows) >= 12
    for name, quoted, number in rows:
        value = getattr(crawler.settings, name)
        assert str(value).endswith(quoted) if quoted else float(number) == value
