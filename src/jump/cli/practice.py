"""`jump practice load`: a practice's directory and rota, from a file that can be loaded again."""

import datetime
from collections.abc import Sequence
from typing import BinaryIO, NoReturn

import click
import msgspec

from jump.application.opening import Storage
from jump.caller import Mode
from jump.cli.operating import MODES, json_option, operator, org_option, refuse, with_storage
from jump.cli.showing import harmless, note, print_json, print_table, say
from jump.clinical.loading import practice as loading
from jump.clinical.loading import practice_rules
from jump.clinical.loading.practice import Kind, Loaded
from jump.clinical.loading.practice_file import Practice
from jump.errors import FieldError, InvalidRequest, ValidationFailed
from jump.kit.clock import SECOND, system_clock

MOST_BYTES = 16 * 1024 * 1024


@click.group()
def practice() -> None:
    """The directory of a real practice.

    Its clinicians, locations and appointment types, and when who is where.
    """


@practice.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="live",
    show_default=True,
    help="Where it is loaded.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@org_option
@json_option
def load(file: BinaryIO, mode: Mode, dry_run: bool, org: str | None, as_json: bool) -> None:
    """Load clinicians, locations, types and sessions from FILE.

    Checked whole before anything is written. Load it again when it changes: what it knows by its
    reference is updated, what is not there any more becomes inactive, appointments stay as they
    are. /docs/running/practice-file tells what is in it. With - it is read from standard input.

    \b
    Examples:
      jump practice load practice.json --dry-run
      jump practice load practice.json
    """
    checked = _checked(file, as_json)

    async def work(storage: Storage) -> Loaded:
        caller = await operator(storage, org, mode)
        at = storage.clock()
        return await loading.load(storage.database, caller, checked, at, dry_run=dry_run)

    _tell(with_storage(work), mode, dry_run, as_json)


def _checked(file: BinaryIO, as_json: bool) -> Practice:
    """The practice in the file; what is wrong with it ends the command, one thing a line."""
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        refuse(f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    today = datetime.datetime.fromtimestamp(system_clock() / SECOND, datetime.UTC).date()
    try:
        return practice_rules.checked(content, today)
    except InvalidRequest as wrong:
        _refused([FieldError("file", wrong.message)], as_json)
    except ValidationFailed as wrong:
        _refused(wrong.details, as_json)


def _refused(errors: Sequence[FieldError], as_json: bool) -> NoReturn:
    if as_json:
        print_json({"errors": [{"path": each.field, "message": each.message} for each in errors]})
    else:
        for each in errors:
            note(harmless(f"{each.field}: {each.message}"))
    things = "One thing is" if len(errors) == 1 else f"{len(errors)} things are"
    refuse(f"Nothing was loaded. {things} wrong in the file.")


def _tell(loaded: Loaded, mode: Mode, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"mode": mode, "dry_run": dry_run, **msgspec.to_builtins(loaded)})
        return
    kinds = {
        "locations": loaded.locations,
        "appointment types": loaded.appointment_types,
        "clinicians": loaded.clinicians,
    }
    columns = ("", "added", "changed", "made inactive", "unchanged")
    print_table(columns, [(name, *_counts(kind)) for name, kind in kinds.items()], "")
    _tell_names("Rota changed", loaded.rota)
    _tell_names("Closures changed", [each or "every location" for each in loaded.closures])
    for name, kind in kinds.items():
        _tell_names(f"Made inactive, {name}", kind.deactivated)
    done = "Nothing was changed: this was a dry run." if dry_run else f"Loaded into {mode} mode."
    say(done)


def _tell_names(what: str, names: list[str]) -> None:
    if names:
        say(f"{what}: {', '.join(names)}")


def _counts(kind: Kind) -> tuple[str, ...]:
    lists = (kind.added, kind.changed, kind.deactivated, kind.unchanged)
    return tuple(str(len(each)) for each in lists)
