-- oldest-program: 1
--
-- The calendar: who offers what, where and when, and what is taken. That no two appointments or
-- holds of a clinician overlap, and that no group is overfull, is refused here and nowhere else:
-- an appointment that takes time must have a seat of a claim of just that time.

-- [postgresql]
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- [both]
-- The directory -----------------------------------------------------------------------------------
-- reference: what the practice's own file calls it, so that loading the file again changes it.

CREATE TABLE locations (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT locations_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  reference TEXT,
  name TEXT NOT NULL,
  address_line_1 TEXT,
  address_line_2 TEXT,
  city TEXT,
  postcode TEXT,
  country TEXT,
  phone TEXT,
  email TEXT,
  timezone TEXT NOT NULL,
  opening_hours TEXT,
  is_primary BOOLEAN NOT NULL,
  is_active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id)
);
CREATE UNIQUE INDEX locations_reference ON locations (organisation_id, mode, reference)
  WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX locations_primary ON locations (organisation_id, mode) WHERE is_primary;
CREATE INDEX locations_created ON locations (organisation_id, mode, created_at, id);
CREATE INDEX locations_updated ON locations (organisation_id, mode, updated_at, id);

-- specialties: a JSON list. search_words: the folded words to find a clinician by, a space before
-- each.
CREATE TABLE clinicians (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT clinicians_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  reference TEXT,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  title TEXT,
  role TEXT,
  specialties TEXT NOT NULL,
  bio TEXT,
  email TEXT,
  phone TEXT,
  registration_number TEXT,
  search_words TEXT NOT NULL DEFAULT '',
  is_active BOOLEAN NOT NULL,
  is_bookable_online BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id)
);
CREATE UNIQUE INDEX clinicians_reference ON clinicians (organisation_id, mode, reference)
  WHERE reference IS NOT NULL;
CREATE INDEX clinicians_created ON clinicians (organisation_id, mode, created_at, id);
CREATE INDEX clinicians_updated ON clinicians (organisation_id, mode, updated_at, id);

-- price: a decimal number as text, in units of the currency (ISO 4217).
CREATE TABLE appointment_types (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT appointment_types_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  reference TEXT,
  name TEXT NOT NULL,
  description TEXT,
  duration_minutes BIGINT NOT NULL CONSTRAINT appointment_types_duration_check CHECK (duration_minutes BETWEEN 1 AND 1440),
  buffer_before_minutes BIGINT NOT NULL CONSTRAINT appointment_types_before_check CHECK (buffer_before_minutes BETWEEN 0 AND 1440),
  buffer_after_minutes BIGINT NOT NULL CONSTRAINT appointment_types_after_check CHECK (buffer_after_minutes BETWEEN 0 AND 1440),
  price TEXT,
  currency TEXT,
  color TEXT,
  is_active BOOLEAN NOT NULL,
  allow_online_booking BOOLEAN NOT NULL,
  booking_notice_hours BIGINT NOT NULL CONSTRAINT appointment_types_notice_check CHECK (booking_notice_hours >= 0),
  max_advance_days BIGINT NOT NULL CONSTRAINT appointment_types_advance_check CHECK (max_advance_days >= 1),
  cancellation_notice_hours BIGINT NOT NULL CONSTRAINT appointment_types_cancellation_check CHECK (cancellation_notice_hours >= 0),
  max_group_size BIGINT NOT NULL CONSTRAINT appointment_types_group_check CHECK (max_group_size >= 1),
  requires_payment BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id)
);
CREATE UNIQUE INDEX appointment_types_reference ON appointment_types (organisation_id, mode, reference)
  WHERE reference IS NOT NULL;
CREATE INDEX appointment_types_created ON appointment_types (organisation_id, mode, created_at, id);
CREATE INDEX appointment_types_updated ON appointment_types (organisation_id, mode, updated_at, id);

-- The rota ----------------------------------------------------------------------------------------
-- Which clinician offers which type where, in the room, remotely, or (two rows) both.
CREATE TABLE offers (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  appointment_type_id TEXT NOT NULL,
  clinician_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  is_remote BOOLEAN NOT NULL,
  PRIMARY KEY (organisation_id, mode, appointment_type_id, clinician_id, location_id, is_remote),
  FOREIGN KEY (organisation_id, mode, appointment_type_id) REFERENCES appointment_types (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, clinician_id) REFERENCES clinicians (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, location_id) REFERENCES locations (organisation_id, mode, id)
);

