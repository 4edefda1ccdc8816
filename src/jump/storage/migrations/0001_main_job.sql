-- oldest-program: 1
--
-- Written once, in PostgreSQL's words. A line `-- [postgresql]`, `-- [sqlite]` or `-- [both]` says
-- which database reads what follows; `/*postgresql ...*/` inside a statement is read there only.
-- `-- [counters]` holds what may be lost in a crash: unlogged on PostgreSQL, a file of its own on
-- SQLite. TEXT sorts by bytes on both. Instants are microseconds since 1970, JSON is TEXT.
-- Every key begins with the organisation, so that the tables can be partitioned or sharded by it.

-- [postgresql]
-- The database's clock, so that machines whose clocks differ agree on leases and due times.
-- It is the time the statement began: STABLE, so that an index can be used, and only then inlined,
-- without which a call costs 15 microseconds. jump.clock_offset lets a test move time.
CREATE FUNCTION jump_now() RETURNS BIGINT LANGUAGE sql STABLE AS $$
  SELECT CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)
       + COALESCE(NULLIF(current_setting('jump.clock_offset', TRUE), ''), '0')::BIGINT
$$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
END $$;

-- [both]
CREATE TABLE organisations (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX organisations_name ON organisations (name);

-- How long append-only rows are kept; the triggers below let only older ones go.
CREATE TABLE retention (
  subject TEXT NOT NULL PRIMARY KEY,
  days BIGINT NOT NULL
);
INSERT INTO retention (subject, days) VALUES ('deliveries', 30), ('access_log', 365);

-- Keys ----------------------------------------------------------------------------------------

-- previous_hash: the secret before the last rotation; it is good until previous_expires_at.
CREATE TABLE api_keys (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT api_keys_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  hourly_limit BIGINT NOT NULL,
  secret_hash BYTEA NOT NULL,
  previous_hash BYTEA,
  previous_expires_at BIGINT,
  expires_at BIGINT,
  revoked_at BIGINT,
  revoked_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (organisation_id, id)
);
-- A request names only its key; this finds the organisation.
CREATE UNIQUE INDEX api_keys_id ON api_keys (id);

-- previous_used_at: when the secret before the last rotation was last used since that rotation.
CREATE TABLE key_uses (
  organisation_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  used_at BIGINT NOT NULL,
  address TEXT NOT NULL,
  previous_used_at BIGINT,
  previous_address TEXT,
  PRIMARY KEY (organisation_id, key_id)
);

-- [counters]
-- Minutes are counted since 1970. total: the requests ever counted for the key. history: 61 numbers
-- of 12 digits, newest first: the total at the end of each of the 61 minutes before `minute`, so
-- that what a window holds is one subtraction. keys/quota.py has the arithmetic.
CREATE TABLE key_quota (
  key_id TEXT NOT NULL PRIMARY KEY,
  minute BIGINT NOT NULL,
  total BIGINT NOT NULL,
  history TEXT NOT NULL
) /*postgresql WITH (fillfactor = 30) */;
CREATE TABLE address_failures (
  minute BIGINT NOT NULL,
  address TEXT NOT NULL,
  refused BIGINT NOT NULL,
  PRIMARY KEY (minute, address)
);

-- [both]
-- Who changed and who read what -----------------------------------------------------------------

CREATE TABLE audit (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT,
  action TEXT NOT NULL,
  record_type TEXT NOT NULL,
  record_id TEXT NOT NULL,
  patient_id TEXT,
  fields TEXT NOT NULL,
  request_id TEXT,
  address TEXT,
  PRIMARY KEY (organisation_id, mode, id)
);
CREATE INDEX audit_record ON audit (organisation_id, mode, record_id, id);
CREATE INDEX audit_patient ON audit (organisation_id, mode, patient_id, id) WHERE patient_id IS NOT NULL;

CREATE TABLE access_log (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  key_id TEXT NOT NULL,
  address TEXT NOT NULL,
  method TEXT NOT NULL,
  route TEXT NOT NULL,
  status BIGINT NOT NULL,
  error_code TEXT,
  missing_scope TEXT,
  milliseconds BIGINT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id)
) /*postgresql PARTITION BY RANGE (id) */;
CREATE INDEX access_log_key ON access_log (organisation_id, mode, key_id, id);

CREATE TABLE access_log_patients (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, patient_id, request_id)
) /*postgresql PARTITION BY RANGE (request_id) */;

-- Idempotent answers ----------------------------------------------------------------------------

CREATE TABLE replays (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  key_id TEXT NOT NULL,
  path TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  body_hash BYTEA NOT NULL,
  status BIGINT,
  headers TEXT,
  body BYTEA,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organisation_id, mode, key_id, path, idempotency_key)
);
CREATE INDEX replays_age ON replays (created_at);

-- Patients --------------------------------------------------------------------------------------

