"""What the access log counted, as bars of a chart: one for each minute or hour. Pure."""

from typing import Final

from jump.audit.usage import Counted, Slot
from jump.console import words
from jump.console.charts import Bar, Chart, chart

KINDS: Final = (
    ("done", "answered"),
    ("refused", "refused"),
    ("limited", "over the limit"),
    ("failed", "errors of ours"),
)


def bars(counted: Counted, since: int, count: int, unit: int, *, by_day: bool = False) -> Chart:
    """A bar for every unit of time, those without requests too; `by_day` names days below."""
    slots = {slot.begins_at: slot for slot in counted.slots}
    first = since // unit * unit
    begins = [first + number * unit for number in range(count)]
    return chart([_bar(slots.get(at, Slot(at)), by_day=by_day) for at in begins], KINDS)


def _bar(slot: Slot, *, by_day: bool) -> Bar:
    clock_time = words.clock_time(slot.begins_at)[:5]
    day = words.day(slot.begins_at)
    counts = {kind: getattr(slot, kind) for kind, _ in KINDS}
    return Bar(f"{day}, {clock_time}", day if by_day else clock_time, counts)
