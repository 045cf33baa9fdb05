"""What the pages say is what the code does: reasons, links, commands."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from crawler.commands.corpus import ACTIONS
from crawler.failures import FINAL_STATUSES, REASONS
from pipelines.attribute.line_sections import LineKind
from pipelines.chain import STAGES
from pipelines.extract.decide import CLASS_REASONS, HEADLINE

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))
STATS = (ROOT / "docs" / "stats.md").read_text(encoding="utf-8")
NOT_OURS = {"build", "dist", "__pycache__"}


def page_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def literals(node: ast.expr | None) -> Iterator[str]:
    """The strings that an expression can be: both branches of a choice, an f-string with <name> for what it fills in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else f"<{ast.unparse(part.value)}>" for part in node.values)  # type: ignore[attr-defined]
        yield "".join(map(str, parts))


def argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """The argument of a call, by keyword or place."""
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named or (call.args[position] if len(call.args) > position else None)


def nodes(*folders: str) -> Iterator[ast.AST]:
    """Every node of the syntax trees of the modules in these folders."""
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def given(calls: dict[str, int], *folders: str) -> set[str]:
    """The literal reasons that these calls (name -> place of the reason) are given."""
    found: set[str] = set()
    for node in nodes(*folders):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in calls:
                found |= set(literals(argument(node, calls[called], "reason")))
    return found


def assigned(*folders: str) -> set[str]:
    """The literals of ``reason = …`` and ``reason, detail = …``."""
    found: set[str] = set()
    for node in nodes(*folders):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                target, value = target.elts[0], value.elts[0]
            if getattr(target, "id", "") == "reason":
                found |= set(literals(value))
    return found


def returned(*functions: str) -> set[str]:
    """The literals that these functions return, or that stand first in the tuples which they return."""
    bodies = (node for node in nodes("crawler", "pipelines") if isinstance(node, ast.FunctionDef) and node.name in functions)
    values = (inner.value for body in bodies for inner in ast.walk(body) if isinstance(inner, ast.Return))
    firsts = (value.elts[0] if isinstance(value, ast.Tuple) else value for value in values if value is not None)
    return {reason for first in firsts for reason in literals(first)}


def rows(heading: str, column: int) -> set[str]:
    """The words in code type in one column of the first table below a heading of docs/stats.md."""
    table = STATS.partition(f"{heading}\n")[2].lstrip().partition("\n\n")[0] if heading else STATS.partition("\n|")[2].partition("\n\n")[0]
    cells = [
        line.strip("|").split("|")[column] for line in table.splitlines() if line.startswith(("|", " ")) and not line.startswith("|--")
    ]
    return {word for cell in cells for word in re.findall(r"`([a-z_<>]+)`", cell)}


REJECTIONS = (
    given({"Rejection": 2, "reject": 1, "count": 2, "endpoint_rejected": 3}, "crawler", "pipelines")
    | assigned("crawler")
    | returned("_reason", "_judge", "_judge_age", "explain_thin")
    | {reason for _, reason, _ in REASONS}
) - {"kept"}
DOCUMENTED_REJECTIONS = (
    rows("", 3) | rows("## Reasons of `extract`", 0) | set(re.findall(r"`(unchanged|not_due|unreadable|endpoint_<reason>)`", STATS))
)


def test_the_reasons_are_found_in_the_code() -> None:
    """Guards the test below: each way in which the code makes a rejection is seen."""
    assert {"no_text", "too_large", "undecodable", "offsite", "too_old", "known", "worker_died", "robots_txt", "http_<status>", "endpoint_<reason>", "unreadable", "not_html", "too_short", "stage_error"} <= REJECTIONS  # fmt: skip


def test_every_rejection_s_reason_is_explained() -> None:
    """In docs/stats.md; and none is explained that does not exist."""
    assert sorted(REJECTIONS) == sorted(DOCUMENTED_REJECTIONS)


def test_every_reason_in_removed_is_explained() -> None:
    """Those of block decisions, lines, repeats, captions and lifted lines; and no other."""
    decided = {reason for reason, _ in CLASS_REASONS} | returned("reason_of_cut") | {HEADLINE}
    rules = tomllib.loads((ROOT / "pipelines/scrub/rules.toml").read_text(encoding="utf-8"))
    of_rules = {entry["name"] for entry in rules["reason"]}
    assert len(of_rules) > 10
    in_code = given({"Removed": 0, "_removed": 1, "Cut": 2}, "pipelines") | assigned("pipelines/scrub")
    made = decided | of_rules | set(get_args(LineKind)) | in_code
    assert sorted(made) == sorted(rows("## Reasons in `removed`\n\nWhat was cut from a text stands in the article's `removed` column, in page order, each piece with one of these reasons.\n", 0))  # fmt: skip


def test_the_page_says_which_rejections_are_final() -> None:
    """Statuses and network failures, as crawler/failures.py has them."""
    again, final = re.findall(r"^\| `fetch` \| (`timeout`.*?) \| (.*?) \|$", STATS, re.MULTILINE)[0]
    assert {int(status) for status in re.findall(r"`http_(\d+)`", final)} == FINAL_STATUSES
    for _, reason, is_final in REASONS:
        assert f"`{reason}`" in (final if is_final else again)


def test_every_stage_has_a_row() -> None:
    """In the order of the chain."""
    assert tuple(re.findall(r"^\| `(\w+)` \|", STATS.partition("## ")[0], re.MULTILINE)) == STAGES


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    """To a file or folder of this project."""
    text = re.sub(r"`[^`\n]*`", "", path.read_text(encoding="utf-8"))
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target)]
    assert [target for target in targets if target and not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_commands_that_a_page_shows_exist(path: Path) -> None:
    """``scrapy …`` in code type or at the start of a line of code; spiders and actions too."""
    commands = {file.stem for file in (ROOT / "crawler" / "commands").glob("[!_]*.py")} | {"list"}
    spiders = {file.stem for file in (ROOT / "crawler" / "spiders").glob("[!_]*.py")} - {"base"}
    shown = re.findall(r"(?:^|`)scrapy ([a-z]\w*)(?: ([\w|]+))?", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert {command for command, _ in shown} <= commands
    assert {name for command, name in shown if command == "crawl" and name} <= spiders
    assert {action for command, names in shown if command == "corpus" for action in names.split("|") if action} <= set(ACTIONS)


def text_files() -> Iterator[tuple[Path, str]]:
    """The project's own files with their text: nothing hidden, installed, built or crawled."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        is_ours = not any(part.startswith(".") or part in NOT_OURS or part.endswith(".egg-info") for part in parts) and parts[0] != "output"
        if is_ours and path.is_file():
            yield path, path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_folder_of_a_developer_s_machine() -> None:
    """Home folders, and where this working copy happens to lie."""
    here = [re.escape(str(ROOT))] if len(ROOT.parts) > 2 else []
    homes = re.compile("|".join([r"(?<![\w.])/(?:home|Users|root)/\w", r"[A-Z]:\\Users\\", *here]))
    files = list(text_files())
    assert len(files) > 100
    assert [page_name(path) for path, text in files if homes.search(text)] == []


def test_the_index_leads_to_every_page() -> None:
    """docs/README.md, which the README links."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "docs").glob("*.md") if path.name != "README.md" and f"({path.name})" not in index] == []
    assert "(docs/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
