"""Brings a practice's data in, from a file or as a seeded sandbox."""
