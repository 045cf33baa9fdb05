"""The pictures of the README, made anew from the project's own demo: ``make pictures``.

Needs Debian's chromium and chromium-driver. Writes docs/images: what ``make demo`` prints, its report, and a story of it.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
COLUMNS = 104
WIDTH, REPORT_HEIGHT, STORY_HEIGHT = 1100, 960, 760
# The font that Rich would have a reader load from elsewhere.
_FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def run_demo(output: Path) -> str:
    """Run the demo into a folder and return what a terminal shows of it, as far as the line that names the report."""
    env = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "scrapy", "demo", "-s", f"OUTPUT_DIR={output}"]
    ran = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    shown = ran.stdout.replace(str(output), "output")
    return shown[: shown.index("\n", shown.index("report: "))].strip("\n")


def draw_terminal(shown: str, target: Path) -> None:
    """Write what a terminal shows as SVG that asks for no font of others."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown))
    target.write_text(_FONT_FACES.sub("", console.export_svg(title="make demo")), encoding="utf-8")


def open_browser() -> Any:
    """Return a headless Chromium of the pictures' width."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=shutil.which("chromedriver")))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": WIDTH, "height": REPORT_HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    )
    return browser


def take_picture(browser: Any, target: Path, *, height: int) -> None:
    """Write the top of what the browser shows as PNG."""
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1}
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "optimizeForSpeed": False})
    target.write_bytes(base64.b64decode(shot["data"]))


def main() -> None:
    """Make all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        draw_terminal(run_demo(Path(folder)), IMAGES / "terminal.svg")
        (page,) = Path(folder).glob("runs/*/report.html")
        browser = open_browser()
        try:
            browser.get(page.as_uri())
            take_picture(browser, IMAGES / "report.png", height=REPORT_HEIGHT)
            browser.execute_script("document.querySelector('#rows button').click(); document.activeElement.blur()")
            take_picture(browser, IMAGES / "story.png", height=STORY_HEIGHT)
        finally:
            browser.quit()
    for path in sorted(IMAGES.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
