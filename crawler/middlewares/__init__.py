"""Downloader middlewares: what may be requested and when, and what robots.txt and publishers say of it."""

from crawler.middlewares.endings import CompleteEndings
from crawler.middlewares.guard import FewLayers, PrivateAddressGuard
from crawler.middlewares.opt_outs import OptOuts
from crawler.middlewares.patience import PatienceWithHosts
from crawler.middlewares.refresh import QuickMetaRefresh
from crawler.middlewares.robots import StrictRobotsTxt
from crawler.refusals import ForbiddenAddress

__all__ = [
    "CompleteEndings",
    "FewLayers",
    "ForbiddenAddress",
    "OptOuts",
    "PatienceWithHosts",
    "PrivateAddressGuard",
    "QuickMetaRefresh",
    "StrictRobotsTxt",
]
