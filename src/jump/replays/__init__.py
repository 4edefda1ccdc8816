"""Answers kept for an Idempotency-Key, stored in the caller's own transaction."""