-- Dates and times of day are local to the location; ends_at may be 24:00. weekday: 1 is Monday
-- (ISO 8601); null for a session on the one day that starts_on and ends_on name. ends_on: null for
-- a weekly session without end.
CREATE TABLE rota_sessions (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  clinician_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  weekday BIGINT CONSTRAINT rota_sessions_weekday_check CHECK (weekday BETWEEN 1 AND 7),
  starts_on TEXT NOT NULL,
  ends_on TEXT,
  starts_at TEXT NOT NULL,
  ends_at TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT rota_sessions_days_check CHECK (ends_on >= starts_on AND (weekday IS NOT NULL OR (ends_on IS NOT NULL AND ends_on = starts_on))),
  CONSTRAINT rota_sessions_times_check CHECK (ends_at > starts_at),
  FOREIGN KEY (organisation_id, mode, clinician_id) REFERENCES clinicians (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, location_id) REFERENCES locations (organisation_id, mode, id)
);
CREATE INDEX rota_sessions_clinician ON rota_sessions (organisation_id, mode, clinician_id);

-- starts, ends: local date and time (2026-12-25T00:00), the end not included. location_id: null for
-- every location, each by its own clock.
CREATE TABLE closures (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  location_id TEXT,
  starts TEXT NOT NULL,
  ends TEXT NOT NULL CONSTRAINT closures_ends_check CHECK (ends > starts),
  reason TEXT,
  PRIMARY KEY (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, location_id) REFERENCES locations (organisation_id, mode, id)
);

-- By the clock of whichever location the clinician would have been at.
CREATE TABLE clinician_leave (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  clinician_id TEXT NOT NULL,
  starts TEXT NOT NULL,
  ends TEXT NOT NULL CONSTRAINT clinician_leave_ends_check CHECK (ends > starts),
  reason TEXT,
  PRIMARY KEY (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, clinician_id) REFERENCES clinicians (organisation_id, mode, id)
);
CREATE INDEX clinician_leave_clinician ON clinician_leave (organisation_id, mode, clinician_id);

-- What is taken -----------------------------------------------------------------------------------
-- A claim is a stretch of one clinician's time; buffers are in microseconds, as they were when it
-- was made. A group's appointments share one claim.
CREATE TABLE calendar_claims (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  clinician_id TEXT NOT NULL,
  appointment_type_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  is_remote BOOLEAN NOT NULL,
  starts BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  buffer_before BIGINT NOT NULL,
  buffer_after BIGINT NOT NULL,
  capacity BIGINT NOT NULL CONSTRAINT calendar_claims_capacity_check CHECK (capacity >= 1),
  PRIMARY KEY (organisation_id, mode, id),
  -- At most a day long, so that what overlaps a time is found by a short look back from it.
  CONSTRAINT calendar_claims_length_check CHECK (ends > starts AND ends - starts <= 86400000000),
  FOREIGN KEY (organisation_id, mode, clinician_id) REFERENCES clinicians (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, appointment_type_id) REFERENCES appointment_types (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, location_id) REFERENCES locations (organisation_id, mode, id)
);
CREATE UNIQUE INDEX calendar_claims_capacity ON calendar_claims (organisation_id, mode, id, capacity);
CREATE UNIQUE INDEX calendar_claims_time ON calendar_claims (organisation_id, mode, id, clinician_id, starts, ends);
CREATE INDEX calendar_claims_clinician ON calendar_claims (organisation_id, mode, clinician_id, starts);

-- A seat is an appointment's, or until expires_at a hold's.
CREATE TABLE claim_seats (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  claim_id TEXT NOT NULL,
  seat BIGINT NOT NULL,
  capacity BIGINT NOT NULL,
  appointment_id TEXT,
  hold_id TEXT,
  expires_at BIGINT,
  PRIMARY KEY (organisation_id, mode, claim_id, seat),
  CONSTRAINT claim_seats_seat_check CHECK (seat BETWEEN 1 AND capacity),
  CONSTRAINT claim_seats_holder_check CHECK ((appointment_id IS NULL) <> (hold_id IS NULL) AND (hold_id IS NULL) = (expires_at IS NULL)),
  CONSTRAINT claim_seats_claim FOREIGN KEY (organisation_id, mode, claim_id, capacity) REFERENCES calendar_claims (organisation_id, mode, id, capacity)
);
CREATE UNIQUE INDEX claim_seats_appointment ON claim_seats (organisation_id, mode, appointment_id)
  WHERE appointment_id IS NOT NULL;
