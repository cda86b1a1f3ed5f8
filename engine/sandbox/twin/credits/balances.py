"""How much credit is left? Movements of a grant's balance, and what a customer has in all.

Source: Stripe docs, billing/subscriptions/usage-based/billing-credits.
"""

from __future__ import annotations

from engine.sandbox.twin.core.call import Call, Routes
from engine.sandbox.twin.core.errors import exclusive, invalid, missing, no_such
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.params import Params
from engine.sandbox.twin.values.types import Obj, Objs, inside

GRANT = "billing.credit_grant"
TRANSACTION = "billing.credit_balance_transaction"
_MOST_PRICES = 20


def monetary(currency: str, value: int) -> Obj:
    """An amount as credits are written."""
    return {"monetary": {"currency": currency, "value": value}, "type": "monetary"}


def move(world: World, grant: Obj, way: str, why: str, amount: int, **about: str) -> Obj:
    """Change what is left of a grant by a `credit` or `debit`; `about` names the invoice and its line."""
    grant["_left"] += amount if way == "credit" else -amount
    voided, applied = "credits_application_invoice_voided", "credits_applied"
    named = voided if way == "credit" else applied
    details = {
        "amount": monetary(grant["amount"]["monetary"]["currency"], amount),
        named: dict(about) if why == named else None,
        "type": why,
    }
    made = world.new(
        TRANSACTION,
        "cbtxn_test",
        {
            "credit_grant": grant["id"],
            "effective_at": world.now_of(grant),
            "test_clock": grant["test_clock"],
            "type": way,
            way: details,
            "_customer": grant["customer"],
        },
        clock=grant["_clock"],
    )
    world.emit(f"{TRANSACTION}.created", made)
    return made


def usable(world: World, grant: Obj) -> bool:
    """Whether a grant has something left that may be used now."""
    now, expires = world.now_of(grant), grant["expires_at"]
    return bool(
        grant["_left"] > 0
        and grant["voided_at"] is None
        and grant["_granted"]
        and (expires is None or expires > now)
    )


def read_scope(world: World, given: Params | Obj, where: str) -> Obj:
    """What credits apply to: all metered prices, or those that are named."""
    prices: Objs = given.get("prices") or []
    if given.get("price_type") and prices:
        raise exclusive(f"{where}[price_type]", f"{where}[prices]")
    if not given.get("price_type") and not prices:
        raise missing(f"{where}[price_type]")
    if not prices:
        return {"price_type": given["price_type"]}
    return {"prices": _metered(world, prices, f"{where}[prices]")}


def _metered(world: World, prices: Objs, where: str) -> Objs:
    if len(prices) > _MOST_PRICES:
        raise invalid(f"Invalid array: must be at most {_MOST_PRICES} elements", param=where)
    for index, named in enumerate(prices):
        param = f"{where}[{index}][id]"
        price = world.refer("price", named["id"], param)
        if inside(price, "recurring").get("usage_type") != "metered":
            raise invalid("Credits can only apply to metered prices.", param=param)
    return [{"id": named["id"]} for named in prices]


def refuse_customer_account(params: Params) -> None:
    """Raise for an account named as a customer: no account of the twin is one."""
    if "customer_account" in params:
        raise no_such("account", params["customer_account"], param="customer_account", status=400)


def customer_named(world: World, params: Params) -> str:
    """The customer of a call about credits, which it has to name."""
    refuse_customer_account(params)
    if "customer" not in params:
        raise missing("customer")
    return str(world.refer("customer", params["customer"], "customer")["id"])


def summarize(call: Call) -> Obj:
    """What a customer may use now, in each currency."""
    world, params = call.world, call.params
    customer = customer_named(world, params)
    wanted = _filtered(world, params["filter"], world.shelf.find(GRANT, customer=customer))
    sums: dict[str, int] = {}
    for grant in wanted:
        currency = grant["amount"]["monetary"]["currency"]
        sums[currency] = sums.get(currency, 0) + (grant["_left"] if usable(world, grant) else 0)
    balances = [
        {"available_balance": monetary(currency, value), "ledger_balance": monetary(currency, value)}
        for currency, value in sums.items()
    ]
    return {
        "object": "billing.credit_balance_summary",
        "balances": balances,
        "customer": customer,
        "customer_account": None,
        "livemode": False,
    }


def _filtered(world: World, given: Params, grants: Objs) -> Objs:
    if given["type"] == "credit_grant":
        if not given.get("credit_grant"):
            raise missing("filter[credit_grant]")
        named = world.refer(GRANT, given["credit_grant"], "filter[credit_grant]")
        return [grant for grant in grants if grant["id"] == named["id"]]
    where = "filter[applicability_scope]"
    if "applicability_scope" not in given:
        raise missing(where)
    scope = read_scope(world, given["applicability_scope"], where)
    return [grant for grant in grants if _within(grant["applicability_config"]["scope"], scope)]


def _within(held: Obj, wanted: Obj) -> bool:
    """Whether a grant with a scope can be used for all that is asked about."""
    if "price_type" in held or "price_type" in wanted:
        return "price_type" in held
    covered = {price["id"] for price in held["prices"]}
    return all(price["id"] in covered for price in wanted["prices"])


def list_all(call: Call) -> Obj:
    """Movements of credits, newest first."""
    world, params = call.world, call.params
    refuse_customer_account(params)
    customer, grant = params.get("customer"), params.get("credit_grant")
    if customer:
        world.refer("customer", customer, "customer")
    if grant:
        world.refer(GRANT, grant, "credit_grant")
    found = [
        moved
        for moved in world.shelf.kind(TRANSACTION)
        if customer in {None, moved["_customer"]} and grant in {None, moved["credit_grant"]}
    ]
    return page("/v1/billing/credit_balance_transactions", params, found)


def retrieve(call: Call) -> Obj:
    """One movement."""
    return call.world.fetch(TRANSACTION, call.id)


ROUTES: Routes = {
    "GET /v1/billing/credit_balance_summary": summarize,
    "GET /v1/billing/credit_balance_transactions": list_all,
    "GET /v1/billing/credit_balance_transactions/{id}": retrieve,
}
