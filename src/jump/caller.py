"""Who asks, and for whom: the commonest arguments of the program have a type here."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["test", "live"]
ActorKind = Literal["key", "user", "operator", "system"]


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation in one mode. Every query takes it first."""

    organisation: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, for the audit: a key, a user, an operator at the command line, us."""

    kind: ActorKind
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's tenant, actor and what it may do; `address` is the client's, if it has one."""

    tenant: Tenant
    actor: Actor
    scopes: frozenset[str]
    request_id: str | None = None
    address: str | None = None

    def may(self, scope: str) -> bool:
        """Whether the caller holds the scope."""
        return scope in self.scopes


SYSTEM = Actor("system")
OPERATOR = Actor("operator")
