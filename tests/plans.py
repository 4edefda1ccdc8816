"""What PostgreSQL says that it did for a statement: the JSON of EXPLAIN ANALYZE."""

import json
from typing import Any


def looked_at(explained: str) -> int:
    """How many rows it looked at, those that it threw away too."""
    return _looked_at(json.loads(explained)[0]["Plan"])


def _looked_at(node: dict[str, Any]) -> int:
    below = node.get("Plans", [])
    if below:
        return sum(map(_looked_at, below))
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    loops: int = node["Actual Loops"]
    return int((node["Actual Rows"] + dropped) * loops)
