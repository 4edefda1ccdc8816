"""The list of resources: routes, scopes, documentation and the tests over all routes read it."""

from jump.clinical.definition import Registered
from jump.clinical.directory.appointment_types import APPOINTMENT_TYPES
from jump.clinical.directory.clinicians import CLINICIANS
from jump.clinical.directory.locations import LOCATIONS
from jump.clinical.records.consultation_amendments import AMENDMENTS
from jump.clinical.records.consultations import CONSULTATIONS
from jump.clinical.records.documents import DOCUMENTS
from jump.clinical.records.patients import PATIENTS
from jump.clinical.records.prescriptions import PRESCRIPTIONS
from jump.clinical.records.problems import PROBLEMS
from jump.clinical.scheduling.appointments import APPOINTMENTS
from jump.clinical.scheduling.availability import AVAILABILITY
from jump.clinical.scheduling.holds import HOLDS
from jump.resources.definition import Operation

RESOURCES: tuple[Registered, ...] = (
    PATIENTS,
    CONSULTATIONS,
    AMENDMENTS,
    PROBLEMS,
    PRESCRIPTIONS,
    APPOINTMENT_TYPES,
    CLINICIANS,
    LOCATIONS,
    APPOINTMENTS,
    HOLDS,
    DOCUMENTS,
)

# Answers that are no records.
OTHERS: tuple[Operation, ...] = AVAILABILITY
