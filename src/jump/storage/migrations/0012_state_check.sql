-- oldest-program: 1
--
-- For three words or more in an IN, SQLite makes a table and fills it, each time that a row's CHECK is
-- looked at: twice in the life of each delivery, and that was a fifth of what moving it on took.

-- [sqlite]
ALTER TABLE deliveries DROP CONSTRAINT deliveries_state_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_state_check CHECK (
  state = 'pending' OR state = 'delivering' OR state = 'succeeded' OR state = 'failed' OR state = 'cancelled'
);
