"""What is done for each function that the rules can choose? A table; nothing here looks at a branch.

Each function is pure: the context and the decided config in, a plan out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.attach.context import AttachContext, HeldProduct, SubscriptionTerms
from engine.attach.planning.effects import Config, dropped, ends, held_by, names, start
from engine.attach.planning.plan import AttachPlan, SetEnd, SetQuantities, StepList, WithdrawEnd
from engine.attach.planning.stays import (
    billed_for,
    billed_for_item,
    cycle_from,
    next_cycle_of,
    period_end_of,
    staying,
    stays_of,
)
from engine.attach.planning.stripe_plan import (
    Stay,
    change_invoice,
    checkout_session,
    create_subscription,
    paid,
    rebuild,
    settled,
)
from engine.errors import NotImplementedYet, Refused
from engine.pricing.compare import ProductPrice, product_price
from engine.pricing.lines import Proration, change_lines, full_lines, quantity_lines
from engine.pricing.model import Line, PlanItems
from engine.pricing.quantities import waits_for_period_end
from engine.steps.plan import PlannedStep
from persistence.ids import new_id


def opened(context: AttachContext) -> StepList:
    """The steps of a plan, beginning with the end of whatever the customer was still asked to pay for.

    What is created carries the attachment in its metadata. An invoice or session that was paid a moment ago
    cannot be voided or expired: then that purchase wins, and ours is decided anew when it is sent again.
    """
    steps = StepList({"ws_attach_id": context.attachment, "ws_customer_id": context.customer.row_id})
    for waiting in context.waiting:
        kind = "checkout.sessions.expire" if waiting.awaiting_type == "checkout.session" else "invoices.void"
        steps.add(PlannedStep(kind, target=waiting.awaiting_id))
    return steps


def new_product(context: AttachContext, config: Config) -> AttachPlan:
    """A product begins now: on its own Stripe subscription, on one that runs, or without any."""
    return _begin_now(context, config, replaced=context.current)


def update_product(context: AttachContext, config: Config) -> AttachPlan:
    """A product takes the place of the one in force, now."""
    if context.current is None:
        raise gone("The plan to be replaced")
    return _begin_now(context, config, replaced=context.current)


def gone(what: str) -> Refused:
    """What the decision was about is not there any more."""
    return Refused("changed_meanwhile", f"{what} is gone; send the request again.")


def _begin_now(context: AttachContext, config: Config, *, replaced: HeldProduct | None) -> AttachPlan:
    row = new_id("sp")
    wanted = held_by(context.wanted, row)
    home = _home(context, config, wanted, replaced)
    if home is not None:
        return _on_running_subscription(context, config, wanted, row, replaced, home)
    own = product_price(wanted) is ProductPrice.RECURRING
    steps = opened(context)
    if own:
        create_subscription(steps, context, wanted)
    begins = start(
        context,
        context.product,
        wanted,
        row=row,
        replaced=replaced,
        make="paid" if own else "costless",
        usage=str(config["usage"]),
    )
    return AttachPlan(
        tuple(steps.steps),
        (*ends(context, replaced), begins),
        full_lines(wanted.items, at=context.at) if own else (),
        next_cycle_of([wanted], anchor=context.at, at=context.at),
        subscription=begins.subscription,
        incoming=(wanted.product,),
        outgoing=names(replaced),
    )


def _home(
    context: AttachContext, config: Config, wanted: PlanItems, replaced: HeldProduct | None
) -> SubscriptionTerms | None:
    """The running paid Subscription that the change touches, if there is one."""
    if replaced is not None and context.subscription_of(replaced).paid:
        return context.subscription_of(replaced)
    if product_price(wanted) is ProductPrice.RECURRING and config["subscription"] == "same":
        return context.joins
    return None


def _on_running_subscription(
    context: AttachContext,
    config: Config,
    wanted: PlanItems,
    row: str,
    replaced: HeldProduct | None,
    home: SubscriptionTerms,
) -> AttachPlan:
    """Change a live Stripe subscription: credits for what goes, charges for what comes."""
    recurring = product_price(wanted) is ProductPrice.RECURRING
    lines = change_lines(
        billed_for(home, replaced),
        wanted.items,
        anchor=home.anchor,
        at=context.at,
        proration=Proration(str(config["proration"])),
    )
    stays = _stays_with(context, home, wanted, replaced)
    steps = opened(context)
    invoice = money_and_change(steps, context, home, lines, stays)
    begins = start(
        context,
        context.product,
        wanted,
        row=row,
        replaced=replaced,
        make="nothing" if recurring else "costless",
        home=home if recurring else None,
        usage=str(config["usage"]),
    )
    return AttachPlan(
        tuple(steps.steps),
        (*ends(context, replaced), begins),
        lines,
        next_cycle_of(staying(stays), anchor=home.anchor, at=context.at),
        subscription=home.row_id,
        incoming=(wanted.product,),
        outgoing=names(replaced),
        own_invoice=invoice,
    )


def _stays_with(
    context: AttachContext, home: SubscriptionTerms, wanted: PlanItems, replaced: HeldProduct | None
) -> list[Stay]:
    """What a Subscription holds once a product has begun; one that is paid once or is free is not in it."""
    leaving = {h.row_id for h in (replaced, context.scheduled) if h is not None}
    stays = stays_of(context, home, without=leaving)
    if product_price(wanted) is ProductPrice.RECURRING:
        stays.append(Stay(wanted, context.at, None))
    return stays


def money_and_change(
    steps: StepList,
    context: AttachContext,
    home: SubscriptionTerms,
    lines: tuple[Line, ...],
    stays: list[Stay],
) -> int | None:
    """Owed money is invoiced and paid before anything changes; given back after it has changed.

    Gives the number of the step that makes the invoice, when there is one.
    """
    about = f"Change to {context.product.id}"
    if sum(line.amount for line in lines) > 0:
        invoice = change_invoice(steps, context, lines, description=about, subscription=home.row_id)
        if not rebuild(steps, home, stays, at=context.at, when=paid(invoice)):
            steps.add(settled(invoice))
        return invoice.step
    rebuild(steps, home, stays, at=context.at)
    if not lines:
        return None
    return change_invoice(steps, context, lines, description=about, subscription=home.row_id).step


def one_off_purchase(context: AttachContext, config: Config) -> AttachPlan:
    """Something is bought once: an invoice that is paid, and units that are granted."""
    del config  # nothing of it applies: a purchase replaces and prorates nothing
    row = new_id("sp")
    wanted = held_by(context.wanted, row)
    lines = full_lines(wanted.items, at=context.at)
    steps = opened(context)
    invoice = None
    if lines:
        about = f"Purchase of {wanted.product}"
        made = change_invoice(steps, context, lines, description=about, subscription=None)
        steps.add(settled(made))
        invoice = made.step
    begins = start(context, context.product, wanted, row=row, replaced=None, make="costless", one_off=True)
    return AttachPlan(
        tuple(steps.steps),
        (begins,),
        lines,
        subscription=begins.subscription,
        incoming=(wanted.product,),
        own_invoice=invoice,
    )


def schedule_product(context: AttachContext, config: Config) -> AttachPlan:
    """A product takes the place of the one in force when the longest of its running periods ends."""
    current = context.current
    if current is None or not context.subscription_of(current).paid:
        raise NotImplementedYet("scheduling a change of a plan that has no billing period")
    home = context.subscription_of(current)
    switch = period_end_of(current, home, at=context.at)
    row = new_id("sp")
    wanted = held_by(context.wanted, row)
    recurring = product_price(wanted) is ProductPrice.RECURRING
    leaving = {current.row_id} | ({context.scheduled.row_id} if context.scheduled else set[str]())
    stays = [*stays_of(context, home, without=leaving), Stay(current.items, context.at, switch)]
    if recurring:
        stays.append(Stay(wanted, switch, None))
    steps = opened(context)
    rebuild(steps, home, stays, at=context.at)
    begins = start(
        context,
        context.product,
        wanted,
        row=row,
        replaced=current,
        make="nothing" if recurring else "costless",
        home=home if recurring else None,
        starts=switch,
        usage=str(config["usage"]),
    )
    return AttachPlan(
        tuple(steps.steps),
        (SetEnd(row=current.row_id, at=switch), *dropped(context), begins),
        (),
        cycle_from(staying(stays), anchor=home.anchor, starts=switch),
        incoming=(wanted.product,),
        outgoing=names(current),
        result="scheduled",
    )


def renew_product(context: AttachContext, config: Config) -> AttachPlan:
    """The held product goes on: its end and what was scheduled after it are called off."""
    del config  # nothing of it applies: nothing is charged, moved or reset
    held = context.same
    if held is None:
        raise gone("The plan to be renewed")
    home = context.subscription_of(held)
    leaving = {h.row_id for h in (held, context.scheduled) if h is not None}
    stays = [*stays_of(context, home, without=leaving), Stay(held.items, context.at, None)]
    steps = opened(context)
    if home.paid:
        rebuild(steps, home, stays, at=context.at)
    return AttachPlan(
        tuple(steps.steps),
        (WithdrawEnd(row=held.row_id), *dropped(context)),
        (),
        next_cycle_of(staying(stays), anchor=home.anchor, at=context.at),
        incoming=(held.product.id,),
    )


def update_quantity(context: AttachContext, config: Config) -> AttachPlan:
    """The held product gets other quantities now; the money follows the policy of each item."""
    del config  # each item has its own policy, which the rules have checked
    held = context.same
    if held is None:
        raise gone("The plan to be changed")
    home = context.subscription_of(held)
    wanted = held_by(context.wanted, held.row_id)
    pairs = tuple(zip(held.items.items, wanted.items, strict=True))
    if any(waits_for_period_end(old, new) for old, new in pairs):
        raise NotImplementedYet("a quantity that goes down when the cycle ends")
    lines = tuple(
        line
        for old, new in pairs
        for line in quantity_lines(
            billed_for_item(home, held, old), old=old, new=new, anchor=home.anchor, at=context.at
        )
    )
    stays = [*stays_of(context, home, without={held.row_id}), Stay(wanted, context.at, held.ends_at)]
    steps = opened(context)
    invoice = money_and_change(steps, context, home, lines, stays)
    quantities = {i.feature: i.units for i in wanted.items if i.feature is not None}
    return AttachPlan(
        tuple(steps.steps),
        (SetQuantities(row=held.row_id, quantities={**held.quantities, **quantities}),),
        lines,
        next_cycle_of(staying(stays), anchor=home.anchor, at=context.at),
        subscription=home.row_id,
        incoming=(held.product.id,),
        own_invoice=invoice,
    )


def create_checkout(context: AttachContext, config: Config) -> AttachPlan:
    """The buyer gets a page to pay on; what was bought begins when it is completed."""
    row = new_id("sp")
    wanted = held_by(context.wanted, row)
    recurring = product_price(wanted) is ProductPrice.RECURRING
    replaced = context.current if recurring else None
    steps = opened(context)
    checkout_session(steps, context, wanted, recurring=recurring, success_url=context.success_url)
    begins = start(
        context,
        context.product,
        wanted,
        row=row,
        replaced=replaced,
        make="paid" if recurring else "costless",
        usage=str(config["usage"]),
        one_off=not recurring,
    )
    over = ends(context, replaced) if recurring else ()
    return AttachPlan(
        tuple(steps.steps),
        (*over, begins),
        full_lines(wanted.items, at=context.at),
        next_cycle_of([wanted], anchor=context.at, at=context.at),
        subscription=begins.subscription,
        incoming=(wanted.product,),
        outgoing=names(replaced),
        result="checkout",
    )


FUNCTIONS: Mapping[str, Callable[[AttachContext, Config], AttachPlan]] = {
    "create_checkout": create_checkout,
    "new_product": new_product,
    "one_off_purchase": one_off_purchase,
    "update_product": update_product,
    "schedule_product": schedule_product,
    "update_quantity": update_quantity,
    "renew_product": renew_product,
}
