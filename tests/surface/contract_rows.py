"""The rows of the public contract's table of resources, for those that exist, as data.

This is a second copy on purpose: what the program promises may not change because the code did.
"""

from dataclasses import dataclass

# Every record has these.
OF_EVERY_RECORD = frozenset({"id", "created_at", "updated_at", "version", "created_by"})


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True)
class ContractRow:
    """`fields` are what a record shows beside those of every record; `set_elsewhere` those of them
    that neither creation nor change takes, `on_change` and `on_creation` those that only one of the
    two takes, `also` other names that answers or bodies carry, `actions` the addresses below the
    path. `shown` are what answers carry and no body takes.
    """

    path: str
    verbs: frozenset[str]
    fields: frozenset[str]
    required: frozenset[str] = frozenset()
    set_elsewhere: frozenset[str] = frozenset()
    on_change: frozenset[str] = frozenset()
    on_creation: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()


PATIENTS = ContractRow(
    path="/patients",
    verbs=words("list get create update"),
    fields=words("""
        first_name last_name date_of_birth middle_name preferred_name title nhs_number email phone
        mobile_phone home_phone address_line_1 address_line_2 address_line_3 city postcode country
        gender biological_sex ethnicity occupation patient_notes preferred_contact_method
        consent_sms consent_email consent_marketing is_deceased date_of_death custom_fields status
        archived_at archive_reason
    """),
    required=words("first_name last_name date_of_birth"),
    set_elsewhere=words("archived_at archive_reason"),
    on_change=words("status"),
    also=words("town_city"),
    shown=words("display_name avatar_url"),
    actions=frozenset(
        {
            "POST /patients/search",
            "POST /patients/{id}/archive",
            "POST /patients/{id}/unarchive",
            "GET /patients/{id}/access-log",
            "GET /patients/{id}/consultations",
            "GET /patients/{id}/problems",
            "GET /patients/{id}/prescriptions",
            "GET /patients/{id}/documents",
        }
    ),
)
CONSULTATIONS = ContractRow(
    path="/consultations",
    verbs=words("list get create update"),
    fields=words("""
        patient_id clinician_id appointment_id location_id consultation_date consultation_time
        consultation_type_code consultation_type_display chief_complaint summary notes status
    """),
    required=words("patient_id consultation_date"),
    also=words("clinician_profile_id"),
    actions=frozenset(
        {
            "POST /consultations/{id}/complete",
            "POST /consultations/{id}/mark-in-error",
            "GET /consultations/{id}/problems",
            "GET /consultations/{id}/prescriptions",
            "GET /consultations/{id}/documents",
        }
    ),
    shown=words("entered_in_error"),
)
AMENDMENTS = ContractRow(
    path="/consultations/{id}/amendments",
    verbs=words("list create"),
    fields=words("reason text"),
    required=words("reason text"),
    shown=words("consultation_id patient_id"),
)
PROBLEMS = ContractRow(
    path="/problems",
    verbs=words("list get create update"),
    fields=words("""
        patient_id problem_name snomed_code icd10_code status severity onset_date end_date notes
        consultation_id
    """),
    required=words("patient_id problem_name"),
    actions=frozenset({"POST /problems/{id}/mark-in-error"}),
    shown=words("entered_in_error"),
)
PRESCRIPTIONS = ContractRow(
    path="/prescriptions",
    verbs=words("list get create update"),
    # `consultation_id` is beside the contract: a consultation lists what was prescribed in it.
    fields=words("""
        patient_id prescriber_id medication_name display_name dosage dosage_unit frequency route
        quantity refills start_date end_date instructions notes status consultation_id
    """),
    required=words("patient_id prescriber_id medication_name dosage frequency start_date"),
    actions=frozenset(
        {
            "POST /prescriptions/{id}/stop",
            "POST /prescriptions/{id}/complete",
            "POST /prescriptions/{id}/mark-in-error",
        }
    ),
    # When and why it was stopped are beside the contract.
    shown=words("stopped_at stop_reason entered_in_error"),
)
WEBHOOKS = ContractRow(
    path="/webhooks",
    verbs=words("list get create update delete"),
    fields=words("url name events is_active payload mode paused_reason paused_at"),
    required=words("url events"),
    set_elsewhere=words("mode paused_reason paused_at"),
    actions=frozenset(
        {
            "POST /webhooks/{id}/test",
            "POST /webhooks/{id}/rotate-secret",
            "POST /webhooks/{id}/replay",
            "GET /webhooks/{id}/deliveries",
            "GET /webhooks/{id}/deliveries/{delivery}",
            "POST /webhooks/{id}/deliveries/{delivery}/resend",
        }
    ),
)
APPOINTMENT_TYPES = ContractRow(
    path="/appointment-types",
    verbs=words("list get"),
    fields=words("""
        name description duration_minutes buffer_before_minutes buffer_after_minutes price currency
        color is_active allow_online_booking booking_notice_hours max_advance_days
        cancellation_notice_hours max_group_size requires_payment
    """),
    actions=frozenset({"GET /appointment-templates", "GET /appointment-templates/{id}"}),
)
CLINICIANS = ContractRow(
    path="/clinicians",
    verbs=words("list get"),
    fields=words("""
        first_name last_name title role specialties bio email phone registration_number is_active
        is_bookable_online
    """),
    also=words("display_name avatar_url photo_url user_id qualifications"),
    actions=frozenset({"GET /clinician-profiles", "GET /clinician-profiles/{id}"}),
)
LOCATIONS = ContractRow(
    path="/locations",
    verbs=words("list get"),
    fields=words("""
        name address_line_1 address_line_2 city postcode country phone email timezone opening_hours
        is_primary is_active
    """),
    also=words("town_city"),
)
APPOINTMENTS = ContractRow(
    path="/appointments",
    verbs=words("list get create update"),
    fields=words("""
        patient_id clinician_profile_id appointment_type_id start_time end_time location_id
        is_remote title description notes attendee_name attendee_email attendee_phone status
        cancellation_reason booking_source hold_id
    """),
    required=words("patient_id clinician_profile_id appointment_type_id start_time"),
    on_change=words("cancellation_reason"),
    also=words("clinician_id appointment_template_id"),
    actions=frozenset(
        {
            "POST /appointments/{id}/reschedule",
            "POST /appointments/{id}/cancel",
            "POST /appointments/{id}/complete",
            "POST /appointments/{id}/no-show",
            "POST /appointments/{id}/confirm",
            "POST /appointments/{id}/mark-in-error",
        }
    ),
    shown=words("entered_in_error duration_minutes video_link attendance_status episode_id"),
)
HOLDS = ContractRow(
    path="/holds",
    verbs=words("get create delete"),
    # `is_remote` is beside the contract: a type may be offered in both forms at one time.
    fields=words("""
        appointment_type_id clinician_id date start_time location_id is_remote end_time expires_at
        status
    """),
    required=words("appointment_type_id clinician_id start_time"),
    set_elsewhere=words("end_time expires_at status"),
    also=words("clinician_profile_id appointment_template_id"),
    actions=frozenset({"POST /holds/{id}/confirm"}),
    shown=words("appointment_id"),
)
DOCUMENTS = ContractRow(
    path="/documents",
    verbs=words("list get create update"),
    # `consultation_id` is beside the contract: /consultations/{id}/documents lists them by it.
    fields=words("""
        patient_id document_type title description file_name mime_type file_size sha256 status
        consultation_id
    """),
    required=words("patient_id document_type title"),
    set_elsewhere=words("status"),
    on_creation=words("mime_type file_size sha256"),
    actions=frozenset(
        {
            "PUT /documents/{id}/content",
            "GET /documents/{id}/download",
            "POST /documents/{id}/mark-in-error",
        }
    ),
    shown=words("entered_in_error file_path uploaded_by"),
)
ROWS = (
    PATIENTS,
    CONSULTATIONS,
    AMENDMENTS,
    PROBLEMS,
    PRESCRIPTIONS,
    WEBHOOKS,
    APPOINTMENT_TYPES,
    CLINICIANS,
    LOCATIONS,
    APPOINTMENTS,
    HOLDS,
    DOCUMENTS,
)


