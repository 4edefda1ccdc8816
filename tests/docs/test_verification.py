"""The code that receivers paste takes what we send and refuses all else, in each language."""

import base64
from pathlib import Path

import pytest

from jump.kit.clock import SECOND, system_clock
from jump.webhooks.phases import Claimed
from jump.webhooks.signing import jump_signature, new_secret, prepare
from jump.webhooks.verification import SAMPLES
from tests.docs.house import House, a_delivery
from tests.webhooks import languages

OURS, OLDER, OTHERS = (new_secret(bytes([number]) * 32) for number in (1, 2, 3))
BODY = '{"id":"evt_1","data":{"object":{"first_name":"Zoë \U0001f600"}}}'.encode()
# What is sent: the seconds since it was signed, the secrets it was signed with, the body.
GENUINE = {
    "as we send it": (0, (OURS,), BODY),
    "four minutes old": (240, (OURS,), BODY),
    "with the old secret's signature first": (0, (OLDER, OURS), BODY),
    "with the old secret's signature last": (0, (OURS, OLDER), BODY),
    "without a body": (0, (OURS,), b""),
    "with bytes that are no text": (0, (OURS,), b"\xff\x00\r\n\x80"),
}
FORGED = {
    "six minutes old": (360, (OURS,), BODY),
    "from the future": (-360, (OURS,), BODY),
    "another's secret": (0, (OTHERS,), BODY),
    "two others' secrets": (0, (OTHERS, OLDER), BODY),
}


def signature(ago: int, secrets: tuple[str, ...], body: bytes) -> str:
    """The header, as the engine makes it."""
    claimed = Claimed(
        organisation="org_1", mode="live", delivery_id="dlv_1", webhook_id="wh_1",
        event_id="evt_1", event_type="patient.updated", patient_id=None, url="https://a.example",
        body=body, secrets=secrets, number=1, failures=0, interruptions=0, trigger="auto",
        test=False, epoch=1,
    )  # fmt: skip
    prepared = prepare(claimed, system_clock() - ago * SECOND)
    return dict(prepared.headers)["X-Webhook-Signature"]


def cases() -> dict[str, tuple[str, bytes, str]]:
    """What came: header, body, and what is to be said of it."""
    found = {name: (signature(*each), each[2], "yes") for name, each in GENUINE.items()}
    found |= {name: (signature(*each), each[2], "no") for name, each in FORGED.items()}
    good = signature(0, (OURS,), BODY)
    stamp, made = good.split(",")
    now = int(stamp.removeprefix("t="))
    changed = {
        "a byte changed": (good, BODY.replace(b"evt_1", b"evt_2")),
        "a byte added": (good, BODY + b"\n"),
        "a later time": (f"t={now + 1},{made}", BODY),
        "no time": (made, BODY),
        "no signature": (stamp, BODY),
        "an empty signature": (f"{stamp},v1=", BODY),
        "a cut signature": (good[:-1], BODY),
        "a longer signature": (f"{good}0", BODY),
        "capital letters": (f"{stamp},v1={made[3:].upper()}", BODY),
        "another scheme": (f"{stamp},v0={made[3:]}", BODY),
        "an endless time": (f"t={'9' * 5000},{made}", BODY),
        "a time that is no number": (f"t=0x{now:x},{made}", BODY),
        "a signature that is no ASCII": (f"{stamp},v1={'é' * 64}", BODY),
        "nothing": ("", BODY),
        "nonsense": ("v1,t,=,,==,v1=v1", BODY),
    }
    return found | {name: (header, body, "no") for name, (header, body) in changed.items()}


def sent_by(house: House) -> dict[str, tuple[str, str, bytes, str]]:
    """What a running house sent to a receiver, and the same with a byte changed: secret first."""
    request, secret = a_delivery(house)
    header = request.header("X-Webhook-Signature")
    forged = request.body.replace(b"patient.created", b"patient.updated")
    return {
        "a delivery": (secret, header, request.body, "yes"),
        "a forged delivery": (secret, header, forged, "no"),
        "a delivery of another webhook": (OURS, header, request.body, "no"),
    }


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_a_sample_takes_ours_and_refuses_all_else(
    language: str, house: House, tmp_path: Path
) -> None:
    assert languages.LANGUAGES[language].is_here(), "CI installs it, and it is not there"
    tried = {name: (OURS, *each) for name, each in cases().items()} | sent_by(house)
    given = "".join(
        f"{secret}\t{header}\t{base64.b64encode(body).decode()}\n"
        for secret, header, body, _ in tried.values()
    )
    said = languages.run(language, tmp_path, given)
    assert dict(zip(tried, said, strict=True)) == {name: each[3] for name, each in tried.items()}


def test_every_sample_is_run_and_shown_whole() -> None:
    assert [each.name for each in SAMPLES] == list(languages.LANGUAGES)
    for each in SAMPLES:
        assert each.code == each.path.read_text()
        assert 10 < each.code.count("\n") < 45
        assert max(map(len, each.code.splitlines())) <= 100


def test_a_header_is_what_the_scheme_says() -> None:
    at = system_clock() // SECOND
    assert signature(0, (OURS,), BODY) in {
        jump_signature((OURS,), second, BODY) for second in (at, at + 1)
    }
