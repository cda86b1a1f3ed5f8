"""Who sells through the platform? Connected accounts: made, told about, rejected, deleted."""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import StripeError, invalid, no_such
from engine.sandbox.twin.core.render import listing, page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj

from . import blanks, details, external_accounts, persons, standing
from .access import FORBIDDEN, application_id, connected, platform_id
from .controllers import controller

_PLATFORM_COUNTRY = "US"
_REJECTIONS = {
    "terms_of_service": "platform_terms_of_service",
    "other": "platform_other",
    "credit": "platform_other",
}
_TOLD_BY_ITSELF = ("business_type", "company", "external_account", "individual", "tos_acceptance")
_STOPS_WITH_ITS_ACCOUNT = ("subscription", "subscription_schedule", "invoice", "checkout.session", "payout")


def create(call: Call) -> Obj:
    """A new account; what it may do follows from what is told about it."""
    world, params = call.world, call.params
    country = params.get("country", _PLATFORM_COUNTRY)
    if country not in blanks.CURRENCIES:
        text = (
            f"Country '{country}' is unknown. Try using a 2-character alphanumeric country code instead, such"
            " as 'US', 'EG', or 'GB'."
        )
        raise invalid(text, param="country", code="country_unsupported")
    kind, held_by = controller(params)
    collects = held_by["requirement_collection"] == "application"
    fields = blanks.account(country, debits_negative=not collects)
    account = world.new("account", "acct", {**fields, "controller": held_by, "type": kind})
    account["_capabilities"] = {}
    account["settings"]["dashboard"]["display_name"] = None
    standing.refresh(world, account)
    with standing.changing(world, account, always=True):
        _write(world, account, params)
    return account


def _write(world: World, account: Obj, params: Params) -> None:
    """Take over what a call tells; what Stripe itself collects it refuses to hear from the platform."""
    if "account_token" in params:
        raise no_such("token", params["account_token"], param="account_token", status=400)
    if account["controller"]["requirement_collection"] == "stripe":
        _refuse_what_stripe_collects(account, params)
    details.write(account, params)
    if "individual" in params:
        if account["business_type"] not in {None, "individual"}:
            kind = account["business_type"]
            text = f"You cannot provide `individual` for an account with business_type `{kind}`."
            raise invalid(text, param="individual")
        persons.write_individual(world, account, params["individual"])
    wishes: Params = params.get("capabilities") or Params({})
    for name, wish in wishes.items():
        request(world, account, name, wish.get("requested"))
    if params.get("external_account"):
        external_accounts.replace(world, account, params["external_account"])
    files: Params = params.get("documents") or Params({})
    if files:
        account["_documents"] = params.whole("documents")


def _refuse_what_stripe_collects(account: Obj, params: Params) -> None:
    if (params.get("tos_acceptance") or Params({})).get("date") is not None:
        text = "You cannot accept the Terms of Service on behalf of Standard and Express connected accounts."
        raise invalid(text, param="tos_acceptance[date]")
    if not account.get("_linked"):
        return
    for name in _TOLD_BY_ITSELF:
        if name in params:
            text = (
                "This application does not have the required permissions for the parameter"
                f" '{name}' on account '{account['id']}'."
            )
            raise StripeError(text, status=FORBIDDEN, code="oauth_not_supported", param=name)


def request(world: World, account: Obj, name: str, requested: bool | None) -> None:  # noqa: FBT001 -- Stripe's flag
    """Request a capability, or give it back."""
    if requested is None:
        return
    held = account["_capabilities"].setdefault(name, {"requested": False, "requested_at": None})
    if requested and not held["requested"]:
        held["requested_at"] = world.now()
    held["requested"] = requested
    if not requested:
        held["requested_at"] = None


def retrieve(call: Call) -> Obj:
    """One account: a connected one, or the platform's own."""
    if call.id == platform_id(call.world):
        return own(call)
    return connected(call.world, call.id)


def own(call: Call) -> Obj:
    """The account in whose name the call is made."""
    world = call.world
    return platform(world) if world.account is None else connected(world, world.account)


def platform(world: World) -> Obj:
    """The platform's own account: everything is told and enabled."""
    id_ = platform_id(world)
    empty = listing(f"/v1/accounts/{id_}/external_accounts", [])
    return {
        "id": id_,
        "object": "account",
        **blanks.account(_PLATFORM_COUNTRY, debits_negative=True),
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "created": 0,
        "details_submitted": True,
        "email": "platform@example.com",
        "external_accounts": empty,
        "payouts_enabled": True,
        "type": "standard",
    }


def update(call: Call) -> Obj:
    """Change what was sent, leave the rest."""
    account = connected(call.world, call.id)
    with standing.changing(call.world, account, always=True):
        _write(call.world, account, call.params)
    return account


def list_all(call: Call) -> Obj:
    """The connected accounts, newest first."""
    found = [held for held in call.world.shelf.kind("account") if not held.get("deleted")]
    return page("/v1/accounts", call.params, found)


def delete(call: Call) -> Obj:
    """Let an account go; nothing of it can be reached any more, and nothing happens in it."""
    world = call.world
    account = connected(world, call.id)
    application = {"id": application_id(world), "object": "application", "name": "Wallstreet sandbox"}
    world.emit("account.application.deauthorized", {**application, "_account": account["id"], "_clock": None})
    with world.acting_as(account["id"]):
        for kind in _STOPS_WITH_ITS_ACCOUNT:
            for held in world.shelf.find(kind):
                world.shelf.remove(held)
    kept = {name: account[name] for name in ("id", "object", "_account", "_clock", "_n")}
    account.clear()
    account.update({**kept, "deleted": True})
    return account


def reject(call: Call) -> Obj:
    """Stop an account for which the platform bears the losses."""
    account = _rejectable(call)
    reason: str = call.params["reason"]
    with standing.changing(call.world, account):
        account["_rejected"] = f"rejected.{_REJECTIONS.get(reason, 'platform_fraud')}"
        account["_payouts_paused"] = call.params.get("payouts_action", "pause") == "pause"
    return account


def unreject(call: Call) -> Obj:
    """Take the platform's rejection back."""
    account = _rejectable(call)
    if not account.get("_rejected"):
        raise invalid("This account has not been rejected by your platform and cannot be unrejected.")
    with standing.changing(call.world, account):
        account["_rejected"] = None
    return account


def _rejectable(call: Call) -> Obj:
    account = connected(call.world, call.id)
    if account["controller"]["losses"]["payments"] != "application":
        text = "Only accounts for which your platform is liable for negative balances can be rejected."
        raise invalid(text)
    return account


ROUTES: Routes = {
    "POST /v1/accounts": create,
    "GET /v1/accounts": list_all,
    "GET /v1/account": own,
    "GET /v1/accounts/{id}": retrieve,
    "POST /v1/accounts/{id}": update,
    "DELETE /v1/accounts/{id}": delete,
    "POST /v1/accounts/{id}/reject": reject,
    "POST /v1/accounts/{id}/unreject": unreject,
}
