"""The practice's records and the rules they obey; who is told of a change is left to events."""
