"""Values that are nowhere else: wherever one turns up, it came from a patient or a secret."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import apsw
import msgspec

from jump.kit.nhs_number import is_valid
from jump.rest.routes import Route
from tests.postgres import run_apart
from tests.surface.asking import BASE
from tests.surface.world import good_bodies, name_of

# In lower case, as folding makes it; with letters that no id of ours has.
MARK = "zulioq"
NHS_NUMBER = next(n for n in map(str, range(9_991_234_500, 9_991_234_600)) if is_valid(n))
BIRTH = "1913-04-07"
DEATH = "1999-08-23"
PHONE = "07700 900461"

CUSTOM = {f"{MARK}key": [f"{MARK}value", {"deeper": f"{MARK}deep"}]}
PATIENT: Mapping[str, Any] = {
    **{
        name: f"{MARK} {name}"[:12]
        for name in (
            "first_name", "last_name", "middle_name", "preferred_name", "title", "address_line_1",
            "address_line_2", "address_line_3", "city", "postcode", "country", "biological_sex",
            "ethnicity", "occupation", "patient_notes", "preferred_contact_method",
        )
    },
    "date_of_birth": BIRTH,
    "date_of_death": DEATH,
    "nhs_number": NHS_NUMBER,
    "email": f"{MARK}@example.org",
    "phone": PHONE,
    "mobile_phone": PHONE,
    "home_phone": PHONE,
    "gender": "other",
    "custom_fields": CUSTOM,
}  # fmt: skip
REASON = f"{MARK} reason"
# Of an appointment, whatever may say something of the patient.
TEXTS: Mapping[str, Any] = {
    **{name: f"{MARK} {name}" for name in ("title", "description", "notes", "attendee_name")},
    "attendee_email": f"{MARK}@example.org",
    "attendee_phone": PHONE,
    "booking_source": f"{MARK} source",
}
NOTED: Mapping[str, Any] = {
    name: f"{MARK} {name}"
    for name in (
        "consultation_type_code", "consultation_type_display", "chief_complaint", "summary", "notes"
    )
}  # fmt: skip
AMENDED: Mapping[str, Any] = {"reason": REASON, "text": f"{MARK} text"}
AILING: Mapping[str, Any] = {"problem_name": f"{MARK} problem", "notes": f"{MARK} notes"}
PRESCRIBED: Mapping[str, Any] = {
    name: f"{MARK} {name}"
    for name in (
        "medication_name", "display_name", "dosage", "dosage_unit", "frequency", "route",
        "instructions", "notes",
    )
}  # fmt: skip
FILED = {name: f"{MARK} {name}" for name in ("title", "description", "document_type")}

# What may hold a patient: the records, what they are found by, and what is sent or answered again.
MAY_HOLD = {
    "patients": {"*"},
    "patient_words": {"word"},
    "appointments": {*TEXTS, "cancellation_reason", "error_reason"},
    "consultations": {*NOTED, "error_reason"},
    "consultation_amendments": {*AMENDED},
    "problems": {*AILING, "error_reason"},
    "prescriptions": {*PRESCRIBED, "stop_reason", "error_reason"},
    "documents": {*FILED, "file_name", "error_reason"},
    "events": {"body", "thin_body"},
    "replays": {"idempotency_key", "path", "body"},
    "deliveries": {"body"},
}


@dataclass
class Seen:
    """What must not be found anywhere; secrets join it as they are made."""

    texts: set[str] = field(
        default_factory=lambda: {MARK, NHS_NUMBER, BIRTH, DEATH, PHONE, PHONE.replace(" ", "")}
    )

    def add_key(self, key: str) -> None:
        """The secret of a key, whole and in halves."""
        secret = key.split("_")[3]
        self.texts |= {secret.lower(), secret[:20].lower(), secret[20:].lower()}

    def add_signing_secret(self, secret: str) -> None:
        """The secret of a webhook."""
        self.texts.add(secret.removeprefix("whsec_").rstrip("=").lower())

    def found_in(self, text: str | bytes) -> set[str]:
        """The canaries in it."""
        readable = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        lower = readable.lower()
        return {each for each in self.texts if each in lower}


@dataclass
class Wire:
    """Asks one process, with nothing put right on the way, and keeps what it is refused with."""

    url: str
    key: str
    refusals: list[tuple[str, int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)

    def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        base: str = BASE,
    ) -> tuple[int, Any]:
        """The status and the decoded answer."""
        sent = dict(headers or {})
        sent.setdefault("Authorization", f"Bearer {self.key}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        encoded = body if isinstance(body, bytes | None) else msgspec.json.encode(body)
        self._connection.request(method, base + target, encoded, sent)
        answer = self._connection.getresponse()
        content = answer.read()
        told = content + str(answer.getheaders()).encode()
        if answer.status >= 400:
            self.refusals.append((f"{method} {target}", answer.status, told))
        return answer.status, json.loads(content) if content else None

    def text(self, path: str) -> bytes:
        """What stands at an address outside the API."""
        self._connection.request("GET", path)
        return self._connection.getresponse().read()

    def close(self) -> None:
        """Hang up; the next request calls again."""
        self._connection.close()

    def made(self, target: str, body: Any, **more: Any) -> Any:
        """The data of what a POST has made."""
        status, answer = self.ask("POST", target, body, **more)
        assert status in (200, 201), answer
        return answer["data"]


def wrong_bodies(route: Route) -> Iterator[Any]:
    """Bodies with a canary where it cannot be taken."""
    if route.body is None:
        return
    good = good_bodies().get(name_of(route), {})
    for name in route.body.fields:
        for wrong in (
            f"{MARK} {NHS_NUMBER} {BIRTH} {PHONE}\x00",
            [{MARK: f"{MARK}"}],
            {f"{MARK}": [MARK]},
            MARK * 10_000,
        ):
            yield {**good, name: wrong}
    yield {**good, "unknown": f"{MARK} {NHS_NUMBER}"}
    yield f'{{"first_name": "{MARK} {NHS_NUMBER}", '.encode()
    yield f'"{MARK}"'.encode()
    yield b'{"x":"' + MARK.encode() * 70_000 + b'"}'


def wrong_queries(route: Route) -> Iterator[str]:
    """Queries with a canary where it cannot be taken."""
    names = route.listing.parameters() if route.listing is not None else []
    for name in [*names, *route.flags, "unknown"]:
        yield f"{name}={MARK}%20{BIRTH}%20{NHS_NUMBER}%00"
        yield f"{name}={MARK}%20{BIRTH}%20{NHS_NUMBER}"


WRONG_HEADERS: tuple[Mapping[str, str], ...] = (
    {"If-Match": f'"{MARK}"'},
    {"Idempotency-Key": f"{MARK} with spaces"},
    {"Content-Type": MARK},
    {"X-Request-Id": MARK},
    {"User-Agent": MARK, "Referer": f"https://{MARK}.example.org/", "Cookie": f"a={MARK}"},
    {"X-Forwarded-For": MARK, "X-Forwarded-Proto": MARK, "Forwarded": f"for={MARK}"},
    {"X-HTTP-Method-Override": MARK, "Accept": MARK, "Origin": f"https://{MARK}.example.org"},
    {"Authorization": f"Bearer {MARK}"},
    {"Authorization": f"Basic {MARK}"},
    {"Host": f"{MARK}.example.org"},
)


def form(fields: Mapping[str, str], file: bytes) -> tuple[bytes, str]:
    """A form with a file, and its media type."""
    head = 'Content-Disposition: form-data; name="{}"'.format
    parts = [f"{head(name)}\r\n\r\n{value}".encode() for name, value in fields.items()]
    parts.append(f'{head("file")}; filename="{MARK}.pdf"\r\n\r\n'.encode() + file)
    whole = b"".join(b"--between\r\n" + part + b"\r\n" for part in parts)
    return whole + b"--between--\r\n", "multipart/form-data; boundary=between"


def database_texts(url: str) -> Iterator[tuple[str, str, str | bytes]]:
    """Every text and every byte string in the database at `url`: table, column, value."""
    rows = _postgres_rows(url) if url.startswith("postgresql") else _sqlite_rows(url)
    for table, row in rows:
        for column, value in row.items():
            if isinstance(value, str | bytes):
                yield table, column, value


def _sqlite_rows(url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    path = url.removeprefix("sqlite:///")
    for file in (path, path.replace(".db", "-counters.db")):
        connection = apsw.Connection(file)
        for (table,) in list(
            connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ):
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            for row in cursor:
                names = [column[0] for column in cursor.get_description()]
                yield table, dict(zip(names, row, strict=True))
        connection.close()


def _postgres_rows(url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = run_apart(
        url,
        "fetch",
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition",
    )
    for (table,) in tables:
        for row in run_apart(url, "fetch", f"SELECT * FROM {table}"):
            yield table, dict(row)
