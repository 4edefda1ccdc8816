"""The documentation at `/docs`: its pages as text, and what turns them into answers."""
