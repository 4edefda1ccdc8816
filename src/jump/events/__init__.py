"""What happened, recorded in the change's own transaction; who is told is left to webhooks."""
