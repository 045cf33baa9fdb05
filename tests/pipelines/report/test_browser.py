"""The report page in a real browser: Debian's Chromium, headless."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.report import RunReport, write_page, write_report
from tests.pipelines.report.conftest import make_run_report
from tests.pipelines.report.corpora import CALLS, HOSTILE, hostile, ordinary

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM or not DRIVER, reason="needs Debian's chromium and chromium-driver"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
PHONE, DESK = (360, 740), (1200, 900)


class Page:
    """A page in the browser, with what its console said since it was opened."""

    def __init__(self, browser: Any, path: Path) -> None:
        self.browser, self.path = browser, path

    def open(self, size: tuple[int, int] = DESK, *, dark: bool = False, fragment: str = "") -> Page:
        """Load it anew in a window of that size."""
        width, height = size
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.browser.get("about:blank")
        self.browser.get_log("browser")
        self.browser.get(self.path.as_uri() + fragment)
        return self

    def run(self, script: str, *values: Any) -> Any:
        """What a script returns in the page."""
        return self.browser.execute_script(script, *values)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that match."""
        found: list[str] = self.run("return [...document.querySelectorAll(arguments[0])].map((found) => found.textContent)", selector)
        return found

    def press(self, *keys: str) -> None:
        """Type where the focus is."""
        self.browser.switch_to.active_element.send_keys(*keys)

    def console(self) -> list[str]:
        """What the console said."""
        return [entry["message"] for entry in self.browser.get_log("browser")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    profile = tmp_path_factory.mktemp("profile")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server", f"--user-data-dir={profile}"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=str(DRIVER)))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The report of an ordinary corpus."""
    output = tmp_path_factory.mktemp("ordinary")
    ordinary(output)
    write_report(make_run_report(run_id="run-1"), output)
    return Page(browser, write_page(output))


@pytest.fixture(scope="module")
def attacked(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The report of a corpus in which every word of others is an attack."""
    output = tmp_path_factory.mktemp("hostile")
    hostile(output, make_run_report())
    return Page(browser, write_page(output))


def test_an_ordinary_page_draws_everything_and_asks_for_nothing(page: Page) -> None:
    """Charts, tables and stories; no word on the console, no request."""
    page.open()
    assert page.console() == []
    assert page.run("return performance.getEntriesByType('resource').map((entry) => entry.name)") == []
    assert page.texts("#rows button") == ["Ferry towed back", "Grain gets cheaper"]
    blank = "return drawn.filter(({canvas}) => !new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer).some(Boolean)).length"
    assert page.run("return drawn.length") >= 8
    assert page.run(blank) == 0


def test_searching_finds_words_of_titles_and_texts(page: Page) -> None:
    """Without regard to accents and case; filters join in."""
    page.open()
    page.run("document.getElementById('query').focus()")
    page.press("customs HOUSE")
    assert page.texts("#rows button") == ["Ferry towed back"]
    assert page.texts("#found") == ["1 story"]
    page.press(" nowhere")
    assert page.texts("#found") == ["0 stories"]
    page.run("document.getElementById('query').value = 'fahre'; document.getElementById('query').dispatchEvent(new Event('input'))")
    assert page.texts("#rows button") == ["Ferry towed back"]
    page.open().run("document.getElementById('only-copied').click()")
    assert page.texts("#rows button") == ["Ferry towed back"]


def test_a_story_opens_by_keyboard_with_differences_and_cut_lines(page: Page) -> None:
    """Escape closes it, and the focus is where it was."""
    from selenium.webdriver.common.keys import Keys

    page.open().run("document.querySelector('#rows button').focus()")
    page.press(Keys.ENTER)
    assert page.run("return document.querySelector('dialog').open")
    assert page.texts("dialog article h3") == ["Ferry towed back", "Fähre im Nebel"]
    assert page.texts("dialog article del") == ["Monday"]
    assert page.texts("dialog article ins") == ["Tuesday", " The owner said sorry."]
    assert page.texts("dialog .cut s") == ["Sign up", "A bridge"] * 2
    assert page.texts("dialog .choices button[aria-pressed=true]")[0].startswith("coast")
    page.run("[...document.querySelectorAll('dialog .choices button')].find((button) => button.textContent === 'merged').click()")
    assert page.texts("dialog article del, dialog article ins") == ["Monday", "Tuesday", " The owner said sorry."]
    page.press(Keys.ESCAPE)
    assert not page.run("return document.querySelector('dialog').open")
    assert page.run("return document.activeElement.textContent") == "Ferry towed back"
    assert page.console() == []


def test_a_link_opens_its_story(page: Page) -> None:
    """``#story=…`` can be passed on."""
    story = page.open().run("return data.stories[1].id")
    page.open(fragment=f"#story={story}")
    assert page.texts("#story-title") == ["Grain gets cheaper"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("which", ["page", "attacked"])
def test_a_phone_shows_it_without_scrolling_sideways(which: str, dark: bool, request: pytest.FixtureRequest) -> None:
    """360 pixels wide, also with a story open; both schemes."""
    page: Page = request.getfixturevalue(which).open(PHONE, dark=dark)
    assert page.run("return document.documentElement.scrollWidth") <= PHONE[0]
    page.run("openStory(data.stories[0])")
    assert page.run("return [document.documentElement.scrollWidth, document.querySelector('dialog').scrollWidth]") == [PHONE[0]] * 2
    assert page.console() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(page: Page, dark: bool) -> None:
    """Contrast of at least 4.5 to 1 for every colour of text.  Source: WCAG 2.2, criterion 1.4.3."""
    page.open(dark=dark)
    ratio = """
      const light = (name) => {
        const [r, g, b] = colour(name).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16) / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      return arguments[0].map(([one, other]) => { const [low, high] = [light(one), light(other)].sort((a, b) => a - b); return (high + 0.05) / (low + 0.05); });
    """
    pairs = [(ink, ground) for ink in ("ink", "muted", "link") for ground in ("paper", "card", "soft")] + [
        ("ins-ink", "ins"),
        ("del-ink", "del"),
    ]
    assert min(page.run(ratio, pairs)) >= 4.5
    shown = page.run("return getComputedStyle(document.body).backgroundColor")
    assert shown == ("rgb(20, 23, 26)" if dark else "rgb(250, 249, 246)")


def test_no_script_of_a_page_runs(attacked: Page) -> None:
    """Not when it is loaded, not when each story is opened and every copy looked at, not on hovering or following a fragment."""
    attacked.open()
    opened = attacked.run("""
      for (const details of document.querySelectorAll('details')) details.open = true;
      let opened = 0;
      for (const story of data.stories) {
        document.querySelector(`[data-story="${story.id}"] button`).click();
        for (const button of document.querySelectorAll('dialog .choices button')) button.click();
        for (const node of document.querySelectorAll('dialog *')) node.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
        opened += document.querySelectorAll('dialog article').length ? 1 : 0;
        document.querySelector('dialog').close();
      }
      return opened;
    """)
    assert opened == len(HOSTILE)
    assert attacked.run("return typeof window.hacked") == "undefined"
    assert attacked.console() == []
    assert attacked.run("return document.querySelectorAll('script:not([type])').length") == len(attacked.texts("script:not([type])")) == 8
    assert (
        attacked.run(
            "return document.querySelectorAll('img, iframe, svg, object, embed, base, [onerror], [onload], [onfocus], [onmouseover]').length"
        )
        == 0
    )


def test_titles_are_shown_as_they_were_written(attacked: Page) -> None:
    """As text, with what nobody sees spelled out."""
    titles = attacked.open().texts("#rows button")
    assert HOSTILE[0] in titles
    assert "abc‹U+202E›gnp.exe ‹U+2066›hidden‹U+2069›" in titles


def test_only_web_addresses_can_be_clicked(attacked: Page) -> None:
    """Every other scheme is plain text."""
    attacked.open()
    protocols = attacked.run("""
      const found = new Set();
      for (const story of data.stories) {
        openStory(story);
        for (const anchor of document.querySelectorAll('a')) found.add(anchor.protocol);
        document.querySelector('dialog').close();
      }
      return [...found].sort();
    """)
    assert protocols == ["file:", "https:"]  # the page's own fragments, and outlets
    attacked.run("openStory(data.stories.find(({ id }) => data.details[id].some(({ url }) => url.startsWith('javascript:'))))")
    assert any(text.startswith(f"javascript:{CALLS}") for text in attacked.texts("dialog article bdi"))


def test_the_policy_stops_a_script_that_gets_in_all_the_same(page: Page) -> None:
    """A second wall: an inline script or handler put into the document does nothing, and no address can be asked."""
    page.open()
    page.run("const made = document.createElement('script'); made.textContent = 'window.hacked = 1'; document.body.append(made)")
    page.run(
        "document.body.insertAdjacentHTML('beforeend', '<i onclick=\"window.hacked = 2\">x</i>'); document.querySelector('i[onclick]').click()"
    )
    assert page.run("return typeof window.hacked") == "undefined"
    assert page.browser.execute_async_script("const done = arguments[0]; fetch('https://a.example/').then(() => done('asked'), () => done('refused'))") == "refused"  # fmt: skip
    assert len(page.console()) >= 2


def test_a_report_of_a_run_names_it(page: Page, make_report: Callable[..., RunReport]) -> None:
    """In the title and above the figures."""
    page.open()
    assert page.browser.title == "Copydesk: run run-1"
    assert page.texts("#title") == [f"Run of {make_report().started_at:%Y-%m-%d %H:%M} UTC"]
    assert page.texts("#contents a") == page.texts("section:not([hidden]) h2")
