"""A claimed delivery for tests, with what does not matter to them filled in."""

from typing import Any

from msgspec.structs import replace

from jump.webhooks.phases import Claimed

# The base64 of thirty-two zero bytes, and of the bytes 0 to 31.
ZEROS = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
COUNTED = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

_CLAIMED = Claimed(
    organisation="org_1",
    mode="live",
    delivery_id="dlv_1",
    webhook_id="wh_1",
    event_id="evt_1",
    event_type="patient.created",
    patient_id=None,
    url="https://hooks.example.com/jump",
    body=b'{"test": 2432232314}',
    secrets=(ZEROS,),
    number=1,
    failures=0,
    interruptions=0,
    trigger="auto",
    test=False,
    epoch=1,
)


def claimed(**changes: Any) -> Claimed:
    """A delivery as the engine claims it, changed where a test cares."""
    return replace(_CLAIMED, **changes)