# What is no record of the kind above: the addresses, and what their answers hold.
AVAILABILITY = frozenset(
    {"GET /availability", "GET /availability/next", "POST /availability/verify"}
)
OTHER_ADDRESSES = AVAILABILITY | {"GET /me", "GET /events", "GET /events/{id}"}
SLOT = words("""
    start_time end_time clinician_id clinician_name location_id location_name is_remote is_available
""")
SLOT_BESIDE_THE_CONTRACT = words("clinician_profile_id")  # section 8: answers carry both names
EVENT = words("id type created_at organization_id mode data")
DELIVERY = words("""
    id event_id event_type webhook_id state attempt_count last_status last_error next_attempt_at
    test created_at
""")
DELIVERY_IN_FULL = DELIVERY | words("payload attempts")
ATTEMPT = words("""
    id number attempted_at trigger url status error request_headers response_headers response_body
    duration_ms
""")
DURATIONS = words("dns connect tls first_byte total")
ME = words("id name mode scopes limit remaining expires_at")
ME_BESIDE_THE_CONTRACT = words("organization_id reset_at")

_OF_TYPES = words("id is_active allow_online_booking requires_payment created_at updated_at")
_OF_CLINICIANS = words("id is_active is_bookable_online created_at updated_at")

_OF_CONSULTATIONS = words("""
    id clinician_id clinician_profile_id appointment_id location_id status entered_in_error
    consultation_date created_at updated_at
""")
_OF_PROBLEMS = words("id status entered_in_error onset_date end_date created_at updated_at")
_OF_PRESCRIPTIONS = words("""
    id prescriber_id status entered_in_error start_date end_date stopped_at created_at updated_at
""")
_OF_DOCUMENTS = words("id document_type mime_type status entered_in_error created_at updated_at")

