"""Jobs that run now and then: expiry, purge, orphan files; one process wins each."""
