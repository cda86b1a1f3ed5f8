"""Where is an account paid out to? Its bank accounts and debit cards, one the default of each currency."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes, merge_metadata
from engine.sandbox.twin.core.errors import StripeError, invalid, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone

from . import standing
from .access import connected
from .banks import new_external

_OF_CARD = (
    "address_city",
    "address_country",
    "address_line1",
    "address_line2",
    "address_state",
    "address_zip",
    "exp_month",
    "exp_year",
    "name",
)
_OF_BANK = ("account_holder_name", "account_holder_type", "account_type")


def replace(world: World, account: Obj, given: Params | str) -> None:
    """A new default for its currency; the old one goes."""
    made = new_external(world, account["id"], given)
    for held in standing.externals_of(world, account):
        if held["currency"] == made["currency"] and held["default_for_currency"]:
            world.shelf.remove(held)
            world.emit("account.external_account.deleted", held)
    made["default_for_currency"] = True
    world.emit("account.external_account.created", made)


def create(call: Call) -> Obj:
    """One more bank account or card; the first of its currency is the default."""
    world, params = call.world, call.params
    account = connected(world, call.id)
    with standing.changing(world, account):
        made = new_external(world, account["id"], params["external_account"])
        merge_metadata(made, params)
        first = not _default(world, account, made["currency"])
        made["default_for_currency"] = first
        if params.get("default_for_currency"):
            _make_default(world, account, made)
        world.emit("account.external_account.created", made)
    return made


def _default(world: World, account: Obj, currency: str) -> Obj | None:
    for held in standing.externals_of(world, account):
        if held["currency"] == currency and held["default_for_currency"]:
            return held
    return None


def _make_default(world: World, account: Obj, chosen: Obj) -> None:
    for held in standing.externals_of(world, account):
        if held["currency"] == chosen["currency"] and held is not chosen:
            held["default_for_currency"] = False
    chosen["default_for_currency"] = True


def update(call: Call) -> Obj:
    """Change what can be changed without a new number."""
    world, params = call.world, call.params
    account, held = _find(call)
    before = clone(held)
    with standing.changing(world, account):
        _rewrite(held, params)
        if "documents" in params:
            held["_documents"] = params.whole("documents")
        if params.get("default_for_currency"):
            _make_default(world, account, held)
        merge_metadata(held, params)
        world.emit("account.external_account.updated", held, before=before)
    return held


def _rewrite(held: Obj, params: Params) -> None:
    """Take over what is said; Stripe refuses what belongs to the other kind."""
    of_bank = held["object"] == "bank_account"
    for name in _OF_CARD if of_bank else _OF_BANK:
        if name in params:
            raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    for name in _OF_BANK if of_bank else _OF_CARD:
        if name in params:
            held[name] = _told(name, params[name])


def _told(name: str, value: str) -> str | int | None:
    if not name.startswith("exp_"):
        return value or None
    latest = 12 if name == "exp_month" else 9999
    if not value.isdigit() or not 1 <= int(value) <= latest:
        month = name == "exp_month"
        text = f"Your card's expiration {'month' if month else 'year'} is invalid."
        raise invalid(text, param=name, code=f"invalid_expiry_{'month' if month else 'year'}")
    return int(value)


def _find(call: Call) -> tuple[Obj, Obj]:
    account = connected(call.world, call.path["accountId"])
    for held in standing.externals_of(call.world, account):
        if held["id"] == call.id:
            return account, held
    raise no_such("external account", call.id, param="id")


def retrieve(call: Call) -> Obj:
    """One of them."""
    return _find(call)[1]


def list_all(call: Call) -> Obj:
    """All of an account, newest first."""
    account = connected(call.world, call.id)
    kind = call.params.get("object")
    found = [held for held in standing.externals_of(call.world, account) if kind in {None, held["object"]}]
    return page(f"/v1/accounts/{account['id']}/external_accounts", call.params, found)


def delete(call: Call) -> Obj:
    """Take one away; the default of the account's own currency has to stay."""
    world = call.world
    account, held = _find(call)
    if held["default_for_currency"] and held["currency"] == account["default_currency"]:
        raise invalid(
            "You cannot delete the default external account for your default currency. Please make another"
            " external account the default using the `default_for_currency` param, and then delete this one."
        )
    with standing.changing(world, account):
        world.shelf.remove(held)
        world.emit("account.external_account.deleted", held)
    return {"id": held["id"], "object": held["object"], "currency": held["currency"], "deleted": True}


ROUTES: Routes = {
    "POST /v1/accounts/{id}/external_accounts": create,
    "GET /v1/accounts/{id}/external_accounts": list_all,
    "GET /v1/accounts/{accountId}/external_accounts/{id}": retrieve,
    "POST /v1/accounts/{accountId}/external_accounts/{id}": update,
    "DELETE /v1/accounts/{accountId}/external_accounts/{id}": delete,
}
