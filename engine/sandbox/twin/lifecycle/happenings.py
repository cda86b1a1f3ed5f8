"""What happens as time passes? Renewals, ends of trials, retries, expiries: each at its instant, in order."""

from __future__ import annotations

from engine.sandbox.twin.billing.items import items_of
from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.calendar import DAY
from engine.sandbox.twin.core.types import Obj, clone
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.invoicing import paying
from engine.sandbox.twin.invoicing.settling import finalize
from engine.sandbox.twin.objects.checkout import expire_session

from . import cycle, ending, phases

_RUNNING = {"active", "past_due", "unpaid"}
_NOTICE = 3 * DAY


def dues(world: World, obj: Obj) -> list[Due]:
    """What is to come for an object."""
    match obj["object"]:
        case "subscription":
            return _subscription_dues(world, obj)
        case "invoice":
            return _invoice_dues(obj)
        case "subscription_schedule":
            return _schedule_dues(obj)
        case "checkout.session" if obj["status"] == "open":
            return [Due(obj["expires_at"], 6, "session_expires")]
        case _:
            return []


def _subscription_dues(world: World, held: Obj) -> list[Due]:
    found: list[Due] = []
    status = held["status"]
    if status == "incomplete":
        return [Due(held["created"] + world.settings.incomplete_seconds, 0, "incomplete_expires")]
    if held["pending_update"]:
        found.append(Due(held["pending_update"]["expires_at"], 0, "pending_update_expires"))
    if status not in {*_RUNNING, "trialing"}:
        return found
    if held["cancel_at"] is not None:
        found.append(Due(held["cancel_at"], 2, "cancel_at"))
    if status == "trialing":
        found.append(Due(held["trial_end"], 3, "trial_ends"))
        if not held.get("_trial_told"):
            found.append(Due(held["trial_end"] - _NOTICE, 3, "trial_will_end"))
    else:
        found.append(Due(min(int(item["current_period_end"]) for item in items_of(held)), 3, "renewal"))
    pause = held["pause_collection"]
    if pause and pause["resumes_at"]:
        found.append(Due(pause["resumes_at"], 1, "collection_resumes"))
    return found


def _invoice_dues(invoice: Obj) -> list[Due]:
    status = invoice["status"]
    if status == "draft" and invoice["auto_advance"] and invoice["automatically_finalizes_at"]:
        return [Due(invoice["automatically_finalizes_at"], 4, "draft_hour")]
    if status == "open" and invoice["next_payment_attempt"]:
        return [Due(invoice["next_payment_attempt"], 5, "retry")]
    sent = invoice["collection_method"] == "send_invoice" and not invoice.get("_overdue")
    if status == "open" and sent and invoice["due_date"]:
        return [Due(invoice["due_date"], 5, "overdue")]
    return []


def _schedule_dues(schedule: Obj) -> list[Due]:
    match schedule["status"]:
        case "not_started":
            return [Due(schedule["phases"][0]["start_date"], 1, "schedule_starts")]
        case "active":
            return [Due(schedule["current_phase"]["end_date"], 1, "phase_ends")]
        case _:
            return []


def play(world: World, due: Due, id_: str) -> None:
    """Let one thing happen."""
    obj = world.shelf.take(id_)
    if obj is None:
        return
    match due.kind:
        case "incomplete_expires":
            ending.expire(world, obj)
        case "pending_update_expires":
            _drop_held(world, obj)
        case "schedule_starts":
            phases.begin(world, obj)
        case "phase_ends":
            phases.end_phase(world, obj, due.at)
        case "cancel_at":
            ending.end_at_date(world, obj)
        case _:
            _play_billing(world, due, obj)


def _play_billing(world: World, due: Due, obj: Obj) -> None:
    match due.kind:
        case "trial_will_end":
            obj["_trial_told"] = True
            world.emit("customer.subscription.trial_will_end", obj)
        case "trial_ends":
            cycle.end_trial(world, obj, due.at)
        case "renewal":
            cycle.renew(world, obj, due.at)
        case "collection_resumes":
            before = clone(obj)
            obj["pause_collection"] = None
            world.emit("customer.subscription.updated", obj, before=before)
        case "draft_hour":
            _finish_draft(world, obj)
        case _:
            _play_collection(world, due, obj)


def _play_collection(world: World, due: Due, obj: Obj) -> None:
    match due.kind:
        case "retry":
            paying.collect_automatically(world, obj)
        case "overdue":
            obj["_overdue"] = True
            paying.fall_overdue(world, obj)
        case _:
            expire_session(world, obj)


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
