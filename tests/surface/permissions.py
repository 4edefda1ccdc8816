"""The page's list of permissions, by hand: what each scope of a key opens, address by address.

This is a second copy on purpose: what a key may do may not change because the code did.
"""

from collections.abc import Iterator
from dataclasses import dataclass

READ = {
    "list": "GET {path}",
    "get": "GET {path}/{{id}}",
}
VERBS = {
    **READ,
    "create": "POST {path}",
    "update": "PATCH {path}/{{id}}",
    "delete": "DELETE {path}/{{id}}",
}
# What a key with a write scope gets back that has not the read scope of the resource.
TOLD_A_WRITER = frozenset({"id", "version", "status"})


@dataclass(frozen=True)
class Permission:
    """One permission of the page: the verbs and other addresses that its two scopes open.

    `beside` are scopes that some of the writes take as well, for what they say of other records.
    `paths` are also the other names of the resource.
    """

    name: str
    read: str | None = None
    write: str | None = None
    paths: tuple[str, ...] = ()
    reads: str = ""
    writes: str = ""
    beside: tuple[str, ...] = ()
    told_a_writer: frozenset[str] = TOLD_A_WRITER

    def opened(self, listed: str) -> Iterator[str]:
        """The addresses of a list: one of a verb for each path, others as they stand."""
        for line in filter(None, map(str.strip, listed.splitlines())):
            if line.startswith(("GET", "POST", "PUT", "PATCH", "DELETE")):
                yield line
            else:
                yield from (VERBS[v].format(path=p) for v in line.split() for p in self.paths)


PERMISSIONS = (
    Permission(
        "patients",
        read="read_patients",
        write="write_patients",
        paths=("/patients",),
        reads="""
            list get
            POST /patients/search
            GET /patients/{id}/access-log
        """,
        writes="""
            create update
            POST /patients/{id}/archive
            POST /patients/{id}/unarchive
        """,
    ),
    Permission(
        "consultations",
        read="read_consultations",
        write="write_consultations",
        paths=("/consultations",),
        reads="""
            list get
            GET /consultations/{id}/amendments
            GET /patients/{id}/consultations
        """,
        writes="""
            create update
            POST /consultations/{id}/complete
            POST /consultations/{id}/amendments
            POST /consultations/{id}/mark-in-error
        """,
    ),
    Permission(
        "problems",
        read="read_problems",
        write="write_problems",
        paths=("/problems",),
        reads="""
            list get
            GET /patients/{id}/problems
            GET /consultations/{id}/problems
        """,
        writes="""
            create update
            POST /problems/{id}/mark-in-error
        """,
    ),
    Permission(
        "appointments",
        read="read_appointments",
        write="write_appointments",
        paths=("/appointments",),
        reads="list get",
        writes="""
            create update
            POST /appointments/{id}/reschedule
            POST /appointments/{id}/cancel
            POST /appointments/{id}/complete
            POST /appointments/{id}/no-show
            POST /appointments/{id}/confirm
            POST /appointments/{id}/mark-in-error
        """,
    ),
    Permission(
        "documents",
        read="read_documents",
        write="write_documents",
        paths=("/documents",),
        reads="""
            list get
            GET /documents/{id}/download
            GET /patients/{id}/documents
            GET /consultations/{id}/documents
        """,
        writes="""
            create update
            PUT /documents/{id}/content
            POST /documents/{id}/mark-in-error
        """,
    ),
    Permission(
        "prescriptions",
        read="read_prescriptions",
        write="write_prescriptions",
        paths=("/prescriptions",),
        reads="""
            list get
            GET /patients/{id}/prescriptions
            GET /consultations/{id}/prescriptions
        """,
        writes="""
            create update
            POST /prescriptions/{id}/stop
            POST /prescriptions/{id}/complete
            POST /prescriptions/{id}/mark-in-error
        """,
    ),
    Permission(
        "appointment types",
        read="read_appointment_types",
        paths=("/appointment-types", "/appointment-templates"),
        reads="list get",
    ),
    Permission(
        "clinicians",
        read="read_clinicians",
        paths=("/clinicians", "/clinician-profiles"),
        reads="list get",
    ),
    Permission("locations", read="read_locations", paths=("/locations",), reads="list get"),
    Permission(
        "availability",
        read="read_availability",
        paths=("/availability",),
        reads="""
            list
            GET /availability/next
            POST /availability/verify
        """,
    ),
    # Who may make holds also reads the ones that its key made.
    Permission(
        "holds",
        write="write_holds",
        paths=("/holds",),
        writes="""
            get create delete
            POST /holds/{id}/confirm
        """,
        beside=("read_patients",),
        told_a_writer=frozenset(),
    ),
    Permission(
        "webhooks",
        read="read_webhooks",
        write="write_webhooks",
        paths=("/webhooks",),
        reads="""
            list get
            GET /webhooks/{id}/deliveries
            GET /webhooks/{id}/deliveries/{delivery}
        """,
        writes="""
            create update delete
            POST /webhooks/{id}/test
            POST /webhooks/{id}/rotate-secret
            POST /webhooks/{id}/replay
            POST /webhooks/{id}/deliveries/{delivery}/resend
        """,
        beside=("read_patients",),
        # The secret is shown here or never.
        told_a_writer=frozenset({"id", "version", "secret", "deleted", "matched", "queued"}),
    ),
)
# For every key: who it is.
FOR_EVERY_KEY = frozenset({"GET /me"})
# For the keys that may read the record of an event.
FEED = frozenset({"GET /events", "GET /events/{id}"})
EVENTS = {
    "appointment.created": "read_appointments",
    "appointment.updated": "read_appointments",
    "appointment.cancelled": "read_appointments",
    "appointment.rescheduled": "read_appointments",
    "appointment.completed": "read_appointments",
    "patient.created": "read_patients",
    "patient.updated": "read_patients",
    "document.created": "read_documents",
    "document.updated": "read_documents",
}
OLDER_EVENTS = {"appointment.no_show": "read_appointments", "patient.archived": "read_patients"}


def opened_by() -> dict[str, str]:
    """The scope that opens each address."""
    found: dict[str, str] = {}
    for permission in PERMISSIONS:
        for scope, listed in (
            (permission.read, permission.reads),
            (permission.write, permission.writes),
        ):
            for address in permission.opened(listed):
                assert scope is not None
                assert address not in found, f"{address} stands twice"
                found[address] = scope
    return found


def scopes() -> list[str]:
    """Every scope, in the order of the page."""
    both = [scope for each in PERMISSIONS for scope in (each.read, each.write)]
    return [scope for scope in both if scope is not None]
