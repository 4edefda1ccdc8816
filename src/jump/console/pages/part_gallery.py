"""Every part in every state, on one page: for those who build pages, in development only."""

from typing import Final

from jump.console.charts import Bar, chart
from jump.console.page import Context, Form, Go, Page
from jump.console.tables import Table
from jump.console.visit import Visit
from jump.errors import FieldError, ValidationFailed
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND

_KINDS: Final = (
    ("done", "answered"),
    ("refused", "refused"),
    ("limited", "over"),
    ("failed", "ours"),
)
_LONG: Final = "<script>alert(1)</script> Ein-sehr-langes-Wort-ohne-Leerzeichen-" + "x" * 60


async def _show(visit: Visit) -> Context:
    now = visit.at
    bars = [Bar(f"{hour}:00", f"{hour:02}", _counts(hour)) for hour in range(24)]
    return {
        "instants": (
            now,
            now - 12 * SECOND,
            now - MINUTE,
            now - 3 * HOUR,
            now - 40 * DAY,
            now + 9 * DAY,
            None,
        ),
        "long": _LONG,
        "states": (
            Table("content", ("One row", _LONG), "#older", "#newest"),
            Table("empty"),
            Table("filtered"),
            Table("error"),
            Table("forbidden"),
        ),
        "full": chart(bars, _KINDS),
        "idle": chart([Bar("0:00", "00", {}) for _ in range(3)], _KINDS),
    }


def _counts(hour: int) -> dict[str, int]:
    busy = max(0, 12 - abs(13 - hour)) ** 2
    return {
        "done": busy,
        "refused": hour % 5,
        "limited": 9 if hour == 13 else 0,
        "failed": hour % 2,
    }


async def _refuse(visit: Visit) -> Go:
    names = ("name", "secret", "colour", "size")
    raise ValidationFailed([FieldError(name, "This is what a wrong field says.") for name in names])


PAGES: Final = (Page("part_gallery", "/_parts", "anybody", _show, (Form("sample", _refuse),)),)
