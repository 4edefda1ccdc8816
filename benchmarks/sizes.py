"""How much each benchmark does: in full, just enough to see that it works, or a part."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """`rates` are changes a second, each kept up for `seconds`; most others are counts.

    `addresses` are those that `growth` asks, all of them where none is named.
    """

    rates: tuple[int, ...] = (1, 50, 200)
    seconds: float = 15.0
    patients: int = 500
    warm_up: int = 200
    posts: int = 8000
    commits: int = 1000
    paced: int = 150
    events: int = 2000
    webhooks: int = 10
    admissions: int = 5000
    reading_seconds: float = 8.0
    few_deliveries: int = 1000
    many_deliveries: int = 1_000_000
    pages: int = 40
    few_appointments: int = 100
    many_appointments: int = 100_000
    searches: int = 60
    small_practice: int = 100
    large_practice: int = 10_000
    asked: int = 40
    addresses: tuple[str, ...] = ()


FULL = Sizes()
QUICK = Sizes(
    rates=(50,),
    seconds=0.4,
    patients=25,
    warm_up=5,
    posts=160,
    commits=20,
    paced=10,
    events=20,
    webhooks=10,
    admissions=50,
    reading_seconds=0.3,
    few_deliveries=300,
    many_deliveries=900,
    pages=3,
    few_appointments=12,
    many_appointments=600,
    searches=3,
    small_practice=50,
    large_practice=60,
    asked=2,
)
