"""The list of the settings: names, defaults and meanings, as the contract has them.

What a value may be is left to `values` and `places`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KEY_NAME: Final = "JUMP_SECRET_KEY"
KEY_FILE_NAME: Final = "JUMP_SECRET_KEY_FILE"


class SettingsError(Exception):
    """A setting that stops the start: one line that names it and says what to write."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{name}: {sentence}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting. An empty default means that there is none, or that it follows from others."""

    name: str
    default: str
    meaning: str


VARIABLES: Final[Mapping[str, Variable]] = {
    variable.name: variable
    for variable in (
        Variable(
            "JUMP_DATABASE_URL",
            "sqlite:///var/jump.db",
            "Where the records are kept: sqlite:///relative/path, sqlite:////absolute/path or "
            "postgresql://...; with ?pooler=transaction where a pooler stands between.",
        ),
        Variable("JUMP_HOST", "127.0.0.1", "The address that is listened on."),
        Variable("JUMP_PORT", "8000", "The port that is listened on."),
        Variable("JUMP_PUBLIC_URL", "", "The address that links lead to, as clients see it."),
        Variable(
            "JUMP_TRUSTED_PROXIES",
            "",
            "The networks, with commas between them, whose X-Forwarded-* headers count.",
        ),
        Variable(
            KEY_NAME,
            "",
            "Any text of at least 32 characters; every other key is derived from it.",
        ),
        Variable(KEY_FILE_NAME, "", f"A file with that text, instead of {KEY_NAME}."),
        Variable(
            "JUMP_SECRET_KEY_PREVIOUS",
            "",
            "The secret key before a change; what was made with it stays good.",
        ),
        Variable(
            "JUMP_DOCUMENTS_URL",
            "file://var/documents",
            "Where the files of documents are kept: file://folder, or s3://bucket/prefix, "
            "which the usual AWS_* variables reach.",
        ),
        Variable(
            "JUMP_WEBHOOK_ALLOW_NETWORKS",
            "",
            "Networks that are not public and that webhooks may call all the same.",
        ),
        Variable(
            "JUMP_WEBHOOK_ALLOW_PORTS", "", "Ports beside 443 that webhooks may call all the same."
        ),
        Variable(
            "JUMP_WEBHOOK_CA_FILE",
            "",
            "A file with more certificate authorities that receivers' certificates may be from.",
        ),
        Variable(
            "JUMP_RETRY_SCHEDULE",
            "60,300,1500,7500,37500",
            "Seconds to wait after each failed attempt of a delivery: 1 to 5, never shrinking.",
        ),
        Variable(
            "JUMP_RETENTION_DAYS", "30", "Days that events, deliveries and attempts are kept."
        ),
        Variable("JUMP_ACCESS_LOG_DAYS", "365", "Days that the access log is kept."),
        Variable(
            "JUMP_WORK_PORT",
            "",
            "The port of jump work for /healthz, /readyz and /metrics; none unless it is set.",
        ),
    )
}
