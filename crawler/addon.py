"""Copydesk inside another Scrapy project, as an add-on: ``ADDONS = {"crawler.addon.Copydesk": 100}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.settings import default_settings

from crawler import settings as ours
from crawler.commands import OUTPUT_DIR
from crawler.extensions import RunReport
from crawler.item_pipelines import ProcessPages, StoreArticles

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

# What these say of our own project is not the other one's: whom to contact and where the package lies.
NOT_GIVEN = frozenset({"CONTACT", "PROJECT_DIR"})


class Copydesk:
    """Give any spider that yields ``FetchedPage`` our stages, store and report.

    Sets the defaults of our own settings, with the priority of an add-on: what the project or the command line says stands. Everything
    about the network (robots.txt, delays, user agent, middlewares) stays as the project has it.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        """Add two item pipelines, one extension and our defaults. Called by Scrapy."""
        for name, value in vars(ours).items():
            if name.isupper() and not hasattr(default_settings, name) and name not in NOT_GIVEN:
                settings.set(name, value, "addon")
        # Beside the project, not inside the installed package.
        settings.set("OUTPUT_DIR", OUTPUT_DIR, "addon")
        settings.set("DEFAULT_DROPITEM_LOG_LEVEL", ours.DEFAULT_DROPITEM_LOG_LEVEL, "addon")
        for component in (ProcessPages, StoreArticles):
            settings.setdefault_in_component_priority_dict(
                "ITEM_PIPELINES", component, ours.ITEM_PIPELINES[f"{component.__module__}.{component.__name__}"]
            )
        settings.setdefault_in_component_priority_dict("EXTENSIONS", RunReport, 500)
