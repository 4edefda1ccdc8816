"""`jump sandbox load`: an invented practice for the test mode."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from jump.application.opening import Storage
from jump.cli.operating import json_option, operator, org_option, with_storage
from jump.cli.showing import print_json, say
from jump.clinical.loading import sandbox as people
from jump.clinical.loading import sandbox_practice as loading
from jump.clinical.loading.sandbox_practice import Added, Progress


@click.group()
def sandbox() -> None:
    """Invented data for the test mode.

    To try things with: no real patient is in it.
    """


@sandbox.command()
@click.option(
    "--patients",
    type=click.IntRange(1, people.MOST_PATIENTS),
    default=people.DEFAULT_PATIENTS,
    show_default=True,
    help="How many.",
)
@click.option(
    "--appointments",
    type=click.IntRange(0, loading.MOST_APPOINTMENTS),
    help="How many of these, past and to come; 10 for each patient if left out.",
)
@click.option(
    "--seed",
    type=int,
    default=people.DEFAULT_SEED,
    show_default=True,
    help="The same number makes the same people.",
)
@org_option
@json_option
def load(
    patients: int, appointments: int | None, seed: int, org: str | None, as_json: bool
) -> None:
    """Add an invented practice to the test mode: patients, a calendar full of appointments, and
    what was written down after the last of them.

    Loading again adds more patients and appointments, and keeps the clinicians, locations, types
    and sessions that are there. The audit has a row for each record; no webhook hears of it.

    \b
    Examples:
      jump sandbox load --patients 500
      jump sandbox load --patients 10000 --appointments 100000
    """

    async def work(storage: Storage) -> Added:
        return await load_practice(storage, org, patients, seed, appointments)

    added = with_storage(work)
    if as_json:
        print_json({"mode": "test", **asdict(added)})
    else:
        say(
            f"Added {added.patients:,} patients, {added.appointments:,} appointments,"
            f" {added.consultations:,} consultations and {added.problems:,} problems"
            " to the test mode."
        )


async def load_practice(
    storage: Storage, org: str | None, patients: int, seed: int, appointments: int | None = None
) -> Added:
    """Add them, with bars on a terminal; how many they were."""
    caller = await operator(storage, org, "test")
    if appointments is None:
        appointments = loading.default_appointments(patients)
    with _progress({"Patients": patients, "Appointments": appointments}) as advance:
        return await loading.load(
            storage.database,
            caller,
            patients=patients,
            appointments=appointments,
            seed=seed,
            at=storage.clock(),
            progress=Progress(
                patients=lambda done: advance("Patients", done),
                appointments=lambda done: advance("Appointments", done),
            ),
        )


@contextmanager
def _progress(totals: dict[str, int]) -> Iterator[Callable[[str, int], None]]:
    columns = (
        TextColumn("{task.description:12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bars:
        tasks = {name: bars.add_task(name, total=total) for name, total in totals.items()}
        yield lambda name, done: bars.advance(tasks[name], done)
