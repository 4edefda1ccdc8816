"""Times and numbers as people read them. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from jump.kit.clock import DAY, HOUR, MINUTE, SECOND

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
_AS_A_DATE: Final = 30 * DAY
_FIELDS: Final = {
    "email": "E-mail",
    "scopes": "Permissions",
    "url": "URL",
    "expires_at": "Expires",
    "old_password": "Current password",
}
# What browsers and systems say of themselves: many name others too, so that the order decides.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def instant(at: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def day(at: int) -> str:
    """`22 Feb 2027`."""
    moment = instant(at)
    return f"{moment.day} {moment:%b %Y}"


def exact(at: int) -> str:
    """`22 Feb 2027, 14:02:11 UTC`."""
    return f"{day(at)}, {instant(at):%H:%M:%S} UTC"


def clock_time(at: int) -> str:
    """`14:02:11`."""
    return f"{instant(at):%H:%M:%S}"


def relative(at: int, now: int) -> str:
    """`3 minutes ago`, `in 2 days`, `just now`; a date where it is more than 30 days away."""
    distance = abs(now - at)
    if distance < SECOND:
        return "just now"
    if distance > _AS_A_DATE:
        return day(at)
    unit, word = next((unit, word) for unit, word in _UNITS if distance >= unit)
    words = counted(distance // unit, word)
    return f"{words} ago" if at <= now else f"in {words}"


def counted(count: int, word: str, plural: str | None = None) -> str:
    """`1 request`, `1,204 requests`."""
    return f"{count:,} {word if count == 1 else plural or f'{word}s'}"


def listed(names: list[str], joined_by: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joined_by} {names[-1]}"


def status_kind(status: int) -> str:
    """Which of the tags a status of HTTP is shown as."""
    if status == 429:
        return "warn"
    return "ok" if status < 400 else "info" if status < 500 else "bad"


def browser_words(agent: str) -> str:
    """`Firefox on Windows`: which browser a sign-in is from, as far as it says so."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if not browser:
        return agent or "Not said"
    return f"{browser} on {system}" if system else browser


def field_words(field: str) -> str:
    """`old_password` as `Old password`: what the field of a form is called."""
    return _FIELDS.get(field) or field.replace("_", " ").capitalize()


def change_words(action: str) -> str:
    """`key.limit_changed` as `API key limit changed`: the whole of it, for a list of many kinds."""
    record, _, done = action.partition(".")
    named = "API key" if record == "key" else record.replace("_", " ").capitalize()
    return f"{named} {done.replace('_', ' ')}"


def action_words(action: str) -> str:
    """`key.limit_changed` as `Limit changed`: what the audit says was done."""
    return action.partition(".")[2].replace("_", " ").capitalize()
