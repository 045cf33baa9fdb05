"""What can go wrong, as opposed to a page that is merely rejected.

PipelineError
├── SourceError       a catalogue file or entry is wrong
├── SettingsError     a setting is wrong
├── DiscoveryError    a feed, sitemap or section page cannot be read as one
├── ExtractionError   extraction itself broke (a bug or a missing library, not a bad page)
├── DedupError        index parameters or input that cannot be used
├── WorkerLost        a worker process died on a task (pool.py)
├── WorkerTimeout     a task took longer than its limit (pool.py)
└── CorpusError       the store
    ├── NothingFound  no row answers to a URL or id
    ├── RunLocked     another scheduled run is at work in the output folder
    ├── StoreBusy     another process holds the fold lock
    ├── StoreDamaged  a registered part is missing or unreadable
    └── StoreVersion  state written by another version
"""


class PipelineError(Exception):
    """Base of every error that this package raises on purpose; its message is fit to print to a user."""


class SourceError(PipelineError):
    """A catalogue file or entry is wrong: names the file, the entry, the field, what was expected and what was found."""


class SettingsError(PipelineError):
    """A setting cannot be used: names it, what was expected and what was found."""


class DiscoveryError(PipelineError):
    """A feed, sitemap or section page cannot be read as one."""


class ExtractionError(PipelineError):
    """Extraction broke for a reason that is not the page."""


class DedupError(PipelineError):
    """Index parameters or dedup input that cannot be used."""


class CorpusError(PipelineError):
    """The store cannot do what was asked."""


class NothingFound(CorpusError):
    """No article or rejection answers to a URL or id, or too many do."""


class RunLocked(CorpusError):
    """Another scheduled run holds the lock of the output folder."""


class StoreBusy(CorpusError):
    """Another process holds the fold lock."""


class StoreDamaged(CorpusError):
    """The registry names a part that is gone from ``articles/``, or a log part cannot be read."""


class StoreVersion(CorpusError):
    """The state file was written by another version of the schema."""
