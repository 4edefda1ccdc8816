"""The documentation, of the same routes and settings that the program runs with."""

import os
from collections.abc import Sequence

import msgspec

from jump import settings as configuration
from jump.application.endpoints import document
from jump.docs.app import DocsApp, Parts
from jump.docs.fillings import Opened, Setting
from jump.docs.source import Source
from jump.kit.clock import Clock
from jump.rest.routes import Route
from jump.settings import Settings


def documentation(settings: Settings, clock: Clock, routes: Sequence[Route]) -> DocsApp:
    """The face at /docs."""
    source = Source(
        public_url=settings.public_url,
        opened=[Opened(each.method, each.path, each.scope, each.summary) for each in routes],
        settings=[
            Setting(each.name, each.default, each.meaning)
            for each in configuration.VARIABLES.values()
        ],
        document=lambda: msgspec.json.decode(document()),
    )
    return DocsApp(Parts(source, settings.trusted_proxies, clock, os.urandom))
