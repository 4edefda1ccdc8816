"""Opens the signing secrets of lanes, each once; `signing_secrets` makes and keeps them."""

from jump import telemetry
from jump.sealing import CannotOpen, Keyring
from jump.webhooks.engine.lanes import Lane
from jump.webhooks.signing_secrets import open_sealed

_MOST = 4096


class OpenedSecrets:
    """A bounded memory of opened secrets, by what they were sealed as."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._opened: dict[bytes, str | None] = {}

    def of(self, lane: Lane) -> tuple[str, ...]:
        """The secrets of a lane that can be opened, newest first.

        None can after the secret key of the installation was lost: then nothing is sent.
        """
        secrets = (self._open(lane.webhook_id, sealed) for sealed in lane.sealed)
        return tuple(secret for secret in secrets if secret is not None)

    def _open(self, webhook_id: str, sealed: bytes) -> str | None:
        if sealed not in self._opened:
            if len(self._opened) >= _MOST:
                self._opened.clear()
            self._opened[sealed] = self._open_first(webhook_id, sealed)
        return self._opened[sealed]

    def _open_first(self, webhook_id: str, sealed: bytes) -> str | None:
        try:
            return open_sealed(sealed, webhook_id, self._keyring)
        except CannotOpen as refusal:
            telemetry.fault(refusal, None, f"signing secret of {webhook_id}")
            return None
