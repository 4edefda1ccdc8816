"""Opens the store of documents that the settings name."""

import os
from collections.abc import Mapping
from typing import Final

from jump.settings import DocumentFolder, Settings, SettingsError
from jump.storage import files
from jump.storage.files import Files

_NAME: Final = "JUMP_DOCUMENTS_URL"
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


def open_files(settings: Settings) -> Files:
    """The store of documents. Raises SettingsError when it cannot be used as it is set."""
    place = settings.documents
    try:
        if isinstance(place, DocumentFolder):
            return files.folder(place.path)
        return files.bucket(place.url, allow_http=_allows_http(os.environ))
    except OSError as error:
        words = f"The folder cannot be used: {error.strerror}. Name one that may be written to."
        raise SettingsError(_NAME, words) from error
    except ValueError as error:
        raise SettingsError(_NAME, str(error)) from error


def _allows_http(environ: Mapping[str, str]) -> bool:
    allows = environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")
    endpoint = next((environ[name] for name in _ENDPOINTS if environ.get(name)), "")
    if endpoint.lower().startswith("http:") and not allows:
        raise ValueError(
            "The endpoint of the bucket is one without TLS. Write https:// in AWS_ENDPOINT_URL, or"
            " set AWS_ALLOW_HTTP=true where nobody can listen in."
        )
    return allows
