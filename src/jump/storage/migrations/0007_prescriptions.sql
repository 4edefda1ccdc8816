-- oldest-program: 1
--
-- What was prescribed never changes: a prescription is stopped, and another one is written. That is
-- refused here, whoever writes. What may change are notes, its one move out of `active` with what
-- belongs to stopping it, and once, for good, that it was entered in error.

-- [both]
-- quantity: a decimal number as text. stopped_at, stop_reason: of what was stopped. error_reason: of
-- what was entered in error. consultation_id: of the same patient.
CREATE TABLE prescriptions (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT prescriptions_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  prescriber_id TEXT NOT NULL,
  consultation_id TEXT,
  medication_name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  dosage TEXT NOT NULL,
  dosage_unit TEXT,
  frequency TEXT NOT NULL,
  route TEXT,
  quantity TEXT,
  refills BIGINT CONSTRAINT prescriptions_refills_check CHECK (refills BETWEEN 0 AND 100),
  start_date TEXT NOT NULL,
  end_date TEXT CONSTRAINT prescriptions_dates_check CHECK (end_date >= start_date),
  instructions TEXT,
  notes TEXT,
  status TEXT NOT NULL CONSTRAINT prescriptions_status_check CHECK (status IN ('active', 'stopped', 'completed')),
  stopped_at BIGINT CONSTRAINT prescriptions_stopped_check CHECK ((stopped_at IS NOT NULL) = (status = 'stopped')),
  stop_reason TEXT CONSTRAINT prescriptions_reason_check CHECK (stop_reason IS NULL OR status = 'stopped'),
  entered_in_error BOOLEAN NOT NULL,
  error_reason TEXT CONSTRAINT prescriptions_error_check CHECK ((error_reason IS NOT NULL) = entered_in_error),
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT prescriptions_patient FOREIGN KEY (organisation_id, mode, patient_id) REFERENCES patients (organisation_id, mode, id),
  CONSTRAINT prescriptions_prescriber FOREIGN KEY (organisation_id, mode, prescriber_id) REFERENCES clinicians (organisation_id, mode, id),
  CONSTRAINT prescriptions_consultation FOREIGN KEY (organisation_id, mode, patient_id, consultation_id)
    REFERENCES consultations (organisation_id, mode, patient_id, id)
);
CREATE INDEX prescriptions_created ON prescriptions (organisation_id, mode, created_at, id, updated_at, entered_in_error);
CREATE INDEX prescriptions_updated ON prescriptions (organisation_id, mode, updated_at, id, created_at, entered_in_error);
CREATE INDEX prescriptions_by_patient ON prescriptions (organisation_id, mode, patient_id, created_at, id, updated_at, entered_in_error);
CREATE INDEX prescriptions_by_prescriber ON prescriptions (organisation_id, mode, prescriber_id, created_at, id);
CREATE INDEX prescriptions_by_prescriber_updated ON prescriptions (organisation_id, mode, prescriber_id, updated_at, id);
CREATE INDEX prescriptions_by_consultation ON prescriptions (organisation_id, mode, consultation_id, created_at, id, updated_at, entered_in_error)
  WHERE consultation_id IS NOT NULL;
CREATE INDEX prescriptions_by_status ON prescriptions (organisation_id, mode, status, created_at, id);
CREATE INDEX prescriptions_by_status_updated ON prescriptions (organisation_id, mode, status, updated_at, id);
CREATE INDEX prescriptions_by_start ON prescriptions (organisation_id, mode, start_date, created_at, id, updated_at, entered_in_error);
CREATE INDEX prescriptions_by_end ON prescriptions (organisation_id, mode, end_date, created_at, id, updated_at, entered_in_error);
CREATE INDEX prescriptions_in_error ON prescriptions (organisation_id, mode, created_at, id) WHERE entered_in_error;
CREATE INDEX prescriptions_by_stop ON prescriptions (organisation_id, mode, stopped_at, id, created_at, updated_at, entered_in_error) WHERE stopped_at IS NOT NULL;

-- What never changes ------------------------------------------------------------------------------

