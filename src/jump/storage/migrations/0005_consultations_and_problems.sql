-- oldest-program: 1
--
-- What is recorded of a patient: consultations with their amendments, and problems. That a record
-- and what it refers to are of one patient, that a completed consultation never changes and that an
-- amendment stays as it is, is refused here. Programs of before know nothing of these tables.

-- [both]
-- Only there to be referred to: by whom an appointment is of the same patient.
CREATE UNIQUE INDEX appointments_of_patient ON appointments (organisation_id, mode, patient_id, id);

-- consultation_time: by the clock of the location.
CREATE TABLE consultations (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT consultations_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  clinician_id TEXT NOT NULL,
  appointment_id TEXT,
  location_id TEXT,
  consultation_date TEXT NOT NULL,
  consultation_time TEXT,
  consultation_type_code TEXT,
  consultation_type_display TEXT,
  chief_complaint TEXT,
  summary TEXT,
  notes TEXT,
  status TEXT NOT NULL CONSTRAINT consultations_status_check CHECK (status IN ('draft', 'completed')),
  entered_in_error BOOLEAN NOT NULL,
  error_reason TEXT CONSTRAINT consultations_error_check CHECK ((error_reason IS NOT NULL) = entered_in_error),
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT consultations_patient FOREIGN KEY (organisation_id, mode, patient_id) REFERENCES patients (organisation_id, mode, id),
  CONSTRAINT consultations_clinician FOREIGN KEY (organisation_id, mode, clinician_id) REFERENCES clinicians (organisation_id, mode, id),
  CONSTRAINT consultations_location FOREIGN KEY (organisation_id, mode, location_id) REFERENCES locations (organisation_id, mode, id),
  CONSTRAINT consultations_appointment FOREIGN KEY (organisation_id, mode, patient_id, appointment_id)
    REFERENCES appointments (organisation_id, mode, patient_id, id)
);
CREATE UNIQUE INDEX consultations_of_patient ON consultations (organisation_id, mode, patient_id, id);
CREATE INDEX consultations_created ON consultations (organisation_id, mode, created_at, id, updated_at, entered_in_error);
CREATE INDEX consultations_updated ON consultations (organisation_id, mode, updated_at, id, created_at, entered_in_error);
CREATE INDEX consultations_by_patient ON consultations (organisation_id, mode, patient_id, created_at, id, updated_at, entered_in_error);
CREATE INDEX consultations_by_clinician ON consultations (organisation_id, mode, clinician_id, created_at, id);
CREATE INDEX consultations_by_clinician_updated ON consultations (organisation_id, mode, clinician_id, updated_at, id);
CREATE INDEX consultations_by_location ON consultations (organisation_id, mode, location_id, created_at, id);
CREATE INDEX consultations_by_location_updated ON consultations (organisation_id, mode, location_id, updated_at, id);
CREATE INDEX consultations_by_appointment ON consultations (organisation_id, mode, appointment_id, created_at, id, updated_at, entered_in_error)
  WHERE appointment_id IS NOT NULL;
CREATE INDEX consultations_by_date ON consultations (organisation_id, mode, consultation_date, created_at, id, updated_at, entered_in_error);
-- Not the completed ones: they are nearly all.
CREATE INDEX consultations_drafts ON consultations (organisation_id, mode, created_at, id) WHERE status = 'draft';

CREATE TABLE consultation_amendments (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  consultation_id TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT consultation_amendments_consultation FOREIGN KEY (organisation_id, mode, patient_id, consultation_id)
    REFERENCES consultations (organisation_id, mode, patient_id, id)
);
CREATE INDEX consultation_amendments_by_consultation
  ON consultation_amendments (organisation_id, mode, consultation_id, created_at, id);

