"""What credits were given? Grants: made, changed, used until they expire, or taken back.

Source: Stripe docs, billing/subscriptions/usage-based/billing-credits.
"""

from __future__ import annotations

from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Routes, merge_metadata
from engine.sandbox.twin.core.errors import StripeError, invalid, missing
from engine.sandbox.twin.core.ranges import LARGEST_AMOUNT, currency_named, within
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, clone, texts

from .balances import GRANT, customer_named, monetary, move, read_scope, refuse_customer_account, usable

_USUAL_PRIORITY = 50
_LOWEST_PRIORITY = 100
_LONGEST_NAME = 100
_USED = "You cannot void a credit grant that has been applied to an invoice."
_TOO_EARLY = "`expires_at` must be in the future and after `effective_at`."


def create(call: Call) -> Obj:
    """Credits for a customer, usable from `effective_at` on."""
    world, params = call.world, call.params
    customer = world.fetch("customer", customer_named(world, params))
    now = world.now_of(customer)
    value, currency = _amount(params["amount"])
    effective = within(params.get("effective_at", now), "effective_at")
    assert effective is not None
    name: str | None = params.get("name")
    if name is not None and len(name) > _LONGEST_NAME:
        raise invalid(f"Invalid string: must be at most {_LONGEST_NAME} characters", param="name")
    grant = world.new(
        GRANT,
        "credgr_test",
        {
            "amount": monetary(currency, value),
            "applicability_config": {"scope": _scope(world, params)},
            "category": params.get("category", "paid"),
            "customer": customer["id"],
            "effective_at": effective,
            "expires_at": _expiry(params.get("expires_at"), now, effective),
            "metadata": texts(params.get("metadata")),
            "name": name or None,
            "priority": within(
                params.get("priority", _USUAL_PRIORITY), "priority", least=0, most=_LOWEST_PRIORITY
            ),
            "test_clock": customer["test_clock"],
            "updated": now,
            "_granted": False,
            "_left": 0,
        },
        clock=customer["_clock"],
    )
    world.emit(f"{GRANT}.created", grant)
    if effective <= now:
        _take_effect(world, grant, now)
    return grant


def _amount(given: Params) -> tuple[int, str]:
    if "monetary" not in given:
        raise missing("amount[monetary]")
    money = given["monetary"]
    assert given["type"] == "monetary"
    within(money["value"], "amount[monetary][value]", least=1, most=LARGEST_AMOUNT)
    return money["value"], currency_named(money["currency"], "amount[monetary][currency]")


def _scope(world: World, params: Params) -> Obj:
    return read_scope(world, params["applicability_config"]["scope"], "applicability_config[scope]")


def _expiry(given: int | str | None, now: int, effective: int) -> int | None:
    if given is None or given == "":
        return None
    if int(given) <= max(now, effective):
        raise invalid(_TOO_EARLY, param="expires_at")
    return int(given)


def _take_effect(world: World, grant: Obj, _at: int) -> None:
    grant["_granted"] = True
    move(world, grant, "credit", "credits_granted", grant["amount"]["monetary"]["value"])


def update(call: Call) -> Obj:
    """Change when it expires, or metadata."""
    world, params = call.world, call.params
    grant = world.fetch(GRANT, call.id)
    before = clone(grant)
    if "expires_at" in params:
        _refuse_ended(world, grant)
        expires = _expiry(params["expires_at"], world.now_of(grant), grant["effective_at"])
        grant["expires_at"] = expires
    merge_metadata(grant, params)
    return _changed(world, grant, before)


def _changed(world: World, grant: Obj, before: Obj) -> Obj:
    grant["updated"] = world.now_of(grant)
    world.emit(f"{GRANT}.updated", grant, before=before)
    return grant


def _refuse_ended(world: World, grant: Obj) -> None:
    if grant["voided_at"] is not None:
        raise _ended("voided")
    if grant["expires_at"] is not None and grant["expires_at"] <= world.now_of(grant):
        raise _ended("expired")


def _ended(how: str) -> StripeError:
    return invalid(f"This credit grant has already been {how}.")


def expire(call: Call) -> Obj:
    """Let what is left expire now."""
    world = call.world
    grant = world.fetch(GRANT, call.id)
    _refuse_ended(world, grant)
    before = clone(grant)
    grant["expires_at"] = world.now_of(grant)
    _changed(world, grant, before)
    _run_out(world, grant, world.now_of(grant))
    return grant


def _run_out(world: World, grant: Obj, _at: int) -> None:
    if grant["_left"] > 0:
        move(world, grant, "debit", "credits_expired", grant["_left"])


def void(call: Call) -> Obj:
    """Take back a grant that nothing was used of."""
    world = call.world
    grant = world.fetch(GRANT, call.id)
    _refuse_ended(world, grant)
    if grant["_granted"] and grant["_left"] != grant["amount"]["monetary"]["value"]:
        raise invalid(_USED)
    before = clone(grant)
    left = grant["_left"]
    grant["voided_at"] = world.now_of(grant)
    _changed(world, grant, before)
    if left:
        move(world, grant, "debit", "credits_voided", left)
    return grant


def retrieve(call: Call) -> Obj:
    """One grant."""
    return call.world.fetch(GRANT, call.id)


def list_all(call: Call) -> Obj:
    """Grants, newest first."""
    world, params = call.world, call.params
    refuse_customer_account(params)
    customer = params.get("customer")
    if customer:
        world.refer("customer", customer, "customer")
    found = [grant for grant in world.shelf.kind(GRANT) if customer in {None, grant["customer"]}]
    return page("/v1/billing/credit_grants", params, found)


def _dues(world: World, grant: Obj) -> list[Due]:
    if grant["voided_at"] is not None:
        return []
    if not grant["_granted"]:
        return [Due(grant["effective_at"], 0, "credit_grant_takes_effect")]
    if grant["expires_at"] is not None and usable(world, grant):
        return [Due(grant["expires_at"], 0, "credit_grant_expires")]
    return []


ROUTES: Routes = {
    "POST /v1/billing/credit_grants": create,
    "GET /v1/billing/credit_grants": list_all,
    "GET /v1/billing/credit_grants/{id}": retrieve,
    "POST /v1/billing/credit_grants/{id}": update,
    "POST /v1/billing/credit_grants/{id}/expire": expire,
    "POST /v1/billing/credit_grants/{id}/void": void,
}
DUES: Dues = {GRANT: _dues}
HAPPENINGS: Happenings = {"credit_grant_takes_effect": _take_effect, "credit_grant_expires": _run_out}
