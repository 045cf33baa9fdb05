"""The layers: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STAGES = {"discover", "extract", "scrub", "attribute", "dedup", "corpus", "report"}
SHARED = {"records", "errors", "urls", "text", "sqlite"}
# Arrow is what Spark hands to the steps of a batch job.
HOMES = {
    "trafilatura": {"extract"},
    "datasketch": {"dedup"},
    "pyarrow": {"corpus", "cluster"},
    "pyspark": {"cluster"},
    "fastwarc": {"warc"},
    "warcio": {"warc"},
}


def imported_modules(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions, with relative names resolved."""
    package = list(path.relative_to(ROOT).with_suffix("").parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", modules("pipelines"), ids=lambda p: str(p.relative_to(ROOT)))
def test_pipelines_never_import_the_crawler(path: Path) -> None:
    """``pipelines`` knows no Scrapy, no Twisted and no ``crawler``."""
    roots = {name.split(".")[0] for name in imported_modules(path)}
    assert not roots & {"scrapy", "twisted", "crawler", "itemadapter"}


@pytest.mark.parametrize("path", modules("pipelines"), ids=lambda p: str(p.relative_to(ROOT)))
def test_stages_do_not_know_each_other(path: Path) -> None:
    """A stage imports its own modules and the shared ones; ``report`` also reads ``corpus``."""
    stage = path.relative_to(ROOT / "pipelines").parts[0]
    if stage not in STAGES:
        pytest.skip("not a stage")
    known = {name.split(".")[1] for name in imported_modules(path) if name.startswith("pipelines.")}
    allowed = SHARED | {stage} | ({"corpus"} if stage == "report" else set())
    assert known <= allowed


@pytest.mark.parametrize("path", modules("pipelines") + modules("crawler"), ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_have_one_home(path: Path) -> None:
    """trafilatura, datasketch, pyspark and the WARC libraries are each imported in one place only, pyarrow in two."""
    inside = path.relative_to(ROOT).parts[1]
    for library, homes in HOMES.items():
        if inside not in homes or path.relative_to(ROOT).parts[0] != "pipelines":
            assert library not in {name.split(".")[0] for name in imported_modules(path)}, f"{library} belongs in pipelines/{sorted(homes)}"
