"""Lists of the records that belong to one other, at the address of that one: a patient's problems.

Each takes what the whole list takes, but for what its address says already.
"""

from dataclasses import replace

from msgspec import structs

from jump.clinical import crud
from jump.clinical.definition import Resource
from jump.resources import pages
from jump.resources.definition import Answer, Call, Operation
from jump.resources.listing import Listing
from jump.storage.database import Tx


def sub_list(parent: Resource, child: Resource, column: str) -> Operation:
    """The children whose `column` names the parent; theirs is the scope, an unknown parent 404."""
    narrowed = _narrowed(child.listing, column)

    async def run(tx: Tx, call: Call) -> Answer:
        assert call.query is not None
        row = await crud.load(tx, parent, call)
        tenant = call.caller.tenant
        found = await pages.page(tx, tenant, narrowed, call.query, **{column: row["id"]})
        done = crud.listed(child, found)
        # That a patient has none of them is told of the patient too.
        owner = () if parent.patient is None else (row[parent.patient],)
        return structs.replace(done, patients=tuple(dict.fromkeys((*owner, *done.patients))))

    children = child.path.rpartition("/")[2]
    return Operation(
        "GET",
        f"{parent.path}/{{id}}/{children}",
        run,
        child.read_scope,
        f"List the {children} of {'an' if parent.name[0] in 'aeiou' else 'a'} {parent.name}",
        listing=narrowed,
    )


def _narrowed(whole: Listing, column: str) -> Listing:
    kept = tuple(flt for flt in whole.filters if (flt.column or flt.name) != column)
    bare = replace(whole, filters=kept, aliases=(), fixed=(*whole.fixed, column))
    known = set(bare.parameters())
    return replace(bare, aliases=tuple(pair for pair in whole.aliases if pair[1] in known))
