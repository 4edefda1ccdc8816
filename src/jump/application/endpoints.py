"""Every endpoint of the API, of the resources and the other domains, and whom webhooks call."""

import functools
import os

from jump.clinical.registry import OTHERS, RESOURCES
from jump.rest import documents as rest_documents
from jump.rest import events as rest_events
from jump.rest import me
from jump.rest import webhooks as rest_webhooks
from jump.rest.openapi import document as openapi
from jump.rest.routes import Route
from jump.sealing import Keyring
from jump.settings import Settings
from jump.webhooks.transport.address_guard import Guard


def guard_of(settings: Settings) -> Guard:
    """Which addresses webhooks may call."""
    return Guard(settings.webhook_allow_networks, settings.webhook_allow_ports)


@functools.cache
def document() -> bytes:
    """The OpenAPI document of every endpoint, encoded once: what is served and printed."""
    # It is made of data that needs no secret of this installation: nothing is signed here.
    table = routes(Keyring("x" * 32), Guard((), frozenset()))
    return openapi.encode(openapi.build(table, RESOURCES))


def routes(keyring: Keyring, guard: Guard) -> tuple[Route, ...]:
    """Every endpoint of the API."""
    resources = [operation for each in RESOURCES for operation in each.operations]
    webhooks = rest_webhooks.operations(rest_webhooks.WebhookParts(keyring, guard, os.urandom))
    beside = (*OTHERS, *rest_documents.OPERATIONS, *webhooks, *rest_events.OPERATIONS)
    return (*me.OPERATIONS, *resources, *beside)
