"""The settings module inside the egg: unpacks the project, then is its settings.

Scrapyd runs eggs as they are, zipped. The project's catalogue, word lists and pages are files, and worker processes of its own import it, so
each version is unpacked once, into ``.copydesk/`` below Scrapyd's working directory.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path


def unpack(egg: Path, below: Path) -> Path:
    """Unpack the ``project/`` of an egg into a folder named after its content and return it; the second time it is there already."""
    target = below / hashlib.sha256(egg.read_bytes()).hexdigest()[:16]
    if not target.exists():
        below.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=below))
        with zipfile.ZipFile(egg) as archive:
            archive.extractall(temporary, [name for name in archive.namelist() if name.startswith("project/")])
        try:
            (temporary / "project").rename(target)
        except OSError:
            if not target.exists():  # else another job was quicker
                raise
        shutil.rmtree(temporary, ignore_errors=True)
    return target


sys.path.insert(0, str(unpack(Path(__file__).parent, Path.cwd() / ".copydesk")))

from crawler.settings import *  # noqa: E402, F403

OUTPUT_DIR = os.environ.get("COPYDESK_OUTPUT", str(Path.cwd() / "output"))
