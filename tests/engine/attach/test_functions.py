"""Plans are data: which calls are made, in which order, and what they mean for our rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.attach.context import Waiting
from engine.attach.planning.cancel import cancel, uncancel
from engine.attach.planning.functions import (
    FUNCTIONS,
    create_checkout,
    new_product,
    one_off_purchase,
    renew_product,
    schedule_product,
    update_product,
    update_quantity,
)
from engine.attach.planning.plan import AttachPlan, End, SetEnd, SetQuantities, Start, WithdrawEnd
from engine.clock import to_unix
from engine.errors import NotFound, Refused
from rules.words.outcomes import FUNCTION
from tests.engine.attach.build import (
    FEBRUARY,
    MID,
    base_price,
    context,
    free_subscription,
    held,
    packs,
    paid_subscription,
    product,
)

FREE = product("free")
PRO = product("pro", base_price("pro", 2000))
PREMIUM = product("premium", base_price("premium", 5000))
PACKS = product("packs", base_price("packs", 2000), packs("packs", "messages", 1000))
ONCE = product("once", base_price("once", 1000, "one_off"))
CONFIG: dict[str, str | bool] = {"subscription": "same", "proration": "immediate", "usage": "reset"}


def kinds(plan: AttachPlan) -> list[str]:
    return [step.kind for step in plan.steps]


def params(plan: AttachPlan, kind: str) -> dict[str, Any]:
    return dict(next(step.params for step in plan.steps if step.kind == kind))


def test_every_function_of_the_rules_is_built_and_no_other() -> None:
    assert set(FUNCTIONS) == set(map(str, FUNCTION.values))


def test_a_free_product_needs_no_call() -> None:
    plan = new_product(context(FREE, card=False), CONFIG)
    assert kinds(plan) == []
    (start,) = plan.effects
    assert isinstance(start, Start)
    assert (start.make, start.state) == ("costless", "active")


def test_a_new_subscription_stays_incomplete_until_its_first_invoice_is_paid() -> None:
    plan = new_product(context(PRO), CONFIG)
    assert kinds(plan) == ["subscriptions.create", "invoices.pay", "subscriptions.retrieve"]
    created = params(plan, "subscriptions.create")
    assert created["payment_behavior"] == "default_incomplete"
    assert created["proration_behavior"] == "none"
    assert created["metadata"]["ws_attach_id"] == "att_test"
    assert plan.steps[1].tolerates == "declined"
    assert plan.steps[2].when is not None
    assert plan.steps[2].when.otherwise == "wait"
    assert plan.total == 2000


def test_without_a_card_nothing_is_charged() -> None:
    plan = new_product(context(PRO, card=False), CONFIG)
    assert kinds(plan) == ["subscriptions.create", "subscriptions.retrieve"]


def test_an_upgrade_is_paid_before_anything_changes() -> None:
    now = held(PRO)
    plan = update_product(context(PREMIUM, now, subscriptions=(paid_subscription(now),), at=MID), CONFIG)
    assert kinds(plan) == [
        "invoices.create",
        "invoices.add_lines",
        "invoices.finalize",
        "invoices.pay",
        "subscriptions.update",
    ]
    assert [line.amount for line in plan.lines] == [-1032, 2581]
    update = plan.steps[-1]
    assert update.when is not None
    assert update.when.is_ == ("paid",)
    assert update.params["proration_behavior"] == "none"
    assert update.params["items"] == [
        {"price": "stripe_premium_month", "quantity": 1},
        {"id": "si_stripe_pro_month", "deleted": True},
    ]
    assert params(plan, "invoices.create")["auto_advance"] is False
    assert "subscription" not in params(plan, "invoices.create")


def test_a_credit_is_given_after_the_change() -> None:
    now = held(PREMIUM)
    plan = update_product(context(PRO, now, subscriptions=(paid_subscription(now),), at=MID), CONFIG)
    assert kinds(plan)[0] == "subscriptions.update"
    assert kinds(plan)[1:] == ["invoices.create", "invoices.add_lines", "invoices.finalize"]
    assert plan.total == -1549


def test_a_downgrade_to_a_priced_plan_is_one_schedule() -> None:
    now = held(PREMIUM)
    plan = schedule_product(context(PRO, now, subscriptions=(paid_subscription(now),), at=MID), CONFIG)
    assert kinds(plan) == ["subscription_schedules.create", "subscription_schedules.update"]
    update = params(plan, "subscription_schedules.update")
    assert update["end_behavior"] == "release"
    assert update["proration_behavior"] == "none"
    first, second = update["phases"]
    assert first["end_date"] == to_unix(FEBRUARY)
    assert second["items"] == [{"price": "stripe_pro_month", "quantity": 1}]
    ends, start = plan.effects
    assert isinstance(ends, SetEnd)
    assert isinstance(start, Start)
    assert (start.state, start.starts_at) == ("scheduled", FEBRUARY)
    assert plan.next_cycle is not None
    assert (plan.next_cycle.total, plan.next_cycle.starts_at) == (2000, FEBRUARY)


def test_a_downgrade_to_free_is_an_end_and_nothing_else() -> None:
    now = held(PRO)
    plan = schedule_product(context(FREE, now, subscriptions=(paid_subscription(now),)), CONFIG)
    assert kinds(plan) == ["subscriptions.update"]
    assert params(plan, "subscriptions.update")["cancel_at"] == to_unix(FEBRUARY)
    assert plan.next_cycle is None


def test_another_choice_replaces_what_is_scheduled() -> None:
    now = held(PREMIUM, state="canceling", ends_at=FEBRUARY)
    later = held(PRO, state="scheduled", starts_at=FEBRUARY)
    home = paid_subscription(now, schedule="sub_sched_1")
    plan = schedule_product(context(FREE, now, later, subscriptions=(home,)), CONFIG)
    assert kinds(plan) == ["subscription_schedules.release", "subscriptions.update"]
    assert [type(effect) for effect in plan.effects] == [SetEnd, End, Start]


def test_renewing_takes_the_end_back() -> None:
    now = held(PRO, state="canceling", ends_at=FEBRUARY)
    home = paid_subscription(now, cancel_at=FEBRUARY)
    plan = renew_product(context(PRO, now, subscriptions=(home,)), CONFIG)
    assert kinds(plan) == ["subscriptions.update"]
    assert params(plan, "subscriptions.update")["cancel_at"] == ""
    assert [type(effect) for effect in plan.effects] == [WithdrawEnd]


def test_more_packs_are_charged_and_the_item_grows() -> None:
    now = held(PACKS, quantities={"messages": 100})
    plan = update_quantity(
        context(PACKS, now, subscriptions=(paid_subscription(now),), asked={"messages": 300}), CONFIG
    )
    assert params(plan, "subscriptions.update")["items"] == [
        {"id": "si_stripe_packs_messages", "quantity": 3}
    ]
    (effect,) = plan.effects
    assert isinstance(effect, SetQuantities)
    assert effect.quantities == {"messages": 300}
    assert plan.total == 2000


def test_a_second_group_joins_the_subscription_that_runs() -> None:
    now = held(PRO)
    beside = product("mail", base_price("mail", 1000), group="mail")
    plan = new_product(context(beside, now, subscriptions=(paid_subscription(now),), at=MID), CONFIG)
    assert [line.amount for line in plan.lines] == [516]
    assert params(plan, "subscriptions.update")["items"] == [{"price": "stripe_mail_month", "quantity": 1}]
    start = plan.effects[-1]
    assert isinstance(start, Start)
    assert (start.make, start.subscription) == ("nothing", "sub_1")


def test_a_one_off_is_an_invoice() -> None:
    plan = one_off_purchase(context(ONCE), CONFIG)
    assert kinds(plan) == [
        "invoices.create",
        "invoices.add_lines",
        "invoices.finalize",
        "invoices.pay",
        "invoices.retrieve",
    ]
    start = plan.effects[-1]
    assert isinstance(start, Start)
    assert start.one_off


def test_a_checkout_waits_for_the_buyer_and_keeps_the_card() -> None:
    plan = create_checkout(context(PRO, card=False), CONFIG)
    assert kinds(plan) == ["checkout.sessions.create", "checkout.sessions.retrieve", "customers.update"]
    assert params(plan, "checkout.sessions.create")["mode"] == "subscription"
    assert plan.result == "checkout"


def test_cancelling_now_ends_the_subscription_and_credits_what_is_left() -> None:
    now = held(PRO)
    plan = cancel(
        context(PRO, now, subscriptions=(paid_subscription(now),), at=MID, default=FREE), mode="now"
    )
    assert kinds(plan)[0] == "subscriptions.cancel"
    assert plan.total == -1032
    assert [type(effect) for effect in plan.effects] == [End, Start]


def test_cancelling_one_of_two_products_leaves_the_other() -> None:
    now = held(PRO)
    other = held(product("mail", base_price("mail", 1000), group="mail"))
    plan = cancel(context(PRO, now, other, subscriptions=(paid_subscription(now, other),)), mode="now")
    assert kinds(plan)[0] == "subscriptions.update"
    assert params(plan, "subscriptions.update")["items"] == [{"id": "si_stripe_pro_month", "deleted": True}]


def test_an_end_of_one_of_two_products_is_a_schedule() -> None:
    now = held(PRO)
    other = held(product("mail", base_price("mail", 1000), group="mail"))
    home = paid_subscription(now, other)
    plan = cancel(context(PRO, now, other, subscriptions=(home,)), mode="end_of_cycle")
    first, second = params(plan, "subscription_schedules.update")["phases"]
    assert len(first["items"]) == 2
    assert second["items"] == [{"price": "stripe_mail_month", "quantity": 1}]


def test_cancelling_what_is_scheduled_restores_the_plan_in_force() -> None:
    now = held(PREMIUM, state="canceling", ends_at=FEBRUARY)
    later = held(PRO, state="scheduled", starts_at=FEBRUARY)
    home = paid_subscription(now, schedule="sub_sched_1")
    plan = cancel(context(PRO, now, later, subscriptions=(home,)), mode="now")
    assert kinds(plan) == ["subscription_schedules.release"]
    assert [type(effect) for effect in plan.effects] == [End, WithdrawEnd]


def test_what_cannot_be_cancelled_says_so() -> None:
    free = held(FREE, subscription="sub_free")
    with pytest.raises(Refused, match="cancel_not_allowed"):
        cancel(context(FREE, free, subscriptions=(free_subscription(),)), mode="end_of_cycle")
    with pytest.raises(NotFound, match="product_not_found"):
        cancel(context(PRO), mode="now")
    ending = held(PRO, state="canceling", ends_at=FEBRUARY)
    home = paid_subscription(ending, cancel_at=FEBRUARY)
    with pytest.raises(Refused, match="already_canceled"):
        cancel(context(PRO, ending, subscriptions=(home,)), mode="end_of_cycle")


def test_only_what_is_ending_can_go_on_again() -> None:
    now = held(PRO)
    with pytest.raises(Refused, match="uncancel_not_allowed"):
        uncancel(context(PRO, now, subscriptions=(paid_subscription(now),)))


def test_what_was_still_to_be_paid_is_called_off_first() -> None:
    waiting = Waiting("att_old", "h", "checkout.session", "cs_1", None, None)
    plan = new_product(replace(context(PRO), waiting=(waiting,)), CONFIG)
    assert kinds(plan)[0] == "checkout.sessions.expire"
    assert plan.steps[0].target == "cs_1"
