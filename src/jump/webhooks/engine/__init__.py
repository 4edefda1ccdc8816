"""From a committed event to the recorded answer: numbering, lanes, starts, results."""
