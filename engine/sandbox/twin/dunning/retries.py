"""When is an open invoice tried again? Each attempt a number of days after the former, as the account set it.

Source: Stripe docs, billing/revenue-recovery/smart-retries (custom schedules).
"""

from __future__ import annotations

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj

_NEVER_RETRIED = {"subscription_create", "subscription_update"}


def plan_retry(world: World, invoice: Obj) -> None:
    """Plan the next automatic attempt; the invoices of calls on subscriptions have none."""
    world.fetch("customer", invoice["customer"])["delinquent"] = True
    resumes = invoice.get("_resumes") == "resume_on_payment_success"
    if invoice["billing_reason"] in _NEVER_RETRIED and not resumes:
        return
    waits = world.settings.retry_days
    tried = invoice.get("_tries", 0)
    invoice["_tries"] = tried + 1
    invoice["_retries_over"] = tried >= len(waits)
    over = invoice["_retries_over"] or not (invoice["auto_advance"] or resumes)
    invoice["next_payment_attempt"] = None if over else world.now_of(invoice) + waits[tried] * DAY


def resume_collection(world: World, invoice: Obj) -> None:
    """Automatic collection of an open invoice was switched: on, it is tried within the hour; off, never."""
    automatic = invoice["collection_method"] == "charge_automatically"
    if not invoice["auto_advance"]:
        invoice["next_payment_attempt"] = None
    elif automatic and invoice["status"] == "open" and invoice["next_payment_attempt"] is None:
        invoice["next_payment_attempt"] = world.now_of(invoice) + world.settings.draft_seconds
