"""How does a product end by the wish of the customer, and how is that wish taken back? Pure, as attach is."""

from __future__ import annotations

from engine.attach.context import AttachContext, HeldProduct, SubscriptionTerms
from engine.attach.planning.effects import dropped, names, start_default
from engine.attach.planning.functions import opened, renew_product
from engine.attach.planning.plan import AttachPlan, End, SetEnd, StepList, WithdrawEnd
from engine.attach.planning.stays import billed_for, next_cycle_of, period_end_of, staying, stays_of
from engine.attach.planning.stripe_plan import Stay, change_invoice, rebuild
from engine.errors import NotFound, Refused
from engine.pricing.lines import cancel_lines
from engine.pricing.model import Line
from engine.steps.plan import PlannedStep


def cancel(context: AttachContext, *, mode: str) -> AttachPlan:
    """End a held product, now or when its longest running period ends.

    Raises:
        NotFound: the customer does not hold it.
        Refused: it ended or is ending already, or it has no period at whose end it could end.
    """
    held = context.same or context.bought
    if held is None:
        raise _not_held(context)
    if held.state == "scheduled":
        return _call_off(context, held)
    if mode == "now" or _acts_at_once(context, held):
        return _cancel_now(context, held)
    return _cancel_at_end(context, held)


def uncancel(context: AttachContext) -> AttachPlan:
    """Take back a planned end, and with it what was scheduled after it.

    Raises:
        NotFound: the customer does not hold the product.
        Refused: it is not ending.
    """
    held = context.same
    if held is None:
        raise NotFound("product_not_found", f"The customer does not hold {context.product.id}.")
    if not held.live or held.ends_at is None:
        raise Refused(
            "uncancel_not_allowed", f"{held.product.id} is not ending, so there is nothing to undo."
        )
    return renew_product(context, {})


def _not_held(context: AttachContext) -> Refused | NotFound:
    if context.ended_before:
        return Refused("already_canceled", f"{context.product.id} is over already.")
    return NotFound("product_not_found", f"The customer does not hold {context.product.id}.")


def _acts_at_once(context: AttachContext, held: HeldProduct) -> bool:
    """A plan that is past due ends at once where the catalog voids its unpaid invoices on a cancel."""
    return held.state == "past_due" and bool(context.settings.get("void_invoices_on_cancel"))


def _ends_for_good(context: AttachContext) -> bool:
    """Whether the planned end is that of a cancel, and not of a plan that was chosen to follow."""
    follower, default = context.scheduled, context.default
    return follower is None or (default is not None and follower.product.id == default.id)


def _call_off(context: AttachContext, held: HeldProduct) -> AttachPlan:
    """Cancelling what is only scheduled restores the plan that it would have replaced."""
    current = context.current
    if current is None:
        return AttachPlan((), (End(row=held.row_id, event="schedule_dropped", at=context.at),), ())
    home = context.subscription_of(current)
    steps = opened(context)
    if home.paid:
        stays = stays_of(context, home, without={held.row_id, current.row_id})
        rebuild(steps, home, [*stays, Stay(current.items, context.at, None)], at=context.at)
    return AttachPlan(
        tuple(steps.steps),
        (End(row=held.row_id, event="schedule_dropped", at=context.at), WithdrawEnd(row=current.row_id)),
        (),
        outgoing=names(held),
    )


def _cancel_now(context: AttachContext, held: HeldProduct) -> AttachPlan:
    home = context.subscription_of(held)
    steps = opened(context)
    lines: tuple[Line, ...] = ()
    invoice = None
    if home.paid:
        lines = cancel_lines(billed_for(home, held), at=context.at)
        leaving = {h.row_id for h in (held, context.scheduled) if h is not None}
        rebuild(steps, home, stays_of(context, home, without=leaving), at=context.at)
        _void_open_invoices(steps, context, home)
        if lines:
            about = f"Unused time of {held.product.id}"
            invoice = change_invoice(steps, context, lines, description=about, subscription=home.row_id).step
    return AttachPlan(
        tuple(steps.steps),
        (
            End(row=held.row_id, event="canceled", at=context.at),
            *dropped(context),
            *start_default(context, held),
        ),
        lines,
        subscription=home.row_id,
        outgoing=names(held),
        own_invoice=invoice,
    )


def _void_open_invoices(steps: StepList, context: AttachContext, home: SubscriptionTerms) -> None:
    if context.settings.get("void_invoices_on_cancel"):
        for invoice in home.open_invoices:
            steps.add(PlannedStep("invoices.void", target=invoice, tolerates="gone"))


def _cancel_at_end(context: AttachContext, held: HeldProduct) -> AttachPlan:
    home = context.subscription_of(held)
    if not home.paid or not held.items.recurring:
        raise Refused(
            "cancel_not_allowed",
            f"{held.product.id} has no billing period to end with; cancel it with mode now.",
        )
    if held.ends_at is not None and _ends_for_good(context):
        raise Refused("already_canceled", f"{held.product.id} ends already, on {held.ends_at:%Y-%m-%d}.")
    end = period_end_of(held, home, at=context.at)
    leaving = {h.row_id for h in (held, context.scheduled) if h is not None}
    stays = [*stays_of(context, home, without=leaving), Stay(held.items, context.at, end)]
    steps = opened(context)
    rebuild(steps, home, stays, at=context.at)
    return AttachPlan(
        tuple(steps.steps),
        (
            SetEnd(row=held.row_id, at=end),
            *dropped(context),
            *start_default(context, held, starts=end),
        ),
        (),
        next_cycle_of(staying(stays), anchor=home.anchor, at=context.at),
        outgoing=names(held),
        result="scheduled",
    )
