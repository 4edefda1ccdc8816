"""`python -m benchmarks`: measures what is asked for and prints it."""

import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, get_args

import click
import uvloop

from benchmarks import admission, availability, draining, growth, latency, logs, machine, reads
from benchmarks.figures import Table
from benchmarks.places import Kind, Place, new_place
from benchmarks.receiving import Receiver, receiver
from benchmarks.sizes import FULL, QUICK, Sizes
from tests import postgres

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Benchmark:
    """An empty table, and what adds a database's rows to it."""

    new_table: Callable[[], Table]
    measure: Callable[[Table, Place, Receiver, Sizes], Awaitable[None]]


BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "latency": Benchmark(latency.new_table, latency.measure),
    "draining": Benchmark(draining.new_table, draining.measure),
    "admission": Benchmark(admission.new_table, admission.measure),
    "reads": Benchmark(reads.new_table, reads.measure),
    "logs": Benchmark(logs.new_table, logs.measure),
    "availability": Benchmark(availability.new_table, availability.measure),
    "growth": Benchmark(growth.new_table, growth.measure),
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option(
    "--database",
    type=click.Choice([*KINDS, "both"]),
    default="both",
    show_default=True,
    help="Which one. PostgreSQL is started on a free port and stopped again.",
)
@click.option(
    "--get",
    "addresses",
    metavar="PATH",
    multiple=True,
    help="growth asks only this address, as /appointments; may be given more than once.",
)
@click.option("--quick", is_flag=True, help="See that it works; the figures mean nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
def main(
    names: Sequence[str], database: str, addresses: tuple[str, ...], quick: bool, as_json: bool
) -> None:
    """Measure what is named: latency, draining, admission, reads, logs, availability,
    growth; else all.

    Every figure stands beside a yardstick from the same run. Databases are made where temporary
    files are (TMPDIR); it is that disk whose commits are measured.
    """
    for unknown in set(addresses).difference(growth.addresses()):
        raise click.BadParameter(f"No list or record is got at {unknown}.", param_hint="--get")
    sizes = replace(QUICK if quick else FULL, addresses=addresses)
    kinds = [kind for kind in KINDS if database in (kind, "both")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jump-benchmarks-")))
        server = stack.enter_context(postgres.running(folder)) if "postgresql" in kinds else None
        about = machine.describe(folder, server)
        if not as_json:
            print("\n".join(f"{name:10}  {value}" for name, value in about.items()), flush=True)
        tables = {}
        chosen = names or list(BENCHMARKS)
        for name, table in _tables(chosen, kinds, folder, server, sizes):
            tables[name] = table.json()
            if not as_json:
                print(f"\n{table.text()}", flush=True)
        if as_json:
            print(json.dumps({"machine": about, **tables}))


def _tables(
    names: Sequence[str],
    kinds: Sequence[Kind],
    folder: Path,
    server: postgres.PostgresServer | None,
    sizes: Sizes,
) -> Iterator[tuple[str, Table]]:
    for name in names:
        table = BENCHMARKS[name].new_table()
        for kind in kinds:
            with machine.watched(server) as others:
                uvloop.run(_measure(BENCHMARKS[name], table, kind, folder, server, sizes))
            words = f"{kind}: other programs took {others():.0%} of the machine's CPU meanwhile"
            table.notes.append(words)
        yield name, table


async def _measure(
    benchmark: Benchmark,
    table: Table,
    kind: Kind,
    folder: Path,
    server: postgres.PostgresServer | None,
    sizes: Sizes,
) -> None:
    with (
        tempfile.TemporaryDirectory(dir=folder) as own,
        receiver(Path(own)) as started,
        new_place(kind, Path(own), server) as place,
    ):
        await benchmark.measure(table, place, started, sizes)


if __name__ == "__main__":
    main()
