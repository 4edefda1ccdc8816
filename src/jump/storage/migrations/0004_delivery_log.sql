-- oldest-program: 1
--
-- The log of a webhook is read by state, by type and by event, and each of them takes a page's rows
-- and no more, wherever in the log they stand. Programs of before are only slower without these.

-- [both]
-- Not what succeeded: that is nearly all of the log, which is then read as it stands.
CREATE INDEX deliveries_by_state
  ON deliveries (organisation_id, mode, webhook_id, state, created_at, id)
  WHERE state = 'pending' OR state = 'delivering' OR state = 'failed' OR state = 'cancelled';
CREATE INDEX deliveries_by_type
  ON deliveries (organisation_id, mode, webhook_id, event_type, created_at, id);
-- In place of deliveries_event: with the order of the log, or SQLite would rather read all of it.
CREATE INDEX deliveries_of_event
  ON deliveries (organisation_id, mode, event_id, webhook_id, created_at, id);
DROP INDEX deliveries_event;