CREATE TABLE patients (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT patients_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  date_of_birth TEXT NOT NULL,
  middle_name TEXT,
  preferred_name TEXT,
  title TEXT,
  nhs_number TEXT,
  email TEXT,
  phone TEXT,
  mobile_phone TEXT,
  home_phone TEXT,
  address_line_1 TEXT,
  address_line_2 TEXT,
  address_line_3 TEXT,
  city TEXT,
  postcode TEXT,
  country TEXT,
  gender TEXT CONSTRAINT patients_gender_check CHECK (gender IN ('male', 'female', 'other', 'unknown')),
  biological_sex TEXT,
  ethnicity TEXT,
  occupation TEXT,
  patient_notes TEXT,
  preferred_contact_method TEXT,
  consent_sms BOOLEAN NOT NULL,
  consent_email BOOLEAN NOT NULL,
  consent_marketing BOOLEAN NOT NULL,
  is_deceased BOOLEAN NOT NULL,
  date_of_death TEXT,
  custom_fields TEXT NOT NULL,
  status TEXT NOT NULL CONSTRAINT patients_status_check CHECK (status IN ('active', 'archived')),
  archived_at BIGINT,
  archive_reason TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id)
);
CREATE UNIQUE INDEX patients_nhs_number ON patients (organisation_id, mode, nhs_number)
  WHERE nhs_number IS NOT NULL AND status = 'active';
CREATE INDEX patients_created ON patients (organisation_id, mode, created_at, id);
CREATE INDEX patients_updated ON patients (organisation_id, mode, updated_at, id);

-- What a search may find a patient by: folded words of the names, the NHS number, the birth date.
CREATE TABLE patient_words (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  word TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, word, patient_id)
);
CREATE INDEX patient_words_patient ON patient_words (organisation_id, mode, patient_id);

-- Events ----------------------------------------------------------------------------------------

-- [postgresql]
CREATE SEQUENCE event_entries;

-- [both]
-- position: null until the sequencer numbers the event, after its commit, in the order in which the
-- events were entered (SQLite's rowid): two changes of one record never change places.
CREATE TABLE events (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  alias TEXT,
  record_type TEXT NOT NULL,
  record_id TEXT NOT NULL,
  patient_id TEXT,
  body TEXT NOT NULL,
  thin_body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  position BIGINT,
  /*postgresql entered BIGINT NOT NULL DEFAULT nextval('event_entries'), */
  PRIMARY KEY (organisation_id, mode, id)
) /*postgresql PARTITION BY RANGE (id) */;
CREATE INDEX events_unnumbered ON events (position/*postgresql , entered*/) WHERE position IS NULL;
CREATE INDEX events_feed ON events (organisation_id, mode, position) WHERE position IS NOT NULL;
CREATE INDEX events_position ON events (position) WHERE position IS NOT NULL;

-- One row: the last position given out, and the last one turned into deliveries.
CREATE TABLE event_sequence (
  id BIGINT NOT NULL PRIMARY KEY CONSTRAINT event_sequence_id_check CHECK (id = 1),
  position BIGINT NOT NULL,
  fanned_out BIGINT NOT NULL
);
INSERT INTO event_sequence (id, position, fanned_out) VALUES (1, 0, 0);

-- Webhooks --------------------------------------------------------------------------------------

CREATE TABLE webhooks (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT webhooks_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  name TEXT,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  payload TEXT NOT NULL CONSTRAINT webhooks_payload_check CHECK (payload IN ('full', 'thin')),
  is_active BOOLEAN NOT NULL,
  paused_reason TEXT,
  paused_at BIGINT,
  deleted_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id)
);

CREATE TABLE webhook_secrets (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  sealed BYTEA NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (organisation_id, mode, webhook_id, created_at)
);

-- A lane is one webhook, leased to one process and fenced by its epoch.
CREATE TABLE lanes (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  owner TEXT,
  leased_until BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  failing_since BIGINT,
  PRIMARY KEY (organisation_id, mode, webhook_id)
);
CREATE INDEX lanes_webhook ON lanes (webhook_id);
CREATE INDEX lanes_owner ON lanes (owner) WHERE owner IS NOT NULL;

-- id is derived from the event and the webhook, so that fanning out twice makes one delivery.
-- failures: automatic attempts that failed; interruptions: in a row, since the last whole attempt.
-- body: a test delivery's own payload; every other one sends its event's.
CREATE TABLE deliveries (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  position BIGINT NOT NULL,
  patient_id TEXT,
  test BOOLEAN NOT NULL,
  body TEXT,
  state TEXT NOT NULL CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'delivering', 'succeeded', 'failed', 'cancelled')),
  next_trigger TEXT NOT NULL CONSTRAINT deliveries_next_trigger_check CHECK (next_trigger IN ('auto', 'manual', 'test')),
  attempt_count BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  interruptions BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  next_attempt_at BIGINT,
  started_at BIGINT,
  last_status BIGINT,
  last_error TEXT,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  PRIMARY KEY (organisation_id, mode, id)
) /*postgresql PARTITION BY RANGE (id) */;
-- What may be sent, found webhook by webhook without reading what waits behind it.
CREATE INDEX deliveries_due ON deliveries (webhook_id, next_attempt_at, position)
  WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_in_air ON deliveries (webhook_id) WHERE state = 'delivering';
