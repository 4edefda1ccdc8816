-- oldest-program: 1
--
-- What waits for a webhook that is activated becomes due in pieces. is_releasing: the webhook is
-- active and some of it still waits; until none does, what is new waits behind it. A program of
-- before goes on at once with what is new, ahead of what waits.

-- [both]
ALTER TABLE webhooks ADD COLUMN is_releasing BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX webhooks_releasing ON webhooks (id) WHERE is_releasing;
