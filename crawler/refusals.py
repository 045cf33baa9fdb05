"""Why a request is not sent or its answer not taken, each an exception of its own."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class ForbiddenAddress(IgnoreRequest):
    """The request's scheme, port or literal address is not one that we ask."""


class RobotsRefusal(IgnoreRequest):
    """robots.txt refuses the URL, or could not be had."""


class ArchiveFailed(IgnoreRequest):
    """The answer could not be written to the archive, and what is not archived is not taken."""


class HostDown(IgnoreRequest):
    """The host failed so often, one time after the other, that this run asks it for nothing more."""


class HostPaused(IgnoreRequest):
    """The host asks to be left alone for longer than this run waits."""


class HostWaits(IgnoreRequest):
    """The host is left alone for a while: the request goes back to the scheduler and comes again."""


class OptedOut(IgnoreRequest):
    """The publisher reserves text and data mining, and TRAINING_OPT_OUT obeys."""


class TooManyLayers(IgnoreRequest):
    """The answer is compressed more often than any honest server does."""
