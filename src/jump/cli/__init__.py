"""The jump command: the shared functions for operators and scripts."""