CREATE TABLE problems (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT problems_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  consultation_id TEXT,
  problem_name TEXT NOT NULL,
  snomed_code TEXT,
  icd10_code TEXT,
  status TEXT NOT NULL CONSTRAINT problems_status_check CHECK (status IN ('active', 'resolved', 'inactive')),
  severity TEXT CONSTRAINT problems_severity_check CHECK (severity IN ('mild', 'moderate', 'severe')),
  onset_date TEXT,
  end_date TEXT,
  notes TEXT,
  entered_in_error BOOLEAN NOT NULL,
  error_reason TEXT CONSTRAINT problems_error_check CHECK ((error_reason IS NOT NULL) = entered_in_error),
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT problems_dates_check CHECK (end_date IS NULL OR onset_date IS NULL OR end_date >= onset_date),
  CONSTRAINT problems_ended_check CHECK (end_date IS NULL OR status <> 'active'),
  CONSTRAINT problems_patient FOREIGN KEY (organisation_id, mode, patient_id) REFERENCES patients (organisation_id, mode, id),
  CONSTRAINT problems_consultation FOREIGN KEY (organisation_id, mode, patient_id, consultation_id)
    REFERENCES consultations (organisation_id, mode, patient_id, id)
);
CREATE UNIQUE INDEX problems_of_patient ON problems (organisation_id, mode, patient_id, id);
CREATE INDEX problems_created ON problems (organisation_id, mode, created_at, id, updated_at, entered_in_error);
CREATE INDEX problems_updated ON problems (organisation_id, mode, updated_at, id, created_at, entered_in_error);
CREATE INDEX problems_by_patient ON problems (organisation_id, mode, patient_id, created_at, id, updated_at, entered_in_error);
CREATE INDEX problems_by_consultation ON problems (organisation_id, mode, consultation_id, created_at, id, updated_at, entered_in_error)
  WHERE consultation_id IS NOT NULL;
CREATE INDEX problems_by_status ON problems (organisation_id, mode, status, created_at, id);
CREATE INDEX problems_by_status_updated ON problems (organisation_id, mode, status, updated_at, id);
CREATE INDEX problems_by_onset ON problems (organisation_id, mode, onset_date, created_at, id, updated_at, entered_in_error);
CREATE INDEX problems_by_end ON problems (organisation_id, mode, end_date, created_at, id, updated_at, entered_in_error);

-- What never changes -----------------------------------------------------------------------------

-- [postgresql]
-- Of a completed consultation only that it was entered in error may still be said, and never unsaid.
CREATE FUNCTION keep_completed_consultation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free TEXT[] := ARRAY['entered_in_error', 'error_reason', 'updated_at', 'version'];
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - free = to_jsonb(OLD) - free
     AND (NOT OLD.entered_in_error OR to_jsonb(NEW) = to_jsonb(OLD)) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a completed consultation never changes'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'consultations_completed';
END $$;
CREATE TRIGGER consultations_keep_completed BEFORE UPDATE OR DELETE ON consultations
  FOR EACH ROW WHEN (OLD.status = 'completed') EXECUTE FUNCTION keep_completed_consultation();
CREATE TRIGGER consultations_no_truncate BEFORE TRUNCATE ON consultations
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('consultations_completed');

CREATE FUNCTION amend_only_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM consultations c WHERE c.organisation_id = NEW.organisation_id
                 AND c.mode = NEW.mode AND c.id = NEW.consultation_id AND c.status = 'completed') THEN
    RAISE EXCEPTION 'only a completed consultation is amended'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'consultation_amendments_consultation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER consultation_amendments_of_completed BEFORE INSERT ON consultation_amendments
  FOR EACH ROW EXECUTE FUNCTION amend_only_completed();
CREATE TRIGGER consultation_amendments_no_update BEFORE UPDATE OR DELETE ON consultation_amendments
  FOR EACH ROW EXECUTE FUNCTION refuse_change('consultation_amendments_append_only');
CREATE TRIGGER consultation_amendments_no_truncate BEFORE TRUNCATE ON consultation_amendments
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('consultation_amendments_append_only');

-- [sqlite]
CREATE TRIGGER consultations_keep_completed BEFORE UPDATE ON consultations
  WHEN OLD.status = 'completed' AND (
    (NEW.organisation_id, NEW.mode, NEW.id, NEW.patient_id, NEW.clinician_id, NEW.appointment_id,
     NEW.location_id, NEW.consultation_date, NEW.consultation_time, NEW.consultation_type_code,
     NEW.consultation_type_display, NEW.chief_complaint, NEW.summary, NEW.notes, NEW.status,
     NEW.created_at, NEW.created_by)
    IS NOT
    (OLD.organisation_id, OLD.mode, OLD.id, OLD.patient_id, OLD.clinician_id, OLD.appointment_id,
     OLD.location_id, OLD.consultation_date, OLD.consultation_time, OLD.consultation_type_code,
     OLD.consultation_type_display, OLD.chief_complaint, OLD.summary, OLD.notes, OLD.status,
     OLD.created_at, OLD.created_by)
    OR OLD.entered_in_error AND
    (NEW.entered_in_error, NEW.error_reason, NEW.updated_at, NEW.version)
    IS NOT
    (OLD.entered_in_error, OLD.error_reason, OLD.updated_at, OLD.version))
  BEGIN SELECT RAISE(ABORT, 'consultations_completed'); END;
