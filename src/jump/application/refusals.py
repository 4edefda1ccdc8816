"""Why a process does not start, or does not go on: each is one clear line."""


class PortBusy(Exception):
    """Another program has the port. The message is one clear line."""


class PartFailed(Exception):
    """A part that runs beside the requests ended by itself: the process must not go on."""
