"""What may an account do? Its capabilities, one by one."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import no_such
from engine.sandbox.twin.core.parameters import capability_names
from engine.sandbox.twin.values.types import Obj

from . import standing
from .access import connected
from .accounts import request


def list_all(call: Call) -> Obj:
    """The capabilities that were ever requested."""
    account = connected(call.world, call.id)
    found = [standing.capability(account, name) for name in sorted(account["_capabilities"])]
    url = f"/v1/accounts/{account['id']}/capabilities"
    return {"object": "list", "data": found, "has_more": False, "url": url}


def retrieve(call: Call) -> Obj:
    """One capability, requested or not."""
    account = connected(call.world, call.path["accountId"])
    return standing.capability(account, _known(call.id))


def _known(name: str) -> str:
    if name not in capability_names():
        raise no_such("capability", name, param="capability")
    return name


def update(call: Call) -> Obj:
    """Request a capability, or give it back."""
    world = call.world
    account = connected(world, call.path["accountId"])
    name = _known(call.id)
    with standing.changing(world, account):
        request(world, account, name, call.params.get("requested"))
    return standing.capability(account, name)


ROUTES: Routes = {
    "GET /v1/accounts/{id}/capabilities": list_all,
    "GET /v1/accounts/{accountId}/capabilities/{id}": retrieve,
    "POST /v1/accounts/{accountId}/capabilities/{id}": update,
}