CREATE TRIGGER consultations_no_delete BEFORE DELETE ON consultations WHEN OLD.status = 'completed'
  BEGIN SELECT RAISE(ABORT, 'consultations_completed'); END;
CREATE TRIGGER consultation_amendments_of_completed BEFORE INSERT ON consultation_amendments
  WHEN NOT EXISTS (SELECT 1 FROM consultations c WHERE c.organisation_id = NEW.organisation_id
                   AND c.mode = NEW.mode AND c.patient_id = NEW.patient_id
                   AND c.id = NEW.consultation_id AND c.status = 'completed')
  BEGIN SELECT RAISE(ABORT, 'consultation_amendments_consultation'); END;
CREATE TRIGGER consultation_amendments_no_update BEFORE UPDATE ON consultation_amendments
  BEGIN SELECT RAISE(ABORT, 'consultation_amendments_append_only'); END;
CREATE TRIGGER consultation_amendments_no_delete BEFORE DELETE ON consultation_amendments
  BEGIN SELECT RAISE(ABORT, 'consultation_amendments_append_only'); END;
-- What the foreign keys say, said again for a connection that has not turned them on.
CREATE TRIGGER consultations_of_appointment BEFORE INSERT ON consultations
  WHEN NEW.appointment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM appointments a WHERE a.organisation_id = NEW.organisation_id AND a.mode = NEW.mode
      AND a.patient_id = NEW.patient_id AND a.id = NEW.appointment_id)
  BEGIN SELECT RAISE(ABORT, 'consultations_appointment'); END;
CREATE TRIGGER consultations_of_appointment_later
  BEFORE UPDATE OF organisation_id, mode, patient_id, appointment_id ON consultations
  WHEN NEW.appointment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM appointments a WHERE a.organisation_id = NEW.organisation_id AND a.mode = NEW.mode
      AND a.patient_id = NEW.patient_id AND a.id = NEW.appointment_id)
  BEGIN SELECT RAISE(ABORT, 'consultations_appointment'); END;
CREATE TRIGGER problems_of_consultation BEFORE INSERT ON problems
  WHEN NEW.consultation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM consultations c WHERE c.organisation_id = NEW.organisation_id AND c.mode = NEW.mode
      AND c.patient_id = NEW.patient_id AND c.id = NEW.consultation_id)
  BEGIN SELECT RAISE(ABORT, 'problems_consultation'); END;
CREATE TRIGGER problems_of_consultation_later
  BEFORE UPDATE OF organisation_id, mode, patient_id, consultation_id ON problems
  WHEN NEW.consultation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM consultations c WHERE c.organisation_id = NEW.organisation_id AND c.mode = NEW.mode
      AND c.patient_id = NEW.patient_id AND c.id = NEW.consultation_id)
  BEGIN SELECT RAISE(ABORT, 'problems_consultation'); END;
-- And from the other side: who is referred to does not change patients.
CREATE TRIGGER appointments_keep_patient BEFORE UPDATE OF patient_id ON appointments
  WHEN NEW.patient_id <> OLD.patient_id AND EXISTS (
    SELECT 1 FROM consultations c WHERE c.organisation_id = OLD.organisation_id AND c.mode = OLD.mode
      AND c.appointment_id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'consultations_appointment'); END;
CREATE TRIGGER consultations_keep_patient BEFORE UPDATE OF patient_id ON consultations
  WHEN NEW.patient_id <> OLD.patient_id AND EXISTS (
    SELECT 1 FROM problems p WHERE p.organisation_id = OLD.organisation_id AND p.mode = OLD.mode
      AND p.consultation_id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'problems_consultation'); END;