CREATE UNIQUE INDEX claim_seats_hold ON claim_seats (organisation_id, mode, hold_id)
  WHERE hold_id IS NOT NULL;
CREATE INDEX claim_seats_expiry ON claim_seats (expires_at) WHERE expires_at IS NOT NULL;

-- claim_id and seat: of what takes time; null once cancelled or entered in error.
CREATE TABLE appointments (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT appointments_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  clinician_id TEXT NOT NULL,
  appointment_type_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  start_time BIGINT NOT NULL,
  end_time BIGINT NOT NULL,
  is_remote BOOLEAN NOT NULL,
  title TEXT,
  description TEXT,
  notes TEXT,
  attendee_name TEXT,
  attendee_email TEXT,
  attendee_phone TEXT,
  status TEXT NOT NULL CONSTRAINT appointments_status_check CHECK (status IN ('pending', 'confirmed', 'completed', 'no_show', 'cancelled')),
  cancellation_reason TEXT,
  cancelled_at BIGINT,
  booking_source TEXT,
  hold_id TEXT,
  entered_in_error BOOLEAN NOT NULL,
  error_reason TEXT,
  claim_id TEXT,
  seat BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT appointments_time_check CHECK (end_time > start_time),
  CONSTRAINT appointments_claim_check CHECK ((claim_id IS NOT NULL AND seat IS NOT NULL) = (status <> 'cancelled' AND NOT entered_in_error)),
  FOREIGN KEY (organisation_id, mode, patient_id) REFERENCES patients (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, clinician_id) REFERENCES clinicians (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, appointment_type_id) REFERENCES appointment_types (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, location_id) REFERENCES locations (organisation_id, mode, id)
);
CREATE UNIQUE INDEX appointments_seat ON appointments (organisation_id, mode, claim_id, seat)
  WHERE claim_id IS NOT NULL;
-- What comes with time lies at one end of every order, and is sorted by its index alone: so these
-- have what appointments are sorted by, and whether they are listed.
CREATE INDEX appointments_start ON appointments (organisation_id, mode, start_time, id, created_at, updated_at, entered_in_error);
CREATE INDEX appointments_created ON appointments (organisation_id, mode, created_at, id, updated_at, start_time, entered_in_error);
CREATE INDEX appointments_updated ON appointments (organisation_id, mode, updated_at, id, created_at, start_time, entered_in_error);
CREATE INDEX appointments_patient ON appointments (organisation_id, mode, patient_id, created_at, id, updated_at, start_time, entered_in_error);
CREATE INDEX appointments_clinician ON appointments (organisation_id, mode, clinician_id, start_time, id);

-- Whether an active hold has expired is seen by its expires_at, and by nothing that must run first.
-- date: of its start, local to the location.
CREATE TABLE holds (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT holds_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  appointment_type_id TEXT NOT NULL,
  clinician_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  is_remote BOOLEAN NOT NULL,
  date TEXT NOT NULL,
  start_time BIGINT NOT NULL,
  end_time BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  status TEXT NOT NULL CONSTRAINT holds_status_check CHECK (status IN ('active', 'confirmed', 'released')),
  appointment_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT holds_appointment_check CHECK ((status = 'confirmed') = (appointment_id IS NOT NULL)),
  FOREIGN KEY (organisation_id, mode, clinician_id) REFERENCES clinicians (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, appointment_type_id) REFERENCES appointment_types (organisation_id, mode, id),
  FOREIGN KEY (organisation_id, mode, location_id) REFERENCES locations (organisation_id, mode, id)
);
CREATE INDEX holds_active ON holds (organisation_id, mode, created_by, expires_at) WHERE status = 'active';

-- Never two at once -------------------------------------------------------------------------------

-- [postgresql]
ALTER TABLE calendar_claims ADD CONSTRAINT calendar_claims_overlap EXCLUDE USING gist
  (organisation_id WITH =, mode WITH =, clinician_id WITH =, int8range(starts, ends) WITH &&);
