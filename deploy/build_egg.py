"""Build the egg that Scrapyd takes: ``python deploy/build_egg.py copydesk.egg``. Standard library only."""

from __future__ import annotations

import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("crawler", "pipelines", "newsroom")
SETTINGS = "copydesk_egg"


def build_egg(target: Path) -> None:
    """Write the project as an egg: its packages below ``project/``, and the module that unpacks them. Its libraries are Scrapyd's to install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as egg:
        egg.writestr("EGG-INFO/PKG-INFO", f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
        egg.writestr("EGG-INFO/entry_points.txt", f"[scrapy]\nsettings = {SETTINGS}\n")
        egg.write(ROOT / "deploy" / "egg_settings.py", f"{SETTINGS}.py")
        for package in PACKAGES:
            for path in sorted((ROOT / package).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    egg.write(path, f"project/{path.relative_to(ROOT)}")


def main() -> None:
    """Build the egg that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python deploy/build_egg.py FILE.egg")
    target = Path(sys.argv[1])
    build_egg(target)
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
