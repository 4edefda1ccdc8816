"""Patients, and what is written about them."""
