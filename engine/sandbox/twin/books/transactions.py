"""What is in the Stripe balance of an account? Balance transactions, pending first and available later."""

from __future__ import annotations

from typing import Any

from engine.sandbox.twin.core.agenda import SETTLING, Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Routes
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj

_HELD = "balance_held"
_BATCH = "balance_batch"
_CATEGORIES = {
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "payment": "charge",
    "payment_failure_refund": "charge_failure",
    "payment_refund": "refund",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "stripe_fee": "fee",
    "transfer_cancel": "transfer_reversal",
    "transfer_failure": "transfer_reversal",
    "transfer_refund": "transfer_reversal",
}


def processing_fee(world: World, amount: int) -> int:
    """What Stripe takes for a charge: a share, rounded half up to whole cents, and a fixed part."""
    return (amount * world.settings.fee_basis_points + 5_000) // 10_000 + world.settings.fee_fixed


def balance_transaction(
    world: World,
    *,
    type: str,  # noqa: A002 -- Stripe's name of it
    amount: int,
    fee: int,
    currency: str,
    source: Obj,
    description: str | None,
    available_in: int | None = None,
    category: str | None = None,
    fee_details: list[Obj] | None = None,
) -> Obj:
    """Move the balance of the account in force by `amount` less `fee`.

    The money is available after `available_in` days (none: as settled in the settings; 0: at once).
    Without `fee_details` the whole fee is Stripe's.
    """
    now = world.now_of(source)
    days = _settlement_days(world) if available_in is None else available_in
    made = world.new(
        "balance_transaction",
        "txn",
        {
            "amount": amount,
            "available_on": now if days == 0 else (now // DAY + days) * DAY,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "fee": fee,
            "fee_details": _stripe_fee(fee, currency) if fee_details is None else fee_details,
            "net": amount - fee,
            "reporting_category": category or _CATEGORIES.get(type, type),
            "source": source["id"],
            "status": "pending" if days else "available",
            "type": type,
        },
        clock=source.get("_clock"),
    )
    _move(world, made, made["status"])
    if days:
        _await_funds(world, made)
    return made


def _stripe_fee(fee: int, currency: str) -> list[Obj]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]


def levy(world: World, id_: str, detail: Obj) -> None:
    """Take one more fee from what a balance transaction brought to the account in force."""
    made = world.shelf.take(id_)
    assert made is not None
    _move(world, made, made["status"], sign=-1)
    made["fee"] += detail["amount"]
    made["net"] -= detail["amount"]
    made["fee_details"] = [*made["fee_details"], detail]
    _move(world, made, made["status"])


def _settlement_days(world: World) -> int:
    """How long money waits: a connected account's own delay, or what the settings say."""
    account = world.shelf.peek(world.account or "")
    if account is None:
        return world.settings.settlement_days
    return int(account["settings"]["payouts"]["schedule"]["delay_days"])


def held_funds(world: World, currency: str) -> tuple[int, int]:
    """What the account in force has available and pending in a currency."""
    held = world.shelf.peek(_held_id(world)) or {}
    return held.get("available", {}).get(currency, 0), held.get("pending", {}).get(currency, 0)


def _held_id(world: World) -> str:
    return f"{_HELD}_{world.account or 'platform'}"


def _held(world: World) -> Obj:
    """The running sums of the account in force."""
    held = world.shelf.take(_held_id(world))
    if held is not None:
        return held
    return world.shelf.add({"id": _held_id(world), "object": _HELD, "available": {}, "pending": {}})


def _move(world: World, made: Obj, status: str, *, sign: int = 1) -> None:
    sums = _held(world)[status]
    sums[made["currency"]] = sums.get(made["currency"], 0) + sign * made["net"]


def _await_funds(world: World, made: Obj) -> None:
    """All that becomes available on the same day waits together."""
    clock = made["_clock"]
    id_ = f"{_BATCH}_{world.account or 'platform'}_{clock}_{made['available_on']}"
    batch = world.shelf.take(id_)
    if batch is None:
        fields: Obj = {
            "id": id_,
            "object": _BATCH,
            "at": made["available_on"],
            "waiting": [],
            "_clock": clock,
        }
        batch = world.shelf.add(fields)
    batch["waiting"].append(made["id"])


def _dues(_world: World, batch: Obj) -> list[Due]:
    return [Due(batch["at"], SETTLING, "balance.available")]


def _become_available(world: World, batch: Obj, _at: int) -> None:
    """The money of a day can be paid out; the event is the account's and stands on no test clock."""
    for id_ in batch["waiting"]:
        made = world.shelf.take(id_)
        assert made is not None
        _move(world, made, "pending", sign=-1)
        made["status"] = "available"
        _move(world, made, "available")
    world.shelf.remove(batch)
    world.emit("balance.available", {**_balance(world), "_account": world.account})


def _balance(world: World) -> Obj:
    """The balance as Stripe shows it: dollars stand there even before anything was earned."""
    held = world.shelf.peek(_held_id(world)) or {"available": {}, "pending": {}}
    currencies = sorted({"usd", *held["available"], *held["pending"]})

    def shown(status: str) -> list[Obj]:
        sums = held[status]
        return [
            {"amount": sums.get(name, 0), "currency": name, "source_types": {"card": sums.get(name, 0)}}
            for name in currencies
        ]

    return {
        "object": "balance",
        "available": shown("available"),
        "livemode": False,
        "pending": shown("pending"),
    }


def retrieve_balance(call: Call) -> Obj:
    """The balance of the account in force."""
    return _balance(call.world)


def retrieve(call: Call) -> Obj:
    """One balance transaction."""
    return call.world.fetch("balance_transaction", call.id)


def list_all(call: Call) -> Obj:
    """Balance transactions, newest first."""
    params = call.params
    wanted: dict[str, Any] = {name: params.get(name) for name in ("currency", "source", "type")}
    payout = params.get("payout")
    found = [
        made
        for made in call.world.shelf.kind("balance_transaction")
        if all(value in {None, made[name]} for name, value in wanted.items())
        and payout in {None, made.get("_payout")}
    ]
    return page("/v1/balance_transactions", params, found)


ROUTES: Routes = {
    "GET /v1/balance": retrieve_balance,
    "GET /v1/balance_transactions": list_all,
    "GET /v1/balance_transactions/{id}": retrieve,
}
DUES: Dues = {_BATCH: _dues}
HAPPENINGS: Happenings = {"balance.available": _become_available}
