"""What does the caller get? The answer of an attach, cancel or uncancel, read from its stored attachment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from engine.errors import PaymentRefused, Refused, TemporarilyUnable, WallstreetError
from persistence.models import Attachment, Step

Json = dict[str, Any]

SHOW_EARLIER_INVOICES = frozenset({"subscriptions.update", "subscriptions.cancel"})
"""Steps whose subscription names an invoice of before: a change has an invoice of its own, or none."""


def outcome(attachment: Attachment, steps: Sequence[Step], *, customer_version: int) -> Json:
    """The answer for an attachment that is done, or that waits for the buyer.

    Raises:
        PaymentRefused, Refused: it failed, and nothing of it remains.
        TemporarilyUnable: nobody knows yet how it ends; it goes on by itself.
    """
    error: Json = attachment.error or {}
    if attachment.state == "failed":
        raise failure(error)
    if attachment.state not in {"completed", "awaiting_customer"}:
        raise TemporarilyUnable(
            "outcome_unknown",
            "Stripe did not answer yet; the change goes on by itself. Ask for its attachment in a moment.",
            facts={"attachment": attachment.id},
        )
    decision: Json = attachment.plan.get("decision") or {}
    status, action = _status(attachment, steps)
    return {
        "id": attachment.id,
        "status": status,
        "branch": decision.get("branch"),
        "config": {name: each["value"] for name, each in decision.get("config", {}).items()},
        "function": decision.get("function"),
        "required_action": action,
        "checkout": _checkout(attachment, steps),
        "invoice": _invoice(steps),
        "customer_version": customer_version,
        "decision": decision or None,
    }


def failure(error: Json) -> WallstreetError:
    """What a caller is told of a plan that Stripe refused."""
    if error.get("declined") or error.get("code") == "payment_failed":
        return PaymentRefused(
            "payment_failed",
            "The payment was refused, so nothing was changed; give another card.",
            facts=error,
        )
    if error.get("status") is not None:
        return Refused(
            "stripe_refused",
            f"Stripe refused the change, so nothing was done: {error.get('message', '')}",
            facts=error,
        )
    return Refused("changed_meanwhile", "The purchase lapsed before it was paid; send it again.", facts=error)


def _status(attachment: Attachment, steps: Sequence[Step]) -> tuple[str, Json | None]:
    if attachment.state == "completed":
        return ("active" if attachment.plan["result"] == "checkout" else attachment.plan["result"]), None
    if attachment.awaiting_type == "checkout.session":
        return "checkout", None
    error: Json = attachment.error or {}
    url = (_invoice(steps) or {}).get("hosted_url")
    if not error:
        return "requires_action", {"code": "payment_method_required", "url": url}
    if error.get("needs_action"):
        return "requires_action", {"code": "3ds_required", "url": url}
    return "payment_failed", {"code": "payment_failed", "url": url}


def _checkout(attachment: Attachment, steps: Sequence[Step]) -> Json | None:
    session = next((s.result for s in steps if s.kind == "checkout.sessions.create" and s.result), None)
    if session is None or attachment.state != "awaiting_customer":
        return None
    return {"session": session["id"], "url": session["url"]}


def _invoice(steps: Sequence[Step]) -> Json | None:
    """The invoice of the plan as it was answered last; one that was only voided on the way is not its own."""
    found: Json | None = None
    for step in (step for step in steps if step.kind not in SHOW_EARLIER_INVOICES):
        result: Json = step.result or {}
        for seen in (result, result.get("latest_invoice"), result.get("invoice")):
            if isinstance(seen, dict) and _is_invoice(cast("Json", seen)):
                found = cast("Json", seen)
    if found is None:
        return None
    return {
        "id": found["id"],
        "state": found["status"],
        "total": found["total"],
        "amount_due": found["amount_due"],
        "currency": found["currency"],
        "hosted_url": found.get("hosted_invoice_url"),
    }


def _is_invoice(seen: Json) -> bool:
    return seen.get("object") == "invoice" and seen.get("status") != "void"