# Filters on every list: each id, type, boolean and status, both times, and the record's own dates.
FILTERS = {
    "GET /patients": words("""
        id status is_deceased consent_sms consent_email consent_marketing created_at updated_at
        archived_at date_of_birth date_of_death
    """),
    "GET /patients/{id}/access-log": words("request_id key_id status at created_at"),
    "GET /appointment-types": _OF_TYPES,
    "GET /appointment-templates": _OF_TYPES,
    "GET /clinicians": _OF_CLINICIANS,
    "GET /clinician-profiles": _OF_CLINICIANS,
    "GET /locations": words("id is_primary is_active created_at updated_at"),
    "GET /appointments": words("""
        id patient_id clinician_id clinician_profile_id appointment_type_id
        appointment_template_id location_id hold_id status is_remote entered_in_error start_time
        end_time created_at updated_at
    """),
    "GET /consultations": _OF_CONSULTATIONS | {"patient_id"},
    "GET /patients/{id}/consultations": _OF_CONSULTATIONS,
    "GET /consultations/{id}/amendments": words("id patient_id created_at updated_at"),
    "GET /problems": _OF_PROBLEMS | {"patient_id", "consultation_id"},
    "GET /patients/{id}/problems": _OF_PROBLEMS | {"consultation_id"},
    "GET /consultations/{id}/problems": _OF_PROBLEMS | {"patient_id"},
    "GET /prescriptions": _OF_PRESCRIPTIONS | {"patient_id", "consultation_id"},
    "GET /patients/{id}/prescriptions": _OF_PRESCRIPTIONS | {"consultation_id"},
    "GET /consultations/{id}/prescriptions": _OF_PRESCRIPTIONS | {"patient_id"},
    "GET /documents": _OF_DOCUMENTS | {"patient_id", "consultation_id"},
    "GET /patients/{id}/documents": _OF_DOCUMENTS | {"consultation_id"},
    "GET /consultations/{id}/documents": _OF_DOCUMENTS | {"patient_id"},
    "GET /webhooks": words("is_active created_at updated_at paused_at"),
    "GET /webhooks/{id}/deliveries": words(
        "event_id event_type state test created_at next_attempt_at"
    ),
    "GET /events": words("type created_at"),
}
PAGING = words("limit cursor offset order sort")

VERBS = {
    "list": "GET {path}",
    "get": "GET {path}/{{id}}",
    "create": "POST {path}",
    "update": "PATCH {path}/{{id}}",
    "delete": "DELETE {path}/{{id}}",
}


def addresses() -> frozenset[str]:
    """Every address that is promised."""
    own = {VERBS[verb].format(path=row.path) for row in ROWS for verb in row.verbs}
    return OTHER_ADDRESSES.union(own, *(row.actions for row in ROWS))
