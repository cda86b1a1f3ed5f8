"""What happens as time passes? Renewals, ends of trials, retries, expiries: each at its instant, in order."""

from __future__ import annotations

from collections.abc import Callable

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Dues, Happenings
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import paying
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.pausing.resuming import RESUMING_SECONDS
from engine.sandbox.twin.terms.trials import NOTICE
from engine.sandbox.twin.values.types import Obj, clone

from . import cycle, ending, notices, phases

_RUNNING = {"active", "past_due", "unpaid"}


def _subscription_dues(world: World, held: Obj) -> list[Due]:
    found: list[Due] = []
    status = held["status"]
    if status == "incomplete":
        return [Due(held["created"] + world.settings.incomplete_seconds, 0, "incomplete_expires")]
    if held["pending_update"]:
        found.append(Due(held["pending_update"]["expires_at"], 0, "pending_update_expires"))
    if held["cancel_at"] is not None and status in {*_RUNNING, "trialing", "paused"}:
        found.append(Due(held["cancel_at"], 2, "cancel_at"))
    if status not in {*_RUNNING, "trialing"}:
        return found
    return [*found, *_running_dues(held), *notices.upcoming_dues(world, held)]


def _running_dues(held: Obj) -> list[Due]:
    """What comes to a subscription that is in a period or a trial."""
    found: list[Due] = []
    status = held["status"]
    if status == "trialing":
        found.append(Due(held["trial_end"], 3, "trial_ends"))
        if not held.get("_trial_told"):
            found.append(Due(held["trial_end"] - NOTICE, 3, "trial_will_end"))
    else:
        found.append(Due(min(int(item["current_period_end"]) for item in items_of(held)), 3, "renewal"))
    pause = held["pause_collection"]
    if pause and pause["resumes_at"]:
        found.append(Due(pause["resumes_at"], 1, "collection_resumes"))
    if held["next_pending_invoice_item_invoice"]:
        found.append(Due(held["next_pending_invoice_item_invoice"], 3, "pending_items_are_billed"))
    return found


def _invoice_dues(world: World, invoice: Obj) -> list[Due]:
    return [*_invoice_moves(invoice), *notices.will_be_due_dues(world, invoice)]


def _invoice_moves(invoice: Obj) -> list[Due]:
    status = invoice["status"]
    if status == "draft" and invoice["auto_advance"] and invoice["automatically_finalizes_at"]:
        return [Due(invoice["automatically_finalizes_at"], 4, "draft_hour")]
    if status == "open" and invoice["next_payment_attempt"]:
        return [Due(invoice["next_payment_attempt"], 5, "retry")]
    if status == "open" and invoice.get("_resumes") and not invoice["attempted"]:
        return [Due(invoice["created"] + RESUMING_SECONDS, 0, "resumption_expires")]
    sent = invoice["collection_method"] == "send_invoice" and not invoice.get("_overdue")
    if status == "open" and sent and invoice["due_date"]:
        return [Due(invoice["due_date"], 5, "overdue")]
    return []


def _schedule_dues(_world: World, schedule: Obj) -> list[Due]:
    match schedule["status"]:
        case "not_started":
            return [Due(schedule["phases"][0]["start_date"], 1, "schedule_starts")]
        case "active":
            ends = Due(schedule["current_phase"]["end_date"], 1, "phase_ends")
            return [ends, *notices.expiring_dues(schedule)]
        case _:
            return []


def _tell_of_trial_end(world: World, subscription: Obj, _at: int) -> None:
    subscription["_trial_told"] = True
    world.emit("customer.subscription.trial_will_end", subscription)


def _resume_collection(world: World, subscription: Obj, _at: int) -> None:
    before = clone(subscription)
    subscription["pause_collection"] = None
    world.emit("customer.subscription.updated", subscription, before=before)


def _fall_overdue(world: World, invoice: Obj, _at: int) -> None:
    invoice["_overdue"] = True
    paying.fall_overdue(world, invoice)


def _timeless(happen: Callable[[World, Obj], object]) -> Callable[[World, Obj, int], None]:
    """A happening that does not care for its instant."""

    def play(world: World, obj: Obj, _at: int) -> None:
        happen(world, obj)

    return play


def _finish_draft(world: World, invoice: Obj) -> None:
    """The hour is over: the draft is finalized and collected."""
    if not invoice["_lines"]:
        invoice["automatically_finalizes_at"] = None
        return
    if finalize(world, invoice) == "open":
        if invoice["collection_method"] == "send_invoice":
            world.emit("invoice.sent", invoice)
        paying.collect_automatically(world, invoice)


def _drop_held(world: World, subscription: Obj) -> None:
    """An update that nobody paid in time: its invoice is voided."""
    invoice = world.shelf.take(subscription.get("_pending_invoice") or "")
    if invoice is not None and invoice["status"] == "open":
        paying.void(world, invoice)


DUES: Dues = {
    "subscription": _subscription_dues,
    "invoice": _invoice_dues,
    "subscription_schedule": _schedule_dues,
}
HAPPENINGS: Happenings = {
    "incomplete_expires": _timeless(ending.expire),
    "pending_update_expires": _timeless(_drop_held),
    "schedule_starts": _timeless(phases.begin),
    "phase_ends": phases.end_phase,
    "cancel_at": _timeless(ending.end_at_date),
    "trial_will_end": _tell_of_trial_end,
    "trial_ends": cycle.end_trial,
    "renewal": cycle.renew,
    "pending_items_are_billed": cycle.bill_pending,
    "collection_resumes": _resume_collection,
    "draft_hour": _timeless(_finish_draft),
    "retry": _timeless(paying.collect_automatically),
    "overdue": _fall_overdue,
}
