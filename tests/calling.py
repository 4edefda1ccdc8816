"""Calls the API of a running `jump` as an integrator does."""

from typing import Any

import httpx


def call(url: str, method: str, path: str, key: str, body: Any = None) -> httpx.Response:
    """One request with a key; `url` is the server's, `path` below the API's base."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.request(method, f"{url}/api/v1{path}", headers=headers, json=body, timeout=30)