CREATE INDEX deliveries_waiting ON deliveries (webhook_id, position)
  WHERE state = 'pending' AND next_attempt_at IS NULL;
CREATE INDEX deliveries_log ON deliveries (organisation_id, mode, webhook_id, created_at, id);
CREATE INDEX deliveries_event ON deliveries (organisation_id, mode, event_id);
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE attempts (
  organisation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  id TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  attempted_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  trigger TEXT NOT NULL,
  url TEXT NOT NULL,
  succeeded BOOLEAN NOT NULL,
  status BIGINT,
  error TEXT,
  request_headers TEXT NOT NULL,
  response_headers TEXT,
  response_body TEXT,
  duration_ms TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id)
) /*postgresql PARTITION BY RANGE (id) */;
CREATE INDEX attempts_delivery ON attempts (organisation_id, mode, delivery_id, number);

-- Upkeep ----------------------------------------------------------------------------------------

CREATE TABLE upkeep (
  job TEXT NOT NULL PRIMARY KEY,
  due_at BIGINT NOT NULL
);

-- Append-only -----------------------------------------------------------------------------------

-- [postgresql]
CREATE FUNCTION keep_until_retention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.at > jump_now() - 86400000000 * (SELECT days FROM retention WHERE subject = TG_ARGV[1]) THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
      USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
  END IF;
  RETURN OLD;
END $$;
CREATE FUNCTION keep_attempt_until_retention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at > jump_now() - 86400000000 * (SELECT days FROM retention WHERE subject = 'deliveries') THEN
    RAISE EXCEPTION 'attempts is append-only'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'attempts_append_only';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER audit_no_update BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION refuse_change('audit_append_only');
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('audit_append_only');
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
  FOR EACH ROW EXECUTE FUNCTION refuse_change('access_log_append_only');
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log
  FOR EACH ROW EXECUTE FUNCTION keep_until_retention('access_log_append_only', 'access_log');
CREATE TRIGGER attempts_no_update BEFORE UPDATE ON attempts
  FOR EACH ROW EXECUTE FUNCTION refuse_change('attempts_append_only');
CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts
  FOR EACH ROW EXECUTE FUNCTION keep_attempt_until_retention();
-- The link to a patient is part of the access log and lives as long as its row.
CREATE FUNCTION keep_link_with_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM access_log a WHERE a.organisation_id = OLD.organisation_id
             AND a.mode = OLD.mode AND a.id = OLD.request_id) THEN
    RAISE EXCEPTION 'access_log_patients is append-only'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'access_log_append_only';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER access_log_patients_no_update BEFORE UPDATE ON access_log_patients
  FOR EACH ROW EXECUTE FUNCTION refuse_change('access_log_append_only');
CREATE TRIGGER access_log_patients_no_delete BEFORE DELETE ON access_log_patients
  FOR EACH ROW EXECUTE FUNCTION keep_link_with_row();

-- [sqlite]
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END;
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
  BEGIN SELECT RAISE(ABORT, 'access_log_append_only'); END;
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log
  WHEN OLD.at > CAST(unixepoch('subsec') * 1000000 AS BIGINT)
       - 86400000000 * (SELECT days FROM retention WHERE subject = 'access_log')
  BEGIN SELECT RAISE(ABORT, 'access_log_append_only'); END;
CREATE TRIGGER access_log_patients_no_update BEFORE UPDATE ON access_log_patients
  BEGIN SELECT RAISE(ABORT, 'access_log_append_only'); END;
CREATE TRIGGER access_log_patients_no_delete BEFORE DELETE ON access_log_patients
  WHEN EXISTS (SELECT 1 FROM access_log a WHERE a.organisation_id = OLD.organisation_id
               AND a.mode = OLD.mode AND a.id = OLD.request_id)
  BEGIN SELECT RAISE(ABORT, 'access_log_append_only'); END;
CREATE TRIGGER attempts_no_update BEFORE UPDATE ON attempts
  BEGIN SELECT RAISE(ABORT, 'attempts_append_only'); END;
CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts
  WHEN OLD.ended_at > CAST(unixepoch('subsec') * 1000000 AS BIGINT)
       - 86400000000 * (SELECT days FROM retention WHERE subject = 'deliveries')
  BEGIN SELECT RAISE(ABORT, 'attempts_append_only'); END;
