-- oldest-program: 1
--
-- Which secret key the database is used with: one row, with a keyed hash that tells nothing of the
-- key. A program of before neither reads nor writes it.

-- [both]
CREATE TABLE secret_key_mark (
  id BIGINT NOT NULL PRIMARY KEY CONSTRAINT secret_key_mark_id_check CHECK (id = 1),
  mark TEXT NOT NULL
);
