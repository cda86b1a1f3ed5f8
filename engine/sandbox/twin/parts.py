"""What does the twin play? The tables of all its rooms, put together."""

from __future__ import annotations

from types import ModuleType
from typing import cast

from engine.sandbox.twin.books import postings, transactions
from engine.sandbox.twin.catalog import price_calls, products
from engine.sandbox.twin.checkout import sessions
from engine.sandbox.twin.connect import accounts, capabilities, external_accounts, links, persons
from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Dues, Happenings, Including, Postings, Routes
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.crediting import calls as credit_notes
from engine.sandbox.twin.credits import balances, grants
from engine.sandbox.twin.customers import funds, sources, tax_ids, writing
from engine.sandbox.twin.deliveries import records as deliveries
from engine.sandbox.twin.entitlements import active, features
from engine.sandbox.twin.invoice_calls import invoices, moves
from engine.sandbox.twin.invoice_calls import lines as invoice_lines
from engine.sandbox.twin.invoice_items import calls as invoice_items
from engine.sandbox.twin.invoicing import attaching, records
from engine.sandbox.twin.lifecycle import happenings, previews, subscription_items, subscriptions
from engine.sandbox.twin.lifecycle import notices as announcements
from engine.sandbox.twin.objects import (
    clocks,
    customers,
    including,
    notices,
    payment_methods,
)
from engine.sandbox.twin.pausing import calls as pause_calls
from engine.sandbox.twin.payments import charges, charging, disputes, intents, refunds, setup_intents
from engine.sandbox.twin.portal import configurations, pauses
from engine.sandbox.twin.portal import sessions as portal_sessions
from engine.sandbox.twin.promotions import codes, coupons
from engine.sandbox.twin.schedules import calls as schedules
from engine.sandbox.twin.search import calls as search
from engine.sandbox.twin.taxes import rates
from engine.sandbox.twin.transfers import arriving, fees, payouts, reversals, transfers
from engine.sandbox.twin.transfers import schedules as payout_schedules
from engine.sandbox.twin.usage import meters, reporting, summaries
from engine.sandbox.twin.values.types import Obj

PARTS: tuple[ModuleType, ...] = (
    customers,
    payment_methods,
    products,
    price_calls,
    setup_intents,
    clocks,
    notices,
    sessions,
    configurations,
    portal_sessions,
    pauses,
    including,
    subscriptions,
    subscription_items,
    pause_calls,
    schedules,
    previews,
    happenings,
    announcements,
    invoices,
    moves,
    invoice_lines,
    invoice_items,
    records,
    attaching,
    credit_notes,
    rates,
    coupons,
    codes,
    transactions,
    postings,
    accounts,
    capabilities,
    persons,
    external_accounts,
    links,
    meters,
    reporting,
    summaries,
    grants,
    balances,
    features,
    active,
    search,
    deliveries,
    transfers,
    reversals,
    fees,
    payouts,
    arriving,
    payout_schedules,
    writing,
    sources,
    tax_ids,
    funds,
    intents,
    charging,
    charges,
    refunds,
    disputes,
)
"""Each may have `ROUTES`, `DUES`, `HAPPENINGS`, `INCLUDING` and `POSTINGS`; see core/call.py."""


def _together(name: str) -> dict[object, object]:
    """The table of this name of every part; two parts with the same key are a mistake."""
    whole: dict[object, object] = {}
    for part in PARTS:
        table: dict[object, object] = getattr(part, name, {})
        assert not whole.keys() & table.keys(), (part.__name__, whole.keys() & table.keys())
        whole |= table
    return whole


ROUTES = cast("Routes", _together("ROUTES"))
DUES = cast("Dues", _together("DUES"))
HAPPENINGS = cast("Happenings", _together("HAPPENINGS"))
INCLUDING = cast("Including", _together("INCLUDING"))
POSTINGS = cast("Postings", _together("POSTINGS"))


def dues(world: World, obj: Obj) -> list[Due]:
    """What is to come for an object."""
    of_kind = DUES.get(obj["object"])
    return of_kind(world, obj) if of_kind is not None else []


def play(world: World, due: Due, id_: str) -> None:
    """Let one thing happen, in the account of the object to which it happens."""
    obj = world.shelf.take(id_)
    if obj is None:
        return
    with world.acting_as(obj["_account"]):
        HAPPENINGS[due.kind](world, obj, due.at)


def keep_books(world: World, type_: str, obj: Obj) -> None:
    """Write down what an event means for the ledger."""
    posting = POSTINGS.get(type_)
    if posting is not None:
        posting(world, obj)
