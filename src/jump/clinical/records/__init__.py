"""Patients and what is written about them: consultations, problems, documents, prescriptions."""
