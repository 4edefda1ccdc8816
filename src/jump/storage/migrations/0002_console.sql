-- oldest-program: 1
--
-- The people who use the console, and how they sign in. What a program of before does not know, it
-- does not touch.

-- [both]
-- email: in lower case. joined_at: when the user first set a password; null while only invited.
-- totp_sealed: the confirmed secret; totp_counter: the time step of the last code, so that none
-- is accepted twice; totp_waiting: a secret that no code has confirmed yet.
-- A removed user's row stays, since the audit names it; everything to sign in with is gone.
CREATE TABLE users (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL CONSTRAINT users_role_check CHECK (role IN ('admin', 'developer', 'viewer')),
  password_hash TEXT,
  password_changed_at BIGINT,
  totp_sealed BYTEA,
  totp_since BIGINT,
  totp_counter BIGINT,
  totp_waiting BYTEA,
  joined_at BIGINT,
  signed_in_at BIGINT,
  removed_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (organisation_id, id)
);
-- Who signs in names only an address; this finds the organisation.
CREATE UNIQUE INDEX users_email ON users (email) WHERE removed_at IS NULL;

CREATE TABLE recovery_codes (
  organisation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  code_hash BYTEA NOT NULL,
  PRIMARY KEY (organisation_id, user_id, code_hash)
);

-- From where a user has signed in before: tries from there are not slowed by those of strangers.
CREATE TABLE known_addresses (
  organisation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  address TEXT NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (organisation_id, user_id, address)
);
CREATE INDEX known_addresses_age ON known_addresses (seen_at);

-- confirmed_at: when the password was last asked for. A sign-in that ended has no row.
CREATE TABLE sign_ins (
  organisation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  token_hash BYTEA NOT NULL,
  began_at BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  PRIMARY KEY (organisation_id, user_id, id)
);
CREATE UNIQUE INDEX sign_ins_token ON sign_ins (token_hash);
CREATE INDEX sign_ins_age ON sign_ins (began_at);

-- A link that can be used once. user_id: null for the link that makes the first admin.
CREATE TABLE invitations (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL CONSTRAINT invitations_kind_check CHECK (kind IN ('first_admin', 'join', 'reset')),
  user_id TEXT,
  token_hash BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  revoked_at BIGINT,
  PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
CREATE INDEX invitations_age ON invitations (expires_at);

-- [counters]
-- When a sign-in was last used; losing a row only makes it look idle since it began.
CREATE TABLE sign_in_uses (
  sign_in_id TEXT NOT NULL PRIMARY KEY,
  seen_at BIGINT NOT NULL
);
-- subject: what tries are counted by, hashed; free_at: when the next one may be made.
CREATE TABLE sign_in_tries (
  subject BYTEA NOT NULL PRIMARY KEY,
  failures BIGINT NOT NULL,
  free_at BIGINT NOT NULL
);
