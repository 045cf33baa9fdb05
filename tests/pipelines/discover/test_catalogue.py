"""The catalogue: what a good entry gives, how a wrong one is told, which sources a crawl takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.discover import load_sources, select_sources
from pipelines.errors import SourceError
from pipelines.records import Source

GOOD = """[[source]]
name = "gazette"
kind = "outlet"
home = "https://www.gazette.example/"
language = "en"
country = "GB"
feeds = ["https://www.gazette.example/rss"]
"""


def write(folder: Path, text: str, name: str = "my.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def told(path: Path) -> list[str]:
    """The lines of the error that loading this catalogue ends with."""
    with pytest.raises(SourceError) as raised:
        load_sources(path)
    return str(raised.value).splitlines()


def test_an_entry_with_every_field_becomes_a_source(tmp_path: Path) -> None:
    """Lists become tuples, domains lose "www."."""
    path = write(
        tmp_path,
        GOOD
        + """sitemaps = ["https://www.gazette.example/news.xml"]
sections = ["https://www.gazette.example/local/"]
article_urls = ['^/story/\\d+']
allow_domains = ["www.Partner.example", "münchen.example"]
delay_seconds = 5
max_age_days = 2.5
enabled = false
note = "No longer\\n answers."
""",
    )
    assert load_sources(path) == [
        Source(
            name="gazette",
            kind="outlet",
            home="https://www.gazette.example/",
            language="en",
            country="GB",
            feeds=("https://www.gazette.example/rss",),
            sitemaps=("https://www.gazette.example/news.xml",),
            sections=("https://www.gazette.example/local/",),
            article_urls=(r"^/story/\d+",),
            allow_domains=("partner.example", "xn--mnchen-3ya.example"),
            delay_seconds=5.0,
            max_age_days=2.5,
            enabled=False,
            note="No longer answers.",
        )
    ]


def test_a_folder_is_read_file_by_file_in_the_order_of_names(tmp_path: Path) -> None:
    """Only ``*.toml``, no hidden files."""
    write(tmp_path, GOOD.replace('"gazette"', '"second"'), "b.toml")
    write(tmp_path, GOOD.replace('"gazette"', '"first"'), "a.toml")
    write(tmp_path, "not a catalogue", "notes.txt")
    write(tmp_path, "not a catalogue", ".hidden.toml")
    assert [source.name for source in load_sources(tmp_path)] == ["first", "second"]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    (tmp_path / "my.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(load_sources(tmp_path / "my.toml")) == 1


def test_a_disabled_source_needs_no_endpoint(tmp_path: Path) -> None:
    """It stands there to say why."""
    text = GOOD.replace('feeds = ["https://www.gazette.example/rss"]', 'enabled = false\nnote = "Refuses."')
    assert not load_sources(write(tmp_path, text))[0].enabled


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param(
            '["https://www.gazette.example/rss"]', '["rss"]', "feeds[0] must be an http(s) URL, got 'rss'", id="feed that is no URL"
        ),
        pytest.param(
            '["https://www.gazette.example/rss"]',
            '["file:///etc/passwd"]',
            "feeds[0] must be an http(s) URL, got 'file:///etc/passwd'",
            id="feed that is a file",
        ),
        pytest.param(
            '["https://www.gazette.example/rss"]', '["http://[::1"]', "feeds[0] must be an http(s) URL, got 'http://[::1'", id="broken IPv6"
        ),
        pytest.param(
            '["https://www.gazette.example/rss"]',
            '"https://www.gazette.example/rss"',
            "feeds must be a list of strings, got 'https://www.gazette.example/rss'",
            id="text instead of a list",
        ),
        pytest.param('["https://www.gazette.example/rss"]', "[1]", "feeds[0] must be an http(s) URL, got 1", id="number in a list"),
        pytest.param(
            '["https://www.gazette.example/rss"]',
            '["https://a.example/x", "https://a.example/x"]',
            "feeds[1] repeats 'https://a.example/x'",
            id="the same feed twice",
        ),
        pytest.param("feeds = ", "feed = ", "unknown field 'feed', did you mean 'feeds'?", id="misspelt field"),
        pytest.param(
            'kind = "outlet"', 'kind = "newspaper"', "kind must be 'wire', 'outlet' or 'syndicator', got 'newspaper'", id="unknown kind"
        ),
        pytest.param('kind = "outlet"\n', "", "kind is missing; expected one of 'wire', 'outlet', 'syndicator'", id="missing field"),
        pytest.param(
            '"gazette"',
            '"The Gazette"',
            "name must be lower-case letters, digits and single hyphens, such as 'daily-gazette', got 'The Gazette'",
            id="name with capitals",
        ),
        pytest.param(
            '"gazette"',
            "7",
            "name must be lower-case letters, digits and single hyphens, such as 'daily-gazette', got 7",
            id="name that is a number",
        ),
        pytest.param(
            '"en"',
            '"english"',
            "language must be a BCP 47 language tag such as 'en', 'pt-BR' or 'zh-Hant', got 'english'",
            id="language in words",
        ),
        pytest.param('"en"', '"jp"', "got 'jp'; did you mean 'ja'?", id="country instead of language"),
        pytest.param('"en"', '"en_GB"', "got 'en_GB'", id="underscore in a language"),
        pytest.param('"en"', '"qq"', "got 'qq'", id="language that does not exist"),
        pytest.param('"en"', '"en-QQ"', "got 'en-QQ'", id="region that does not exist"),
        pytest.param('"GB"', '"UK"', "country must be an ISO 3166-1 alpha-2 code such as 'DE', got 'UK'; did you mean 'GB'?", id="UK"),
        pytest.param('"GB"', '"gb"', "got 'gb'; did you mean 'GB'?", id="country in lower case"),
        pytest.param('"GB"', '"England"', "got 'England'", id="country in words"),
        pytest.param('"GB"', '["GB"]', "got ['GB']", id="country in a list"),
        pytest.param(
            "feeds = ",
            "article_urls = ['(story']\nfeeds = ",
            "article_urls[0] must be a regular expression, got '(story': missing ), unterminated subpattern at position 0",
            id="broken regular expression",
        ),
        pytest.param(
            "feeds = ",
            "allow_domains = ['https://a.example/']\nfeeds = ",
            "allow_domains[0] must be a domain such as 'example.org', without scheme and path, got 'https://a.example/'",
            id="URL instead of a domain",
        ),
        pytest.param(
            "feeds = ", "delay_seconds = '5'\nfeeds = ", "delay_seconds must be a number from 0 to 3600, got '5'", id="delay in quotes"
        ),
        pytest.param(
            "feeds = ", "delay_seconds = -1\nfeeds = ", "delay_seconds must be a number from 0 to 3600, got -1", id="negative delay"
        ),
        pytest.param(
            "feeds = ",
            "delay_seconds = nan\nfeeds = ",
            "delay_seconds must be a number from 0 to 3600, got nan",
            id="delay that is no number",
        ),
        pytest.param(
            "feeds = ", "delay_seconds = true\nfeeds = ", "delay_seconds must be a number from 0 to 3600, got True", id="delay that is true"
        ),
        pytest.param(
            "feeds = ", "max_age_days = 0\nfeeds = ", "max_age_days must be a number above 0 and at most 36525, got 0", id="no age at all"
        ),
        pytest.param("feeds = ", "enabled = 'no'\nfeeds = ", "enabled must be true or false, got 'no'", id="enabled in words"),
        pytest.param("feeds = ", "note = 3\nfeeds = ", "note must be a text, got 3", id="note that is a number"),
        pytest.param(
            'https://www.gazette.example/"',
            'www.gazette.example"',
            "home must be an http(s) URL, got 'www.gazette.example'",
            id="home without scheme",
        ),
        pytest.param(
            'feeds = ["https://www.gazette.example/rss"]',
            "",
            "expected at least one of feeds, sitemaps and sections, found none",
            id="nowhere to look",
        ),
        pytest.param(
            'feeds = ["https://www.gazette.example/rss"]',
            "feeds = []",
            "expected at least one of feeds, sitemaps and sections, found none",
            id="empty feeds",
        ),
    ],
)
def test_a_wrong_field_is_told_with_file_entry_field_expected_and_found(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """One mistake is one line."""
    assert old in GOOD
    (line,) = told(write(tmp_path, GOOD.replace('"gazette"', '"first"') + GOOD.replace(old, new, 1)))
    assert line.startswith("my.toml: source[1]")
    assert line.endswith(problem)


def test_the_message_of_a_wrong_feed_reads_as_documented(tmp_path: Path) -> None:
    """File, entry by number and name, field, expected, found."""
    text = GOOD * 2 + GOOD.replace('"gazette"', '"ap"').replace('"https://www.gazette.example/rss"', '"rss"')
    assert told(write(tmp_path, text, "apnews.toml"))[-1] == "apnews.toml: source[2] 'ap': feeds[0] must be an http(s) URL, got 'rss'"


def test_all_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    """Nobody has to run it once per mistake."""
    write(tmp_path, GOOD.replace('"GB"', '"UK"').replace('"en"', '"xx"'), "a.toml")
    write(tmp_path, "[[source]\n", "b.toml")
    write(tmp_path, GOOD.replace('"gazette"', '"other"').replace("feeds", "feds"), "c.toml")
    lines = told(tmp_path)
    assert [line.split(":")[0] for line in lines] == ["a.toml", "a.toml", "b.toml", "c.toml"]
    assert "line 1" in lines[2]


def test_a_name_used_twice_names_both_places(tmp_path: Path) -> None:
    """Across files too."""
    write(tmp_path, GOOD, "a.toml")
    write(tmp_path, GOOD, "b.toml")
    assert told(tmp_path) == ["b.toml: source[0] 'gazette': name must be unique, a.toml: source[0] has it already"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "my.toml: expected at least one [[source]] entry, found none", id="empty file"),
        pytest.param("# nothing\n", "my.toml: expected at least one [[source]] entry, found none", id="only comments"),
        pytest.param("source = []\n", "my.toml: expected at least one [[source]] entry, found none", id="empty list"),
        pytest.param(
            GOOD.replace("[[source]]", "[source]"), "my.toml: expected [[source]] with two brackets, got [source]", id="one bracket"
        ),
        pytest.param(
            GOOD.replace("[[source]]", "[[sources]]"),
            "my.toml: expected only [[source]] entries, got 'sources', did you mean [[source]]?",
            id="plural",
        ),
        pytest.param("source = 'x'\n", "my.toml: expected [[source]] entries, got source = 'x'", id="text"),
        pytest.param("source = [1]\n", "my.toml: source[0]: must be a table, got 1", id="list of numbers"),
        pytest.param(GOOD + "x = {\n", "at line 8", id="TOML that breaks off"),
    ],
)
def test_a_file_that_is_no_catalogue_is_told(tmp_path: Path, text: str, problem: str) -> None:
    """With what it is instead, and the line where TOML itself is wrong."""
    lines = told(write(tmp_path, text))
    assert len(lines) == 1
    assert problem in lines[0]


def test_paths_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """Missing, empty folder, not UTF-8, a folder called like a file, a link to nowhere."""
    assert told(tmp_path / "none.toml") == [f"{tmp_path / 'none.toml'}: expected a TOML file or a folder of them, found no such path"]
    assert told(tmp_path) == [f"{tmp_path}: expected *.toml files in this folder, found none"]
    (tmp_path / "a.toml").mkdir()
    (tmp_path / "b.toml").write_bytes(b'name = "\xe9"')
    (tmp_path / "c.toml").symlink_to(tmp_path / "nowhere")
    lines = told(tmp_path)
    assert lines[0].startswith("a.toml: cannot be read: ")
    assert lines[1] == "b.toml: expected UTF-8, found byte 0xe9 at position 8"
    assert lines[2] == "c.toml: cannot be read: No such file or directory"


def source(name: str, kind: str = "outlet", **fields: object) -> Source:
    return Source(name=name, kind=kind, home=f"https://{name}.example/", language="en", country="GB", **fields)  # type: ignore[arg-type]


CATALOGUE = [
    source("north-wire", "wire"),
    source("gazette"),
    source("ap", "wire", enabled=False, note="Licensed only."),
    source("mirror", "syndicator"),
    source("old", enabled=False),
]


@pytest.mark.parametrize(
    ("names", "kinds", "chosen"),
    [
        pytest.param(None, None, ["north-wire", "gazette", "mirror"], id="all that are enabled"),
        pytest.param([], None, ["north-wire", "gazette", "mirror"], id="no names are all names"),
        pytest.param(None, ("wire",), ["north-wire"], id="one kind"),
        pytest.param(None, ["outlet", "syndicator"], ["gazette", "mirror"], id="two kinds"),
        pytest.param(["mirror", "gazette", "mirror"], None, ["gazette", "mirror"], id="names, in the catalogue's order, each once"),
    ],
)
def test_sources_are_chosen_by_name_and_kind(names: list[str] | None, kinds: list[str] | None, chosen: list[str]) -> None:
    """Disabled ones never."""
    assert [one.name for one in select_sources(CATALOGUE, names, kinds)] == chosen  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "kinds", "message"),
    [
        pytest.param(["gazete"], None, "source 'gazete' is not in the catalogue; did you mean 'gazette'?", id="misspelt"),
        pytest.param(["Gazette"], None, "source 'Gazette' is not in the catalogue; did you mean 'gazette'?", id="capital"),
        pytest.param(
            ["xyzzy"], None, "source 'xyzzy' is not in the catalogue; 'scrapy sources list' shows those there are", id="nothing near"
        ),
        pytest.param(["ap"], None, "source 'ap' is disabled: Licensed only.", id="disabled with a note"),
        pytest.param(["old"], None, "source 'old' is disabled: its entry says enabled = false", id="disabled without a note"),
        pytest.param(
            ["gazette"],
            ["wire"],
            "source 'gazette' is of kind outlet, this crawl takes wire; 'scrapy crawl news' takes all",
            id="other kind",
        ),
        pytest.param(
            ["ap", "gazete"],
            None,
            "source 'ap' is disabled: Licensed only.\nsource 'gazete' is not in the catalogue; did you mean 'gazette'?",
            id="two mistakes",
        ),
    ],
)
def test_a_name_that_cannot_be_crawled_is_told(names: list[str], kinds: list[str] | None, message: str) -> None:
    """With what is near, or why it is off."""
    with pytest.raises(SourceError) as raised:
        select_sources(CATALOGUE, names, kinds)  # type: ignore[arg-type]
    assert str(raised.value) == message


def test_a_crawl_of_nothing_is_refused() -> None:
    """It would look like a good one."""
    with pytest.raises(SourceError, match="expected at least one enabled source of kind wire, found none among the catalogue's 1"):
        select_sources([source("gazette")], kinds=["wire"])