-- Looked at when the transaction ends: a move gives the old time back before it takes the new.
ALTER TABLE appointments ADD CONSTRAINT appointments_claim
  FOREIGN KEY (organisation_id, mode, claim_id, clinician_id, start_time, end_time)
  REFERENCES calendar_claims (organisation_id, mode, id, clinician_id, starts, ends)
  DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE appointments ADD CONSTRAINT appointments_claim_seat
  FOREIGN KEY (organisation_id, mode, claim_id, seat)
  REFERENCES claim_seats (organisation_id, mode, claim_id, seat)
  DEFERRABLE INITIALLY DEFERRED;

-- [sqlite]
CREATE TRIGGER calendar_claims_no_overlap BEFORE INSERT ON calendar_claims
  WHEN EXISTS (SELECT 1 FROM calendar_claims c WHERE c.organisation_id = NEW.organisation_id
               AND c.mode = NEW.mode AND c.clinician_id = NEW.clinician_id
               AND c.starts < NEW.ends AND c.starts > NEW.starts - 86400000000 AND c.ends > NEW.starts)
  BEGIN SELECT RAISE(ABORT, 'calendar_claims_overlap'); END;
CREATE TRIGGER calendar_claims_no_overlap_later
  BEFORE UPDATE OF organisation_id, mode, clinician_id, starts, ends ON calendar_claims
  WHEN EXISTS (SELECT 1 FROM calendar_claims c WHERE c.organisation_id = NEW.organisation_id
               AND c.mode = NEW.mode AND c.clinician_id = NEW.clinician_id AND c.id <> OLD.id
               AND c.starts < NEW.ends AND c.starts > NEW.starts - 86400000000 AND c.ends > NEW.starts)
  BEGIN SELECT RAISE(ABORT, 'calendar_claims_overlap'); END;
-- What the foreign keys say, said again for a connection that has not turned them on.
CREATE TRIGGER claim_seats_of_claim BEFORE INSERT ON claim_seats
  WHEN NOT EXISTS (SELECT 1 FROM calendar_claims c WHERE c.organisation_id = NEW.organisation_id
                   AND c.mode = NEW.mode AND c.id = NEW.claim_id AND c.capacity = NEW.capacity)
  BEGIN SELECT RAISE(ABORT, 'claim_seats_claim'); END;
CREATE TRIGGER claim_seats_of_claim_later
  BEFORE UPDATE OF organisation_id, mode, claim_id, seat, capacity ON claim_seats
  WHEN NOT EXISTS (SELECT 1 FROM calendar_claims c WHERE c.organisation_id = NEW.organisation_id
                   AND c.mode = NEW.mode AND c.id = NEW.claim_id AND c.capacity = NEW.capacity)
  BEGIN SELECT RAISE(ABORT, 'claim_seats_claim'); END;
CREATE TRIGGER appointments_of_claim BEFORE INSERT ON appointments
  WHEN NEW.claim_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM calendar_claims c JOIN claim_seats s ON s.organisation_id = c.organisation_id
      AND s.mode = c.mode AND s.claim_id = c.id
    WHERE c.organisation_id = NEW.organisation_id AND c.mode = NEW.mode AND c.id = NEW.claim_id
      AND c.clinician_id = NEW.clinician_id AND c.starts = NEW.start_time AND c.ends = NEW.end_time
      AND s.seat = NEW.seat)
  BEGIN SELECT RAISE(ABORT, 'appointments_claim'); END;
CREATE TRIGGER appointments_of_claim_later
  BEFORE UPDATE OF organisation_id, mode, clinician_id, start_time, end_time, claim_id, seat ON appointments
  WHEN NEW.claim_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM calendar_claims c JOIN claim_seats s ON s.organisation_id = c.organisation_id
      AND s.mode = c.mode AND s.claim_id = c.id
    WHERE c.organisation_id = NEW.organisation_id AND c.mode = NEW.mode AND c.id = NEW.claim_id
      AND c.clinician_id = NEW.clinician_id AND c.starts = NEW.start_time AND c.ends = NEW.end_time
      AND s.seat = NEW.seat)
  BEGIN SELECT RAISE(ABORT, 'appointments_claim'); END;
