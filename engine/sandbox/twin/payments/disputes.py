"""What when a buyer's bank asks, or takes the money back? Disputes and inquiries."""

from __future__ import annotations

from engine.sandbox.twin.books import movements
from engine.sandbox.twin.core.agenda import Due
from engine.sandbox.twin.core.call import Call, Dues, Happenings, Routes, merge_metadata
from engine.sandbox.twin.core.errors import invalid
from engine.sandbox.twin.core.render import page
from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.values.calendar import DAY
from engine.sandbox.twin.values.types import Obj, clone, public

_ANSWER_WITHIN = 9 * DAY
_RANK = 80
_WINNING, _LOSING = "winning_evidence", "losing_evidence"
_WAITING = frozenset({"needs_response", "warning_needs_response"})
_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
    "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
_NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1"}


def follow(world: World, charge: Obj) -> None:
    """Open the dispute or inquiry that the test card of a charge stands for."""
    kind, _, reason = charge["_afterwards"].partition(":")
    if kind in {"dispute", "inquiry"}:
        open_dispute(world, charge, reason, inquiry=kind == "inquiry")


def open_dispute(world: World, charge: Obj, reason: str, *, inquiry: bool) -> Obj:
    """The bank disputes a charge: the money leaves the balance; an inquiry only asks."""
    dispute = world.new(
        "dispute",
        "du",
        {
            "amount": charge["amount_captured"],
            "charge": charge["id"],
            "currency": charge["currency"],
            "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
            "evidence_details": {
                "due_by": world.now_of(charge) + _ANSWER_WITHIN,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": inquiry,
            "payment_intent": charge["payment_intent"],
            "payment_method_details": _card_disputed(charge, reason, inquiry=inquiry),
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        },
        clock=charge["_clock"],
    )
    charge["disputed"] = True
    if not inquiry:
        _move(world, dispute, movements.withdraw(world, dispute))
    world.emit("charge.dispute.created", dispute)
    if not inquiry:
        world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def _card_disputed(charge: Obj, reason: str, *, inquiry: bool) -> Obj:
    card = charge["payment_method_details"]["card"]
    shown = {
        "brand": card["brand"],
        "case_type": "inquiry" if inquiry else "chargeback",
        "network": card["network"],
        "network_reason_code": _NETWORK_REASONS.get(reason),
    }
    return {"card": shown, "type": "card"}


def _move(_world: World, dispute: Obj, moved: Obj) -> None:
    """A dispute shows its balance transactions whole."""
    dispute["balance_transactions"] = [*dispute["balance_transactions"], public(moved)]


def update(call: Call) -> Obj:
    """Give evidence; it goes to the bank unless `submit` is false."""
    world, params = call.world, call.params
    dispute = world.fetch("dispute", call.id)
    before = clone(dispute)
    merge_metadata(dispute, params)
    if "intended_submission_method" in params:
        dispute["intended_submission_method"] = params["intended_submission_method"]
    evidence = params.get("evidence")
    submit = params.get("submit", True)
    if evidence is not None:
        _refuse_unless_waiting(dispute, evidence)
        for name, value in params.whole("evidence").items():
            if name not in {"enhanced_evidence", "appeal"}:
                dispute["evidence"][name] = None if value == "" else value
    given = [value for name, value in dispute["evidence"].items() if name != "enhanced_evidence" and value]
    dispute["evidence_details"]["has_evidence"] = bool(given)
    if evidence is not None and submit:
        _submit(world, dispute)
    world.emit("charge.dispute.updated", dispute, before=before)
    _decide(world, dispute)
    return dispute


def _refuse_unless_waiting(dispute: Obj, evidence: Obj) -> None:
    if dispute["status"] not in _WAITING:
        raise invalid("This dispute is no longer accepting evidence.", param="evidence")
    for name in ("enhanced_evidence", "appeal"):
        if evidence.get(name):
            raise invalid(f"This dispute is not eligible for {name}.", param=f"evidence[{name}]")


def _submit(world: World, dispute: Obj) -> None:
    details = dispute["evidence_details"]
    details["submission_count"] += 1
    details["submission_method"] = "manual"
    inquiry = dispute["status"] == "warning_needs_response"
    dispute["status"] = "warning_under_review" if inquiry else "under_review"
    dispute["_submitted"] = world.now_of(dispute)


def _decide(world: World, dispute: Obj) -> None:
    """Stripe's test texts decide at once; other evidence stays under review."""
    text = dispute["evidence"]["uncategorized_text"]
    if dispute["status"] not in {"under_review", "warning_under_review"} or text not in {_WINNING, _LOSING}:
        return
    if dispute["status"] == "warning_under_review":
        if text == _WINNING:
            _close(world, dispute, "warning_closed")
        return
    _close(world, dispute, "won" if text == _WINNING else "lost")


def _close(world: World, dispute: Obj, status: str) -> None:
    dispute["status"] = status
    if status == "won":
        _move(world, dispute, movements.reinstate(world, dispute))
        world.emit("charge.dispute.funds_reinstated", dispute)
    charge = world.shelf.take(dispute["charge"])
    if charge is not None and status == "warning_closed":
        charge["disputed"] = False
    if charge is not None and status == "lost":
        charge["_lost_to_dispute"] = True
    world.emit("charge.dispute.closed", dispute)


def close(call: Call) -> Obj:
    """Accept the dispute: it is lost."""
    dispute = call.world.fetch("dispute", call.id)
    if dispute["status"] not in _WAITING:
        raise invalid("This dispute is already closed", code="dispute_already_closed")
    _close(call.world, dispute, "lost")
    return dispute


def retrieve(call: Call) -> Obj:
    """One dispute."""
    return call.world.fetch("dispute", call.id)


def list_all(call: Call) -> Obj:
    """Disputes, newest first."""
    charge, intent = call.params.get("charge"), call.params.get("payment_intent")
    found = [
        dispute
        for dispute in call.world.shelf.kind("dispute")
        if charge in {None, dispute["charge"]} and intent in {None, dispute["payment_intent"]}
    ]
    return page("/v1/disputes", call.params, found)


def _dues(_world: World, dispute: Obj) -> list[Due]:
    """Without an answer a dispute is lost when its time is up, and an inquiry is closed."""
    if dispute["status"] not in _WAITING:
        return []
    return [Due(dispute["evidence_details"]["due_by"], _RANK, "dispute.past_due")]


def _run_out(world: World, dispute: Obj, _at: int) -> None:
    dispute["evidence_details"]["past_due"] = True
    inquiry = dispute["status"] == "warning_needs_response"
    _close(world, dispute, "warning_closed" if inquiry else "lost")


ROUTES: Routes = {
    "GET /v1/disputes": list_all,
    "GET /v1/disputes/{id}": retrieve,
    "POST /v1/disputes/{id}": update,
    "POST /v1/disputes/{id}/close": close,
}
DUES: Dues = {"dispute": _dues}
HAPPENINGS: Happenings = {"dispute.past_due": _run_out}
