"""Our rows follow what the fetched subscription says, however often it is told."""

from __future__ import annotations

from persistence.models import Subscription
from tests.engine.parts import FEB, JAN, MARCH, MID, Parts


async def test_a_subscription_that_was_canceled_ends_its_product_and_what_it_granted(parts: Parts) -> None:
    await parts.attach("pro")
    canceled = await parts.call("subscriptions.cancel", (await parts.subscription())["id"])

    await parts.apply_twice(canceled, at=JAN)

    pro = await parts.holding("pro")
    assert (pro.state, pro.end_reason, pro.ended_at) == ("ended", "canceled", JAN)
    assert (pro.subscription.stripe_status, pro.subscription.ended_at) == ("canceled", JAN)
    assert (await parts.view())["balances"] == {}


async def test_what_was_scheduled_after_it_begins_when_a_subscription_ends(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.cancel("pro")
    assert await parts.states() == {"free": "scheduled", "pro": "canceling"}
    await parts.move(FEB)

    await parts.apply_twice(await parts.subscription(), at=FEB)

    pro, free = await parts.holding("pro"), await parts.holding("free")
    assert (pro.state, pro.end_reason, pro.ended_at) == ("ended", "expired", FEB)
    assert (free.state, free.started_at) == ("active", FEB)
    balance = (await parts.view())["balances"]["messages"]
    assert (balance["included"], balance["used"]) == (10, 0)


async def test_what_follows_begins_also_when_the_end_came_early(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.cancel("pro")
    await parts.move(MID)
    canceled = await parts.call("subscriptions.cancel", (await parts.subscription())["id"])

    await parts.apply_twice(canceled, at=MID)

    assert await parts.states() == {"pro": "ended", "free": "active"}
    assert (await parts.holding("free")).started_at == MID


async def test_a_renewal_that_fails_makes_the_product_past_due_until_it_is_paid(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.card("pm_card_chargeCustomerFail")
    await parts.move(FEB.replace(hour=2))
    await parts.apply_twice(await parts.subscription(), at=FEB)
    assert (await parts.subscription())["status"] == "past_due"
    assert await parts.states() == {"free": "ended", "pro": "past_due"}

    await parts.card("pm_card_visa")
    await parts.call("invoices.pay", (await parts.invoices())[0]["id"])
    await parts.apply_twice(await parts.subscription(), at=FEB)

    pro = await parts.holding("pro")
    assert pro.state == "active"
    assert await parts.moves(pro.id) == ["activated", "payment_failed", "payment_recovered"]


async def test_a_planned_end_survives_that_a_payment_failed_in_between(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.card("pm_card_chargeCustomerFail")
    await parts.move(FEB.replace(hour=2))
    await parts.apply(await parts.subscription(), at=FEB)
    subscription = await parts.subscription()
    await parts.cancel("pro")
    pro = await parts.holding("pro")
    assert (pro.state, pro.ends_at) == ("past_due", MARCH)

    await parts.apply(subscription | {"status": "active"}, at=FEB)

    assert (await parts.holding("pro")).state == "canceling"


async def test_a_scheduled_downgrade_takes_over_when_its_phase_begins(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.attach("starter")
    assert await parts.states() == {"free": "ended", "pro": "canceling", "starter": "scheduled"}
    before = await parts.trace()
    await parts.apply(await parts.subscription(), at=JAN)
    assert await parts.trace() == before, "its phase has not begun"
    await parts.move(FEB)

    await parts.apply_twice(await parts.subscription(), at=FEB)

    pro, starter = await parts.holding("pro"), await parts.holding("starter")
    assert (pro.state, pro.end_reason, pro.ended_at) == ("ended", "replaced", FEB)
    assert (starter.state, starter.started_at) == ("active", FEB)
    assert (await parts.view())["balances"]["messages"]["included"] == 100


async def test_the_period_of_an_item_follows_stripes(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.move(FEB)
    await parts.apply_twice(await parts.subscription(), at=FEB)
    (shown,) = [s for s in (await parts.view())["subscriptions"] if s["paid"]]
    assert (shown["current_period_start"], shown["current_period_end"]) == (
        "2026-02-01T00:00:00Z",
        "2026-03-01T00:00:00Z",
    )


async def test_the_schedule_of_a_subscription_is_known_until_it_is_released(parts: Parts) -> None:
    await parts.attach("pro")
    await parts.attach("starter")
    stripe_id = (await parts.subscription())["schedule"]
    assert (await parts.holding("pro")).subscription.stripe_schedule_id == stripe_id
    released = await parts.call("subscription_schedules.release", stripe_id)
    assert released["subscription"] is None

    await parts.apply_twice(released, at=JAN)

    assert (await parts.holding("pro")).subscription.stripe_schedule_id is None


async def test_a_schedule_that_somebody_else_made_is_known(parts: Parts) -> None:
    await parts.attach("pro")
    made = await parts.call(
        "subscription_schedules.create", from_subscription=(await parts.subscription())["id"]
    )
    await parts.apply_twice(made, at=JAN)
    assert (await parts.holding("pro")).subscription.stripe_schedule_id == made["id"]


async def test_an_old_answer_about_another_schedule_does_not_forget_the_new_one(parts: Parts) -> None:
    await parts.attach("pro")
    made = await parts.call(
        "subscription_schedules.create", from_subscription=(await parts.subscription())["id"]
    )
    await parts.apply(made, at=JAN)
    await parts.apply(made | {"id": "sub_sched_old", "status": "released"}, at=JAN)
    assert (await parts.holding("pro")).subscription.stripe_schedule_id == made["id"]


async def test_a_subscription_that_is_not_ours_changes_nothing(parts: Parts) -> None:
    await parts.attach("pro")
    ours = await parts.subscription()
    before = await parts.trace()
    await parts.apply(ours | {"id": "sub_foreign", "status": "canceled"}, at=JAN)
    await parts.apply(ours | {"customer": "cus_foreign", "status": "canceled"}, at=JAN)
    assert await parts.trace() == before
    assert len(await parts.rows(Subscription)) == 2


async def test_what_says_nothing_new_changes_nothing(parts: Parts) -> None:
    await parts.attach("pro")
    before = await parts.trace()
    await parts.apply(await parts.subscription(), at=JAN)
    assert await parts.trace() == before
