"""`jump demo`: the whole story on one machine, with a receiver of its own; nothing else uses it."""
