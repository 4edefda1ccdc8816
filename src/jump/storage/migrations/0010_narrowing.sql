-- oldest-program: 1
--
-- Whichever way the rows of a page are looked for, an index alone finds them: that of an order has what
-- a list is narrowed by, but for what many records share, and that of a field what they are sorted by.
-- Both have whether a record is listed, which stands early as it is asked of each.

-- [both]

DROP INDEX appointments_created;
DROP INDEX appointments_updated;
DROP INDEX appointments_start;
DROP INDEX appointments_by_clinician;
DROP INDEX appointments_by_clinician_updated;
DROP INDEX appointments_by_type;
DROP INDEX appointments_by_type_updated;
DROP INDEX appointments_by_location;
DROP INDEX appointments_by_location_updated;
DROP INDEX appointments_by_status;
DROP INDEX appointments_by_status_updated;

DROP INDEX consultations_created;
DROP INDEX consultations_updated;
DROP INDEX consultations_by_clinician;
DROP INDEX consultations_by_clinician_updated;
DROP INDEX consultations_by_location;
DROP INDEX consultations_by_location_updated;
DROP INDEX consultations_by_status;
DROP INDEX consultations_by_status_updated;

DROP INDEX problems_created;
DROP INDEX problems_updated;
DROP INDEX problems_by_status;
DROP INDEX problems_by_status_updated;

DROP INDEX prescriptions_created;
DROP INDEX prescriptions_updated;
DROP INDEX prescriptions_by_prescriber;
DROP INDEX prescriptions_by_prescriber_updated;
DROP INDEX prescriptions_by_status;
DROP INDEX prescriptions_by_status_updated;

DROP INDEX documents_created;
DROP INDEX documents_updated;
DROP INDEX documents_by_type;
DROP INDEX documents_by_type_updated;
DROP INDEX documents_by_mime_type;
DROP INDEX documents_by_mime_type_updated;
DROP INDEX documents_by_status;
DROP INDEX documents_by_status_updated;

CREATE INDEX appointments_created ON appointments (organisation_id, mode, created_at, id, entered_in_error, updated_at, start_time, end_time, patient_id, hold_id, status);
CREATE INDEX appointments_updated ON appointments (organisation_id, mode, updated_at, id, entered_in_error, created_at, start_time, end_time, patient_id, hold_id, status);
CREATE INDEX appointments_start ON appointments (organisation_id, mode, start_time, id, entered_in_error, created_at, updated_at, end_time, patient_id, hold_id, status);
CREATE INDEX appointments_by_clinician ON appointments (organisation_id, mode, clinician_id, created_at, id, entered_in_error, start_time);
CREATE INDEX appointments_by_clinician_updated ON appointments (organisation_id, mode, clinician_id, updated_at, id, entered_in_error);
CREATE INDEX appointments_by_type ON appointments (organisation_id, mode, appointment_type_id, created_at, id, entered_in_error, start_time);
CREATE INDEX appointments_by_type_updated ON appointments (organisation_id, mode, appointment_type_id, updated_at, id, entered_in_error);
CREATE INDEX appointments_by_location ON appointments (organisation_id, mode, location_id, created_at, id, entered_in_error, start_time);
CREATE INDEX appointments_by_location_updated ON appointments (organisation_id, mode, location_id, updated_at, id, entered_in_error);
CREATE INDEX appointments_by_status ON appointments (organisation_id, mode, status, created_at, id, entered_in_error, start_time);
CREATE INDEX appointments_by_status_updated ON appointments (organisation_id, mode, status, updated_at, id, entered_in_error);

CREATE INDEX consultations_created ON consultations (organisation_id, mode, created_at, id, entered_in_error, updated_at, consultation_date, patient_id, appointment_id, status);
CREATE INDEX consultations_updated ON consultations (organisation_id, mode, updated_at, id, entered_in_error, created_at, consultation_date, patient_id, appointment_id, status);
CREATE INDEX consultations_by_clinician ON consultations (organisation_id, mode, clinician_id, created_at, id, entered_in_error);
CREATE INDEX consultations_by_clinician_updated ON consultations (organisation_id, mode, clinician_id, updated_at, id, entered_in_error);
CREATE INDEX consultations_by_location ON consultations (organisation_id, mode, location_id, created_at, id, entered_in_error);
CREATE INDEX consultations_by_location_updated ON consultations (organisation_id, mode, location_id, updated_at, id, entered_in_error);
CREATE INDEX consultations_by_status ON consultations (organisation_id, mode, status, created_at, id, entered_in_error);
CREATE INDEX consultations_by_status_updated ON consultations (organisation_id, mode, status, updated_at, id, entered_in_error);

CREATE INDEX problems_created ON problems (organisation_id, mode, created_at, id, entered_in_error, updated_at, onset_date, end_date, patient_id, consultation_id, status);
CREATE INDEX problems_updated ON problems (organisation_id, mode, updated_at, id, entered_in_error, created_at, onset_date, end_date, patient_id, consultation_id, status);
CREATE INDEX problems_by_status ON problems (organisation_id, mode, status, created_at, id, entered_in_error);
CREATE INDEX problems_by_status_updated ON problems (organisation_id, mode, status, updated_at, id, entered_in_error);

CREATE INDEX prescriptions_created ON prescriptions (organisation_id, mode, created_at, id, entered_in_error, updated_at, start_date, end_date, stopped_at, patient_id, consultation_id, status);
CREATE INDEX prescriptions_updated ON prescriptions (organisation_id, mode, updated_at, id, entered_in_error, created_at, start_date, end_date, stopped_at, patient_id, consultation_id, status);
CREATE INDEX prescriptions_by_prescriber ON prescriptions (organisation_id, mode, prescriber_id, created_at, id, entered_in_error);
CREATE INDEX prescriptions_by_prescriber_updated ON prescriptions (organisation_id, mode, prescriber_id, updated_at, id, entered_in_error);
CREATE INDEX prescriptions_by_status ON prescriptions (organisation_id, mode, status, created_at, id, entered_in_error);
CREATE INDEX prescriptions_by_status_updated ON prescriptions (organisation_id, mode, status, updated_at, id, entered_in_error);

CREATE INDEX documents_created ON documents (organisation_id, mode, created_at, id, entered_in_error, updated_at, patient_id, consultation_id, status);
CREATE INDEX documents_updated ON documents (organisation_id, mode, updated_at, id, entered_in_error, created_at, patient_id, consultation_id, status);
CREATE INDEX documents_by_type ON documents (organisation_id, mode, document_type, created_at, id, entered_in_error);
CREATE INDEX documents_by_type_updated ON documents (organisation_id, mode, document_type, updated_at, id, entered_in_error);
CREATE INDEX documents_by_mime_type ON documents (organisation_id, mode, mime_type, created_at, id, entered_in_error);
CREATE INDEX documents_by_mime_type_updated ON documents (organisation_id, mode, mime_type, updated_at, id, entered_in_error);
CREATE INDEX documents_by_status ON documents (organisation_id, mode, status, created_at, id, entered_in_error);
CREATE INDEX documents_by_status_updated ON documents (organisation_id, mode, status, updated_at, id, entered_in_error);
