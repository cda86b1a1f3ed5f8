"""Who stands behind an account? Persons: the individual, representatives, owners, directors."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import invalid, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from . import blanks, standing
from .access import connected
from .details import merge

_WHOLE = 100


def write_individual(world: World, account: Obj, given: Params) -> None:
    """Tell about the person of an individual's account; there is one, who represents it."""
    found = [held for held in standing.persons_of(world, account) if held["relationship"]["representative"]]
    person = found[0] if found else _new(world, account)
    _write(person, given)
    person["relationship"]["representative"] = True


def _new(world: World, account: Obj) -> Obj:
    with world.acting_as(account["id"]):
        return world.new("person", "person", {**blanks.person(), "account": account["id"]})


def _write(person: Obj, given: Params) -> None:
    if "person_token" in given:
        raise no_such("token", given["person_token"], param="person_token", status=400)
    share = (given.get("relationship") or Params({})).get("percent_ownership") or 0
    if not 0 <= share <= _WHOLE:
        text = "percent_ownership must be between 0 and 100."
        raise invalid(text, param="relationship[percent_ownership]")
    if "documents" in given:
        person["_documents"] = given.whole("documents")
    told: Obj = {name: value for name, value in given.items() if name not in {"documents", "expand"}}
    merge(person, Params(told))


def create(call: Call) -> Obj:
    """A new person of an account."""
    world = call.world
    account = connected(world, call.id)
    with standing.changing(world, account):
        person = _new(world, account)
        _write(person, call.params)
        standing.refresh(world, account)
        world.emit("person.created", person)
    return person


def update(call: Call) -> Obj:
    """Tell more about a person."""
    world = call.world
    account, person = _find(call)
    before = clone(person)
    with standing.changing(world, account):
        _write(person, call.params)
        standing.refresh(world, account)
        world.emit("person.updated", person, before=before)
    return person


def _find(call: Call) -> tuple[Obj, Obj]:
    account = connected(call.world, call.path["accountId"])
    with call.world.acting_as(account["id"]):
        return account, call.world.fetch("person", call.id, param="person")


def retrieve(call: Call) -> Obj:
    """One person."""
    return _find(call)[1]


def list_all(call: Call) -> Obj:
    """The persons of an account, newest first."""
    account = connected(call.world, call.id)
    wanted: Obj = call.params.whole("relationship") or {}
    found = [
        person
        for person in standing.persons_of(call.world, account)
        if all(person["relationship"][name] == value for name, value in wanted.items())
    ]
    return page(f"/v1/accounts/{account['id']}/persons", call.params, found)


def delete(call: Call) -> Obj:
    """Let a person go; the one of an individual's account stays."""
    world = call.world
    account, person = _find(call)
    if account["business_type"] == "individual" and person["relationship"]["representative"]:
        text = "You cannot delete the person of an account with business_type `individual`."
        raise invalid(text, param="person")
    with standing.changing(world, account):
        world.shelf.remove(person)
        world.emit("person.deleted", person)
    return {"id": person["id"], "object": "person", "deleted": True}


ROUTES: Routes = {
    "POST /v1/accounts/{id}/persons": create,
    "GET /v1/accounts/{id}/persons": list_all,
    "GET /v1/accounts/{accountId}/persons/{id}": retrieve,
    "POST /v1/accounts/{accountId}/persons/{id}": update,
    "DELETE /v1/accounts/{accountId}/persons/{id}": delete,
}
