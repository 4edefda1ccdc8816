"""What only the console refuses: forms that are not its own, and what a role does not allow."""

from jump.errors import Problem


class NotAllowed(Problem):
    """The person is signed in, but their role does not allow it."""

    status, code = 403, "NOT_ALLOWED"

    def __init__(self) -> None:
        super().__init__("Your role does not allow this. Ask an admin of this practice.")


class Forged(Problem):
    """A form that did not come from a page of ours."""

    status, code = 403, "FORGED"


class Stale(Problem):
    """A form of an earlier sign-in, or of another browser; the person may send it again."""

    status, code = 403, "STALE"
