"""The schema as numbered steps, forward only; storage runs them."""
