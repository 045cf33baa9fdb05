"""What starts runs by the clock: systemd's units, the crontab line, the container."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from newsroom import SOURCES_FILE
from tests.crawler.conftest import ROOT

DEPLOY = ROOT / "deploy"
INSTALLED = "/opt/copydesk"
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as installed, but for the folder they name: a program must be there."""
    program = tmp_path / "opt" / ".venv" / "bin" / "scrapy"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name in ("copydesk.service", "copydesk.timer"):
        (tmp_path / name).write_text((DEPLOY / name).read_text().replace(INSTALLED, str(tmp_path / "opt")))
    return tmp_path


@needs_systemd
@pytest.mark.parametrize("name", ["copydesk.service", "copydesk.timer"])
def test_systemd_finds_nothing_wrong_with_the_units(units: Path, name: str) -> None:
    """No unknown directive, no value it cannot read."""
    command = ["systemd-analyze", "verify", "--man=no", name]
    ran = subprocess.run(command, cwd=units, text=True, capture_output=True, timeout=60, check=False)
    ours = [line for line in ran.stderr.splitlines() if "copydesk" in line]
    assert (ran.returncode, ours) == (0, [])


@needs_systemd
def test_the_service_is_hardened(units: Path) -> None:
    """By systemd's own measure, 0 (nothing left to take) to 10: below 2.5 it calls a service OK."""
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", "copydesk.service"]
    ran = subprocess.run(command, cwd=units, text=True, capture_output=True, timeout=60, check=False)
    if "Unknown" in ran.stderr or "unrecognized option" in ran.stderr:
        pytest.skip("this systemd cannot judge a unit that is not loaded")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_timer_catches_up_and_spreads() -> None:
    """After the machine was off, and not at the full minute."""
    timer = (DEPLOY / "copydesk.timer").read_text()
    assert "\nPersistent=true\n" in timer
    assert re.search(r"^RandomizedDelaySec=\d+$", timer, re.MULTILINE)


def test_the_crontab_line_runs_with_what_cron_gives_it(tmp_path: Path) -> None:
    """A shell in the home folder with four variables, and those of the crontab; here as a dry run."""
    lines = [line for line in (DEPLOY / "crontab").read_text().splitlines() if line and not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines[:-1])
    schedule, command = re.fullmatch(r"((?:\S+ ){5})(.*)", lines[-1]).groups()  # type: ignore[union-attr]
    assert "%" not in command, "cron takes it for a line end"
    assert re.fullmatch(r"[\d*/,-]+ \S+ \S+ \S+ \S+ ", schedule)
    command = command.replace(f"{INSTALLED}/.venv/bin/scrapy", shlex.quote(str(Path(sys.executable).parent / "scrapy")))
    command = command.replace(INSTALLED, shlex.quote(str(ROOT))).replace("/var/lib/copydesk", shlex.quote(str(tmp_path / "news")))
    command = command.replace("--quiet", f"--dry-run -s SOURCES={shlex.quote(str(SOURCES_FILE))}")
    env = {"HOME": str(tmp_path), "LOGNAME": "copydesk", "PATH": "/usr/bin:/bin", **variables}
    ran = subprocess.run(
        [variables["SHELL"], "-c", command], cwd=tmp_path, env=env, text=True, capture_output=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "9 of 9 sources would be asked" in ran.stdout
    assert ran.stderr == ""


def test_the_container_is_made_of_files_that_are_there() -> None:
    """Docker itself is not needed for this; and the packages that it copies are all that the project declares."""
    copied = [path for line in re.findall(r"^COPY (.*) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE) for path in line.split()]
    assert [path for path in copied if not (ROOT / path).exists()] == []
    declared = re.search(r"include = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert declared
    assert {name.strip(' "*') for name in declared[1].split(",")} <= set(copied)
    assert "dockerfile: deploy/Dockerfile" in (DEPLOY / "compose.yaml").read_text()
