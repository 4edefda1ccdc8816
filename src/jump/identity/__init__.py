"""Organisations, users, their roles and sign-ins; keys have a package of their own."""
