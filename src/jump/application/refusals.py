"""Why a process does not start, or does not go on: each is one clear line."""

import socket


class PortBusy(Exception):
    """Another program has the port. The message is one clear line."""


class PartFailed(Exception):
    """A part that runs beside the requests ended by itself: the process must not go on."""


def check_port(host: str, port: int, setting: str = "JUMP_PORT") -> None:
    """Raises PortBusy, with what to do, when the address that `setting` names cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusy(
                f"Port {port} on {host} cannot be had: {error.strerror or 'in use'}."
                f" Set {setting} to another, or end the program that has it."
            ) from error