-- [postgresql]
CREATE FUNCTION keep_what_was_prescribed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was prescribed never changes'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'prescriptions_fixed';
END $$;
CREATE TRIGGER prescriptions_fixed BEFORE UPDATE ON prescriptions FOR EACH ROW
  WHEN (
    OLD.entered_in_error
    OR (OLD.organisation_id, OLD.mode, OLD.id, OLD.patient_id, OLD.prescriber_id,
        OLD.consultation_id, OLD.medication_name, OLD.display_name, OLD.dosage, OLD.dosage_unit,
        OLD.frequency, OLD.route, OLD.quantity, OLD.refills, OLD.start_date, OLD.instructions,
        OLD.created_at, OLD.created_by)
      IS DISTINCT FROM
       (NEW.organisation_id, NEW.mode, NEW.id, NEW.patient_id, NEW.prescriber_id,
        NEW.consultation_id, NEW.medication_name, NEW.display_name, NEW.dosage, NEW.dosage_unit,
        NEW.frequency, NEW.route, NEW.quantity, NEW.refills, NEW.start_date, NEW.instructions,
        NEW.created_at, NEW.created_by)
    OR (OLD.status <> 'active' AND NEW.status <> OLD.status)
    OR ((OLD.end_date, OLD.stopped_at, OLD.stop_reason)
          IS DISTINCT FROM (NEW.end_date, NEW.stopped_at, NEW.stop_reason)
        AND NOT (OLD.status = 'active' AND NEW.status = 'stopped'))
  )
  EXECUTE FUNCTION keep_what_was_prescribed();
CREATE TRIGGER prescriptions_kept BEFORE DELETE ON prescriptions
  FOR EACH ROW EXECUTE FUNCTION keep_what_was_prescribed();
CREATE TRIGGER prescriptions_all_kept BEFORE TRUNCATE ON prescriptions
  FOR EACH STATEMENT EXECUTE FUNCTION keep_what_was_prescribed();

-- [sqlite]
CREATE TRIGGER prescriptions_fixed BEFORE UPDATE ON prescriptions
  WHEN OLD.entered_in_error
    OR (OLD.organisation_id, OLD.mode, OLD.id, OLD.patient_id, OLD.prescriber_id,
        OLD.consultation_id, OLD.medication_name, OLD.display_name, OLD.dosage, OLD.dosage_unit,
        OLD.frequency, OLD.route, OLD.quantity, OLD.refills, OLD.start_date, OLD.instructions,
        OLD.created_at, OLD.created_by)
      IS NOT
       (NEW.organisation_id, NEW.mode, NEW.id, NEW.patient_id, NEW.prescriber_id,
        NEW.consultation_id, NEW.medication_name, NEW.display_name, NEW.dosage, NEW.dosage_unit,
        NEW.frequency, NEW.route, NEW.quantity, NEW.refills, NEW.start_date, NEW.instructions,
        NEW.created_at, NEW.created_by)
    OR (OLD.status <> 'active' AND NEW.status <> OLD.status)
    OR ((OLD.end_date, OLD.stopped_at, OLD.stop_reason)
          IS NOT (NEW.end_date, NEW.stopped_at, NEW.stop_reason)
        AND NOT (OLD.status = 'active' AND NEW.status = 'stopped'))
  BEGIN SELECT RAISE(ABORT, 'prescriptions_fixed'); END;
CREATE TRIGGER prescriptions_kept BEFORE DELETE ON prescriptions
  BEGIN SELECT RAISE(ABORT, 'prescriptions_fixed'); END;
-- What the foreign key says, said again for a connection that has not turned them on.
CREATE TRIGGER prescriptions_of_patient BEFORE INSERT ON prescriptions
  WHEN NEW.consultation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM consultations c WHERE c.organisation_id = NEW.organisation_id
      AND c.mode = NEW.mode AND c.patient_id = NEW.patient_id AND c.id = NEW.consultation_id)
  BEGIN SELECT RAISE(ABORT, 'prescriptions_consultation'); END;
-- INSERT OR REPLACE deletes without asking the trigger of deletions.
CREATE TRIGGER prescriptions_not_replaced BEFORE INSERT ON prescriptions
  WHEN EXISTS (SELECT 1 FROM prescriptions p WHERE p.organisation_id = NEW.organisation_id
               AND p.mode = NEW.mode AND p.id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'prescriptions_pkey'); END;
-- And from the other side: a consultation that was prescribed in does not change patients.
CREATE TRIGGER consultations_keep_patient_of_prescriptions BEFORE UPDATE OF patient_id ON consultations
  WHEN NEW.patient_id <> OLD.patient_id AND EXISTS (
    SELECT 1 FROM prescriptions p WHERE p.organisation_id = OLD.organisation_id AND p.mode = OLD.mode
      AND p.consultation_id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'prescriptions_consultation'); END;
