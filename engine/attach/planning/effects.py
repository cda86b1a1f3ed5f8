"""What does a change mean for our own rows? The effects that several functions share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from engine.attach.context import AttachContext, HeldProduct, ProductTerms, SubscriptionTerms
from engine.attach.planning.plan import Effect, End, Start
from engine.pricing.model import PlanItems
from persistence.ids import new_id


def held_by(plan: PlanItems, row: str) -> PlanItems:
    """The prices of a product as those of one holding, so that what is billed for it can be found again."""
    return PlanItems(plan.product, tuple(replace(item, holding=row) for item in plan.items))


def start(
    context: AttachContext,
    product: ProductTerms,
    wanted: PlanItems,
    *,
    row: str,
    replaced: HeldProduct | None,
    make: Literal["nothing", "costless", "paid"],
    home: SubscriptionTerms | None = None,
    starts: datetime | None = None,
    usage: str = "reset",
    one_off: bool = False,
) -> Start:
    """A product begins, in a running Subscription (`home`) or in one that is made for it."""
    begins = starts or context.at
    return Start(
        row=row,
        product=product.row_id,
        subscription=home.row_id if home is not None else new_id("sub"),
        make=make,
        state="scheduled" if begins > context.at else "active",
        quantities={i.feature: i.units for i in wanted.items if i.feature is not None},
        entity=context.entity,
        starts_at=begins,
        anchor=home.anchor if home is not None else begins,
        replaces=replaced.row_id if replaced is not None else None,
        usage=usage,
        one_off=one_off,
    )


def start_default(
    context: AttachContext, replaced: HeldProduct, *, starts: datetime | None = None
) -> list[Effect]:
    """The default product of the group comes back after an end, unless it is the one that ends."""
    default = context.default
    if default is None or default.id == replaced.product.id:
        return []
    wanted = default.at({})
    return [
        start(context, default, wanted, row=new_id("sp"), replaced=replaced, make="costless", starts=starts)
    ]


def ends(context: AttachContext, replaced: HeldProduct | None) -> tuple[Effect, ...]:
    """What a product that begins now puts an end to: the replaced one, and what was scheduled after it."""
    over = () if replaced is None else (End(row=replaced.row_id, event="replaced", at=context.at),)
    return (*over, *dropped(context))


def dropped(context: AttachContext) -> tuple[Effect, ...]:
    """What was scheduled in the group is called off."""
    if context.scheduled is None:
        return ()
    return (End(row=context.scheduled.row_id, event="schedule_dropped", at=context.at),)


def names(*held: HeldProduct | None) -> tuple[str, ...]:
    """The products that go, by their public ids."""
    return tuple(h.product.id for h in held if h is not None)


Config = Mapping[str, str | bool]
"""The decided config of a call."""
