"""The `jump` command: the groups and commands there are; each lives in a file of its own.

A command's file is loaded when it is asked for: what `jump serve` needs takes longer to load than
most other commands take in all.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "jump.cli.running",
    "api": "jump.cli.running",
    "work": "jump.cli.running",
    "migrate": "jump.cli.describing",
    "routes": "jump.cli.describing",
    "openapi": "jump.cli.describing",
    "settings": "jump.cli.describing",
    "demo": "jump.cli.demo.command",
    "listen": "jump.cli.listen",
    "orgs": "jump.cli.orgs",
    "users": "jump.cli.users",
    "keys": "jump.cli.keys",
    "webhooks": "jump.cli.webhooks",
    "deliveries": "jump.cli.deliveries",
    "audit": "jump.cli.audit",
    "practice": "jump.cli.practice",
    "sandbox": "jump.cli.sandbox",
}
"""Where each command lives, under its own name."""


class Commands(click.Group):
    """The commands above, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, as the help lists them."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return found


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="jump")
def main() -> None:
    """Jump's developer platform: API keys and webhooks for a practice's records.

    See it work with `jump demo`. Start it with `jump serve`; make a key with `jump keys create`.
    Settings come from the environment: `jump settings` lists them.

    Exit status: 0 done, 1 refused (one line on standard error), 2 wrong usage.
    """


if __name__ == "__main__":
    main(prog_name="jump")
