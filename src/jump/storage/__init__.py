"""One way to speak to SQLite and PostgreSQL; what is stored is decided by the layers above."""
