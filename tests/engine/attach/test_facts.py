"""The facts are total and closed, and what the rule files call impossible cannot be built from real rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import product as every
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from engine.attach.body import AttachBody
from engine.attach.context import AttachContext, HeldProduct, ProductTerms
from engine.attach.facts import lines_of
from engine.attach.request import AttachRequest, attach_request
from engine.errors import InvalidRequest
from engine.pricing.model import OnDecrease, OnIncrease
from persistence.database import Database
from persistence.models import Catalog, Customer, Product, Subscription, SubscriptionProduct
from persistence.states import move
from rules import LINE_FACTS, RuleSet, check_facts, load_ruleset
from rules.model import violated
from tests.engine.attach.build import (
    FEBRUARY,
    START,
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
YEARLY = product("yearly", base_price("yearly", 20000, "year"))
PACKS = product("packs", base_price("packs", 2000), packs("packs", "messages", 1000, included=100))
ONCE = product("once", base_price("once", 1000, "one_off"))
PRODUCTS = (FREE, PRO, PREMIUM, YEARLY, PACKS, ONCE)
LIVE = ("trialing", "active", "past_due", "paused", "canceling")

FROM_ROWS = {
    "ending_is_held",
    "canceling_is_ending",
    "no_plan_no_state",
    "plan_has_state",
    "becomes_paid_is_held",
    "increase_has_a_way",
    "decrease_has_a_way",
    "prices_are_compared",
}
"""The invariants that speak of what the context says; the others follow from earlier tables."""


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_ruleset()


def request(**given: Any) -> AttachRequest:
    document = {"customer": {"type": "organization", "id": "acme"}, "product": "pro", **given}
    return attach_request(AttachBody.model_validate(document))


def holding(terms: ProductTerms, state: str) -> HeldProduct:
    ends = FEBRUARY if state == "canceling" else None
    sub = "sub_free" if terms is FREE else "sub_1"
    return held(terms, state=state, subscription=sub, ends_at=ends, quantities={"messages": 300})


def worlds() -> list[AttachContext]:
    """Every product asked for, beside every plan in force in every state, with and without a follower."""
    found: list[AttachContext] = []
    holdings: list[tuple[HeldProduct, ...]] = [()]
    for terms, state in every((FREE, PRO, YEARLY, PACKS), LIVE):
        now = holding(terms, state)
        later = held(PREMIUM, state="scheduled", starts_at=FEBRUARY, subscription="sub_1")
        holdings += [(now,), (now, later)]
    for wanted, beside, asked in every(PRODUCTS, holdings, ({}, {"messages": 500}, {"messages": 100})):
        status = "past_due" if any(h.state == "past_due" for h in beside) else "active"
        known = {h.row_id: h for h in beside}.values()
        paid = [h for h in known if h.subscription == "sub_1"]
        subscriptions = tuple([paid_subscription(*paid, status=status)] if paid else [])
        if any(h.subscription == "sub_free" for h in known):
            subscriptions = (*subscriptions, free_subscription())
        found.append(context(wanted, *known, subscriptions=subscriptions, asked=asked))
    return found


def test_facts_are_total_and_of_their_domain_everywhere() -> None:
    for world, card in every(worlds(), (True, False)):
        customer = replace(world.customer, has_payment_method=card)
        for facts in lines_of(replace(world, customer=customer), request()):
            check_facts(facts)


def test_no_world_of_real_rows_breaks_an_invariant(rules: RuleSet) -> None:
    tables = [t for t in rules.tables if any(i.id in FROM_ROWS for i in t.invariants)]
    assert {i.id for t in tables for i in t.invariants} >= FROM_ROWS
    for world in worlds():
        # Deciding walks every table with its invariants; a broken one raises InvariantViolated.
        for timing in (None, "immediate"):
            rules.decide(lines_of(world, request(timing=timing) if timing else request()))


REFUSED_IN_THE_REQUEST = {
    "page_or_invoice": {"force_checkout": True, "invoice": True},
    "nothing_billed_nothing_collected": {"no_billing_changes": True, "force_checkout": True},
    "no_invoice_without_bill": {"no_billing_changes": True, "invoice": True},
}
"""The invariants whose forbidden combination a request would have to name itself."""


@pytest.mark.parametrize("forbidden", REFUSED_IN_THE_REQUEST.values(), ids=REFUSED_IN_THE_REQUEST)
def test_what_a_request_would_have_to_say_is_refused(forbidden: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        request(**forbidden)
    assert refused.value.code == "conflicting_parameters"


def test_these_are_all_invariants_that_no_earlier_table_answers(rules: RuleSet) -> None:
    raw = {
        invariant.id
        for table in rules.tables
        for invariant in table.invariants
        if all(condition.fact in LINE_FACTS for condition in invariant.never)
    }
    # What the dates table refuses is refused there; the context has no such date yet.
    assert raw - {"start_date_was_checked"} == FROM_ROWS - {"prices_are_compared"} | set(
        REFUSED_IN_THE_REQUEST
    )


def facts_of(world: AttachContext, **given: Any) -> list[dict[str, str | bool]]:
    return [dict(facts) for facts in lines_of(world, request(**given))]


def test_ending_is_held() -> None:
    """A scheduled or incomplete product with an end date does not count as ending."""
    for state in ("scheduled", "incomplete"):
        later = held(PRO, state=state, starts_at=FEBRUARY, ends_at=FEBRUARY)
        world = context(PRO, later, subscriptions=(paid_subscription(),))
        (facts,) = facts_of(world)
        assert (facts["held"], facts["ending"]) == (state, False)


async def test_canceling_is_ending(database: Database) -> None:
    """The database has no product that is canceling without an end."""
    at = START
    async with database.transaction(cause={"kind": "test", "id": "1"}, at=at) as session:
        session.add(Catalog(name="main"))
        customer = Customer(catalog="main", type="user", external_id="u1")
        row = Product(catalog="main", external_id="pro", price_kind="free")
        subscription = Subscription(customer_id=customer.id, anchor=at)
        session.add_all([customer, row, subscription])
        sold = SubscriptionProduct(
            subscription_id=subscription.id, customer_id=customer.id, product_id=row.id, starts_at=at
        )
        move(session, sold, "activated")
    with pytest.raises(IntegrityError, match="canceling_has_an_end"):
        await _cancel_without_an_end(database, sold.id)


async def _cancel_without_an_end(database: Database, row: str) -> None:
    async with database.transaction(cause={"kind": "test", "id": "2"}, at=START) as session:
        move(session, await session.get_one(SubscriptionProduct, row), "end_scheduled", guards={})


@pytest.mark.parametrize("state", LIVE)
def test_a_plan_has_a_state_and_no_plan_has_none(state: str) -> None:
    now = holding(PRO, state)
    (facts,) = facts_of(context(PREMIUM, now, subscriptions=(paid_subscription(now),)))
    assert facts["current_plan"] == "paid"
    assert facts["current_state"] == state
    (alone,) = facts_of(context(PREMIUM))
    assert (alone["current_plan"], alone["current_state"]) == ("none", "none")


def test_the_plan_itself_is_never_the_other_plan() -> None:
    now = holding(PRO, "active")
    (facts,) = facts_of(context(PRO, now, subscriptions=(paid_subscription(now),)))
    assert (facts["held"], facts["current_plan"]) == ("active", "none")


def test_becomes_paid_is_held() -> None:
    """Custom prices are what would make a held free product priced, and they are refused before the facts."""
    for world in worlds():
        assert all(facts["becomes_paid"] is False for facts in lines_of(world, request()))


@pytest.mark.parametrize(
    ("units", "change", "ways"),
    [
        (500, "increase", {policy.value for policy in OnIncrease}),
        (100, "decrease", {policy.value for policy in OnDecrease}),
    ],
)
def test_each_quantity_line_has_a_way(units: int, change: str, ways: set[str]) -> None:
    now = holding(PACKS, "active")
    world = context(PACKS, now, subscriptions=(paid_subscription(now),), asked={"messages": units})
    whole, line = facts_of(world)
    assert whole["line_kind"] == "product"
    assert line["quantity_change"] == change
    assert line[f"on_{change}"] in ways
    assert whole["on_increase"] == whole["on_decrease"] == "unset"


def test_prices_are_compared() -> None:
    for terms, wanted in every((PRO, YEARLY, PACKS), (PREMIUM,)):
        now = holding(terms, "active")
        (facts,) = facts_of(context(wanted, now, subscriptions=(paid_subscription(now),)))
        assert facts["price_change"] != "none"
        assert facts["interval_change"] != "none"


def test_an_invariant_that_is_broken_is_seen(rules: RuleSet) -> None:
    """The walk above would notice: the forbidden combination, said by hand, is refused."""
    against = next(t for t in rules.tables if t.name == "against")
    facts = facts_of(context(PRO))[0]
    assert violated(against.invariants, {**facts, "difference": "nothing", "current_state": "active"})
