"""Clock, ids, cursors, redaction, folding: small and pure, and knowing nothing of Jump."""
