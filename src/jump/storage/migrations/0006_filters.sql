-- oldest-program: 1
--
-- For each filter of a list an index that finds its rows, in the order of the list where many may
-- have the same value. Of what nearly all have or nearly none has, only the few are in one. What comes
-- with time lies at one end of every order, and is sorted by its index alone, which has what for.

-- [both]
CREATE INDEX appointments_by_clinician ON appointments (organisation_id, mode, clinician_id, created_at, id);
CREATE INDEX appointments_by_clinician_updated ON appointments (organisation_id, mode, clinician_id, updated_at, id);
CREATE INDEX appointments_by_type ON appointments (organisation_id, mode, appointment_type_id, created_at, id);
CREATE INDEX appointments_by_type_updated ON appointments (organisation_id, mode, appointment_type_id, updated_at, id);
CREATE INDEX appointments_by_location ON appointments (organisation_id, mode, location_id, created_at, id);
CREATE INDEX appointments_by_location_updated ON appointments (organisation_id, mode, location_id, updated_at, id);
CREATE INDEX appointments_by_status ON appointments (organisation_id, mode, status, created_at, id);
CREATE INDEX appointments_by_status_updated ON appointments (organisation_id, mode, status, updated_at, id);
CREATE INDEX appointments_by_end ON appointments (organisation_id, mode, end_time, id, created_at, updated_at, start_time, entered_in_error);
CREATE INDEX appointments_by_hold ON appointments (organisation_id, mode, hold_id, id) WHERE hold_id IS NOT NULL;
CREATE INDEX appointments_remote ON appointments (organisation_id, mode, created_at, id) WHERE is_remote;
CREATE INDEX appointments_in_error ON appointments (organisation_id, mode, created_at, id) WHERE entered_in_error;

CREATE INDEX patients_by_status ON patients (organisation_id, mode, status, created_at, id);
CREATE INDEX patients_by_status_updated ON patients (organisation_id, mode, status, updated_at, id);
CREATE INDEX patients_by_birth ON patients (organisation_id, mode, date_of_birth, id);
CREATE INDEX patients_by_death ON patients (organisation_id, mode, date_of_death, id) WHERE date_of_death IS NOT NULL;
CREATE INDEX patients_by_archiving ON patients (organisation_id, mode, archived_at, id) WHERE archived_at IS NOT NULL;
CREATE INDEX patients_deceased ON patients (organisation_id, mode, created_at, id) WHERE is_deceased;

CREATE INDEX consultations_by_status ON consultations (organisation_id, mode, status, created_at, id);
CREATE INDEX consultations_by_status_updated ON consultations (organisation_id, mode, status, updated_at, id);
CREATE INDEX consultations_in_error ON consultations (organisation_id, mode, created_at, id) WHERE entered_in_error;
CREATE INDEX problems_in_error ON problems (organisation_id, mode, created_at, id) WHERE entered_in_error;
