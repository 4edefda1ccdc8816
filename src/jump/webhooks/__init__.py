"""Delivers events to the addresses that asked for them; what an event says is left to events."""
