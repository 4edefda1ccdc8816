-- oldest-program: 1
--
-- Documents: what is said of a file, here; the file itself in a folder or a bucket, under the name
-- that content_name holds. Programs of before do not serve them.

-- [both]
-- file_size and sha256 of a pending document: what its content is said to be, to be held to it.
CREATE TABLE documents (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT documents_mode_check CHECK (mode IN ('test', 'live')),
  id TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  consultation_id TEXT,
  document_type TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT,
  file_name TEXT,
  mime_type TEXT,
  file_size BIGINT,
  sha256 TEXT,
  status TEXT NOT NULL CONSTRAINT documents_status_check CHECK (status IN ('pending', 'available')),
  content_name TEXT,
  entered_in_error BOOLEAN NOT NULL,
  error_reason TEXT CONSTRAINT documents_error_check CHECK ((error_reason IS NOT NULL) = entered_in_error),
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (organisation_id, mode, id),
  CONSTRAINT documents_content_check CHECK ((status = 'available') = (content_name IS NOT NULL)
    AND (content_name IS NULL OR (mime_type IS NOT NULL AND file_size IS NOT NULL AND sha256 IS NOT NULL))),
  CONSTRAINT documents_patient FOREIGN KEY (organisation_id, mode, patient_id)
    REFERENCES patients (organisation_id, mode, id),
  CONSTRAINT documents_consultation FOREIGN KEY (organisation_id, mode, patient_id, consultation_id)
    REFERENCES consultations (organisation_id, mode, patient_id, id)
);
CREATE UNIQUE INDEX documents_content ON documents (organisation_id, mode, content_name)
  WHERE content_name IS NOT NULL;
CREATE INDEX documents_created ON documents (organisation_id, mode, created_at, id, updated_at, entered_in_error);
CREATE INDEX documents_updated ON documents (organisation_id, mode, updated_at, id, created_at, entered_in_error);
CREATE INDEX documents_by_patient ON documents (organisation_id, mode, patient_id, created_at, id, updated_at, entered_in_error);
CREATE INDEX documents_by_type ON documents (organisation_id, mode, document_type, created_at, id);
CREATE INDEX documents_by_type_updated ON documents (organisation_id, mode, document_type, updated_at, id);
CREATE INDEX documents_by_mime_type ON documents (organisation_id, mode, mime_type, created_at, id);
CREATE INDEX documents_by_mime_type_updated ON documents (organisation_id, mode, mime_type, updated_at, id);
CREATE INDEX documents_by_status ON documents (organisation_id, mode, status, created_at, id);
CREATE INDEX documents_by_status_updated ON documents (organisation_id, mode, status, updated_at, id);
CREATE INDEX documents_in_error ON documents (organisation_id, mode, created_at, id) WHERE entered_in_error;
CREATE INDEX documents_by_consultation ON documents (organisation_id, mode, consultation_id, created_at, id, updated_at, entered_in_error)
  WHERE consultation_id IS NOT NULL;

-- A file on its way into the store, from before its first byte until a document has it: whatever
-- lies in the store is named by a document or by a row of these. The transaction that gives the
-- file to a document takes the row away; once it is abandoned none may, and the file goes.
CREATE TABLE document_uploads (
  organisation_id TEXT NOT NULL REFERENCES organisations (id),
  mode TEXT NOT NULL CONSTRAINT document_uploads_mode_check CHECK (mode IN ('test', 'live')),
  content_name TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  abandoned_at BIGINT,
  PRIMARY KEY (organisation_id, mode, content_name)
);
CREATE INDEX document_uploads_started ON document_uploads (started_at);

-- What never changes -----------------------------------------------------------------------------

-- [postgresql]
CREATE FUNCTION keep_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND
     (NEW.organisation_id, NEW.mode, NEW.id, NEW.patient_id, NEW.status, NEW.content_name,
      NEW.mime_type, NEW.file_size, NEW.sha256)
     IS NOT DISTINCT FROM
     (OLD.organisation_id, OLD.mode, OLD.id, OLD.patient_id, OLD.status, OLD.content_name,
      OLD.mime_type, OLD.file_size, OLD.sha256) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the content of a document never changes'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'documents_content_kept';
END $$;
CREATE TRIGGER documents_keep_content BEFORE UPDATE OR DELETE ON documents
  FOR EACH ROW WHEN (OLD.status = 'available') EXECUTE FUNCTION keep_document();
CREATE TRIGGER documents_no_truncate BEFORE TRUNCATE ON documents
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('documents_content_kept');

-- [sqlite]
CREATE TRIGGER documents_keep_content BEFORE UPDATE ON documents
  WHEN OLD.status = 'available' AND
    (NEW.organisation_id, NEW.mode, NEW.id, NEW.patient_id, NEW.status, NEW.content_name,
     NEW.mime_type, NEW.file_size, NEW.sha256)
    IS NOT
    (OLD.organisation_id, OLD.mode, OLD.id, OLD.patient_id, OLD.status, OLD.content_name,
     OLD.mime_type, OLD.file_size, OLD.sha256)
  BEGIN SELECT RAISE(ABORT, 'documents_content_kept'); END;
CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents WHEN OLD.status = 'available'
  BEGIN SELECT RAISE(ABORT, 'documents_content_kept'); END;
-- What the foreign keys say, said again for a connection that has not turned them on.
CREATE TRIGGER documents_of_consultation BEFORE INSERT ON documents
  WHEN NEW.consultation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM consultations c WHERE c.organisation_id = NEW.organisation_id AND c.mode = NEW.mode
      AND c.patient_id = NEW.patient_id AND c.id = NEW.consultation_id)
  BEGIN SELECT RAISE(ABORT, 'documents_consultation'); END;
CREATE TRIGGER documents_of_consultation_later
  BEFORE UPDATE OF organisation_id, mode, patient_id, consultation_id ON documents
  WHEN NEW.consultation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM consultations c WHERE c.organisation_id = NEW.organisation_id AND c.mode = NEW.mode
      AND c.patient_id = NEW.patient_id AND c.id = NEW.consultation_id)
  BEGIN SELECT RAISE(ABORT, 'documents_consultation'); END;
