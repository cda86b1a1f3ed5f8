"""The policy, case by case: what each purchase is, how it is done, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product as every

import pytest

from rules.evaluator import winner
from rules.model import violated
from rules.ruleset import RuleSet
from rules.vocabulary import WORDS
from rules.words.word import Value
from tests.rules.requests import (
    DOWN,
    FREE_PLAN,
    HELD,
    PAID_PLAN,
    TRIAL_PLAN,
    UP,
    decided,
    line,
    quantity,
    refused,
)

Facts = Mapping[str, Value]
TRIALING: Facts = {"held": "trialing", "live_subscription": "trialing"}
NO_CARD: Facts = {"payment_method": "none"}
TRIAL: Facts = {"trial_offer": "card_required"}
CUSTOM_TRIAL: Facts = {"asked_trial": "custom", "trial_offer": "card_required"}
PRICED: Facts = {"held": "active", "custom_items": "prices", "becomes_paid": True}


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        ({"price_change": "higher"}, "up"),
        ({"price_change": "equal"}, "up"),
        ({"price_change": "lower"}, "down"),
        ({"price_change": "lower", "interval_change": "longer"}, "up"),
        ({"price_change": "higher", "interval_change": "shorter"}, "up"),
        ({"price_change": "lower", "interval_change": "shorter"}, "down"),
        ({"price_change": "lower", "usage_only": True}, "up"),
        ({"price_change": "lower", "product_price": "free"}, "down"),
    ],
)
def test_up_or_down_is_judged_against_the_plan_in_force(
    ruleset: RuleSet, change: Facts, direction: str
) -> None:
    for scheduled in ("none", "other"):
        decision = decided(ruleset, line(PAID_PLAN, change, scheduled_in_group=scheduled))
        assert decision.lines[0].direction == direction
        assert decision.branch == ("upgrade" if direction == "up" else "downgrade")
        assert decision.config["timing"] == ("immediate" if direction == "up" else "end_of_cycle")


@pytest.mark.parametrize(
    ("facts", "branch", "function", "collection"),
    [
        (line(), "new", "new_product", "charge"),
        (line(NO_CARD), "new", "create_checkout", "checkout"),
        (line(NO_CARD, product_price="free", due_now="nothing"), "new", "new_product", "charge"),
        (line(NO_CARD, live_subscription="active"), "new", "new_product", "charge"),
        (line(NO_CARD, invoice_mode=True), "new", "new_product", "invoice"),
        (line(NO_CARD, trial_offer="card_free"), "new", "new_product", "charge"),
        (line(NO_CARD, TRIAL), "new", "create_checkout", "checkout"),
        (line(NO_CARD, TRIAL, due_now="nothing"), "new", "create_checkout", "checkout"),
        (line(force_checkout=True), "new", "create_checkout", "checkout"),
        (line(add_on=True, live_subscription="active"), "add_on", "new_product", "charge"),
        (line(NO_CARD, add_on=True, live_subscription="active"), "add_on", "new_product", "charge"),
        (line(NO_CARD, add_on=True), "add_on", "create_checkout", "checkout"),
        (line(HELD, add_on=True), "add_on", "new_product", "charge"),
        (line(product_price="one_off"), "one_off", "one_off_purchase", "charge"),
        (line(HELD, product_price="one_off", held="none"), "one_off", "one_off_purchase", "charge"),
        (line(NO_CARD, UP, product_price="one_off"), "one_off", "create_checkout", "checkout"),
        (line(FREE_PLAN), "from_free", "new_product", "charge"),
        (line(NO_CARD, FREE_PLAN), "from_free", "create_checkout", "checkout"),
        (line(NO_CARD, FREE_PLAN, live_subscription="active"), "from_free", "new_product", "charge"),
        (line(UP), "upgrade", "update_product", "charge"),
        (line(NO_CARD, UP), "upgrade", "update_product", "charge"),
        (line(UP, current_state="canceling"), "upgrade", "update_product", "charge"),
        (line(UP, invoice_mode=True), "upgrade", "update_product", "invoice"),
        (line(UP, asked_timing="end_of_cycle"), "upgrade", "schedule_product", "charge"),
        (line(DOWN), "downgrade", "schedule_product", "charge"),
        (line(DOWN, asked_timing="immediate"), "downgrade", "update_product", "charge"),
        (line(DOWN, invoice_mode=True, enable_immediately=True), "downgrade", "schedule_product", "charge"),
        (line(TRIAL_PLAN), "from_trial", "update_product", "charge"),
        (line(TRIAL_PLAN, price_change="lower"), "downgrade", "schedule_product", "charge"),
        (line(HELD, held="canceling", ending=True), "renew", "renew_product", "charge"),
        (line(HELD, held="past_due", ending=True), "renew", "renew_product", "charge"),
        (line(HELD, scheduled_in_group="other"), "renew", "renew_product", "charge"),
        (line(NO_CARD, HELD, ending=True, add_on=True), "renew", "renew_product", "charge"),
        (line(HELD, quantities="changed"), "update_quantity", "update_quantity", "charge"),
        (line(NO_CARD, HELD, quantities="changed"), "update_quantity", "update_quantity", "charge"),
        (line(HELD, add_on=True, quantities="changed"), "update_quantity", "update_quantity", "charge"),
        (line(HELD, version_change=True), "new_version", "update_product", "charge"),
        (line(HELD, custom_items="prices"), "same_custom", "update_product", "charge"),
        (line(NO_CARD, PRICED), "same_custom", "new_product", "charge"),
        (line(HELD, custom_items="features"), "same_custom_features", "update_product", "charge"),
        (line(HELD, CUSTOM_TRIAL), "same_custom", "update_product", "charge"),
        (line(TRIALING, asked_trial="off"), "same_custom", "update_product", "charge"),
        (line(held="incomplete"), "new", "new_product", "charge"),
        (line(start_date="future"), "new", "schedule_product", "charge"),
    ],
)
def test_a_purchase_is_one_case(
    ruleset: RuleSet, facts: Facts, branch: str, function: str, collection: str
) -> None:
    decision = decided(ruleset, facts)

    assert (decision.branch, decision.function) == (branch, function)
    assert decision.config["collection"] == collection


@pytest.mark.parametrize(
    ("facts", "config"),
    [
        (line(), {"proration": "immediate", "usage": "reset", "subscription": "new", "trial": "none"}),
        (line(), {"activation": "on_payment", "needs_card": True, "finalize_invoice": True}),
        (line(product_price="free"), {"activation": "immediate", "needs_card": False}),
        (line(product_price="one_off"), {"subscription": "new", "usage": "reset"}),
        (line(live_subscription="active"), {"subscription": "same"}),
        (line(live_subscription="active", new_subscription=True), {"subscription": "new"}),
        (line(live_subscription="active", invoice_mode=True), {"subscription": "new"}),
        (line(live_subscription="active", force_checkout=True), {"subscription": "new"}),
        (line(invoice_mode=True), {"activation": "on_payment", "needs_card": False}),
        (line(invoice_mode=True, enable_immediately=True), {"activation": "immediate"}),
        (line(NO_CARD, enable_immediately=True), {"collection": "checkout", "activation": "immediate"}),
        (line(invoice_mode=True, asked_finalize="no"), {"finalize_invoice": False}),
        (line(FREE_PLAN), {"proration": "immediate", "usage": "reset", "subscription": "new"}),
        (line(UP), {"proration": "immediate", "usage": "reset", "subscription": "same"}),
        (line(UP, asked_proration="none"), {"proration": "none"}),
        (line(UP, asked_proration="next_cycle"), {"proration": "next_cycle"}),
        (line(UP, carry_over="both"), {"usage": "carry"}),
        (line(UP, carry_over="balance"), {"usage": "reset"}),
        (line(UP, invoice_mode=True), {"subscription": "same"}),
        (line(DOWN), {"proration": "none", "activation": "immediate", "needs_card": False}),
        (line(DOWN, asked_timing="immediate"), {"proration": "immediate", "activation": "on_payment"}),
        (line(HELD, ending=True), {"proration": "none", "usage": "carry", "activation": "immediate"}),
        (line(HELD, version_change=True), {"proration": "none", "usage": "carry", "trial": "none"}),
        (line(HELD, version_change=True, asked_proration="immediate"), {"proration": "immediate"}),
        (line(HELD, custom_items="prices"), {"proration": "immediate", "usage": "carry"}),
        (line(HELD, custom_items="features"), {"proration": "none", "usage": "carry"}),
        (line(PRICED), {"proration": "immediate", "subscription": "new", "usage": "carry"}),
        (line(PRICED, version_change=True), {"proration": "immediate"}),
        (line(no_billing_changes=True), {"proration": "none", "activation": "immediate"}),
        (line(TRIAL), {"trial": "start"}),
        (line(TRIAL, asked_trial="off"), {"trial": "none"}),
        (line(CUSTOM_TRIAL), {"trial": "start"}),
        (line(TRIAL, live_subscription="active"), {"trial": "none", "subscription": "same"}),
        (line(TRIAL, live_subscription="active", new_subscription=True), {"trial": "start"}),
        (line(live_subscription="trialing"), {"trial": "carry", "proration": "none"}),
        (line(UP, TRIAL), {"trial": "start", "proration": "immediate"}),
        (line(TRIAL_PLAN), {"trial": "end", "proration": "immediate"}),
        (line(TRIAL_PLAN, TRIAL), {"trial": "start"}),
        (line(TRIAL_PLAN, price_change="lower"), {"trial": "carry", "timing": "end_of_cycle"}),
        (line(TRIALING, quantities="changed"), {"trial": "carry", "proration": "none"}),
        (line(TRIALING, version_change=True), {"trial": "carry", "usage": "carry"}),
        (line(HELD, CUSTOM_TRIAL), {"trial": "start", "usage": "carry", "proration": "immediate"}),
        (line(TRIALING, CUSTOM_TRIAL), {"trial": "start", "usage": "carry"}),
        (line(TRIALING, asked_trial="off"), {"trial": "end", "usage": "carry", "proration": "immediate"}),
    ],
)
def test_a_case_is_done_in_its_way(ruleset: RuleSet, facts: Facts, config: dict[str, Value]) -> None:
    actual = decided(ruleset, facts).config

    assert {name: actual[name] for name in config} == config


@pytest.mark.parametrize(
    ("change", "way", "proration", "timing"),
    [
        ("increase", "prorate_immediately", "immediate", "immediate"),
        ("increase", "bill_immediately", "immediate", "immediate"),
        ("increase", "prorate_next_cycle", "next_cycle", "immediate"),
        ("increase", "bill_next_cycle", "none", "immediate"),
        ("decrease", "prorate_immediately", "immediate", "immediate"),
        ("decrease", "prorate_next_cycle", "next_cycle", "immediate"),
        ("decrease", "none", "none", "end_of_cycle"),
        ("decrease", "no_prorations", "none", "end_of_cycle"),
    ],
)
def test_a_quantity_is_billed_as_the_catalog_says(
    ruleset: RuleSet, change: str, way: str, proration: str, timing: str
) -> None:
    other = "on_decrease" if change == "increase" else "on_increase"
    only: Facts = {f"on_{change}": way, other: "unset"}
    decision = decided(ruleset, line(HELD, quantities="changed"), quantity(change, only))

    assert (decision.config["proration"], decision.config["timing"]) == (proration, timing)
    assert (decision.branch, decision.function) == ("update_quantity", "update_quantity")


def test_the_request_beats_the_catalog(ruleset: RuleSet) -> None:
    facts: Facts = {"asked_proration": "none"}
    decision = decided(ruleset, line(HELD, facts, quantities="changed"), quantity("increase", facts))

    assert decision.config["proration"] == "none"
    assert decision.deciders["proration"].source == "request"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (line(HELD), "product_already_attached"),
        (line(HELD, quantities="same", custom_items="same"), "product_already_attached"),
        (line(HELD, held="past_due", live_subscription="past_due"), "product_already_attached"),
        (line(HELD, asked_trial="off"), "product_already_attached"),
        (line(DOWN, held="scheduled", scheduled_in_group="this"), "product_already_scheduled"),
        (line(DOWN, held="scheduled", quantities="changed"), "product_already_scheduled"),
        (line(UP, force_checkout=True), "checkout_not_possible"),
        (line(HELD, quantities="changed", force_checkout=True), "checkout_not_possible"),
        (line(force_checkout=True, product_price="free"), "nothing_to_pay"),
        (line(NO_CARD, due_now="nothing"), "nothing_to_pay"),
        (line(force_checkout=True, due_now="nothing"), "nothing_to_pay"),
        (line(NO_CARD, mixed_intervals=True), "mixed_intervals_in_checkout"),
        (line(FREE_PLAN, asked_proration="none"), "conflicting_parameters"),
        (line(PRICED, asked_proration="none"), "conflicting_parameters"),
        (line(FREE_PLAN, custom_lines=True), "conflicting_parameters"),
        (line(DOWN, invoice_mode=True), "conflicting_parameters"),
        (line(live_subscription="past_due"), "subscription_past_due"),
        (line(HELD, live_subscription="past_due", quantities="changed"), "subscription_past_due"),
        (line(currency_matches=False), "currency_mismatch"),
        (line(entity_known=False), "entity_not_found"),
        (line(quantity_problem="negative"), "invalid_quantity"),
        (line(HELD, quantity_problem="not_prepaid"), "invalid_quantity"),
        (line(product_ready=False), "product_not_ready"),
        (line(DOWN, CUSTOM_TRIAL), "trial_not_allowed"),
        (line(DOWN, carry_over="usage"), "carry_over_not_allowed"),
        (line(TRIALING, held="paused"), "not_implemented"),
    ],
)
def test_a_refusal_has_its_code_and_says_what_to_do(ruleset: RuleSet, facts: Facts, code: str) -> None:
    refusal = refused(ruleset, facts)

    assert refusal.code == code
    assert refusal.match.because[0].isupper()


@pytest.mark.parametrize(
    "facts",
    [
        line(mixed_intervals=True),
        line(due_now="nothing"),
        line(DOWN, live_subscription="past_due", current_state="past_due"),
        line(live_subscription="past_due", new_subscription=True),
        line(live_subscription="past_due", product_price="free"),
        line(live_subscription="past_due", product_price="one_off"),
        line(HELD, held="past_due", ending=True, live_subscription="past_due"),
        line(UP, held="scheduled", scheduled_in_group="this", asked_timing="immediate"),
        line(NO_CARD, TRIAL, due_now="nothing"),
        line(UP, custom_lines=True),
        line(UP, discount="valid"),
    ],
)
def test_what_looks_like_trouble_may_be_fine(ruleset: RuleSet, facts: Facts) -> None:
    decided(ruleset, facts)


def _answer(ruleset: RuleSet, table: str, facts: dict[str, Value]) -> dict[str, Value]:
    compiled = ruleset.compiled(table)
    read = compiled.table.read(facts)
    rule = winner(compiled.table, compiled.ordered, compiled.reference.matches(read), read)
    return {**facts, **rule.outcome}


def _holdings(ruleset: RuleSet) -> Iterator[dict[str, Value]]:
    """Everything that the compared facts can be together, with a few stand-ins for what only adds up."""
    names = ["product_price", "add_on", "held", "ending", "current_plan", "current_state"]
    names += ["difference", "price_change", "scheduled_in_group"]
    against = ruleset.compiled("against").table
    for values in every(*(WORDS[name].values for name in names)):
        facts: dict[str, Value] = dict(zip(names, values, strict=True))
        if violated(against.invariants, facts) is None:
            yield {**facts, "usage_only": False, "interval_change": "equal", "asked_timing": "unset"}


def test_invariants_about_outcomes_follow_from_the_tables_before(ruleset: RuleSet) -> None:
    """What branch and direction call impossible is impossible by the tables that run before them."""
    seen: set[Value] = set()
    direction = ruleset.compiled("direction").table
    held, branch = ruleset.compiled("held_product").table, ruleset.compiled("branch").table
    for start in _holdings(ruleset):
        facts = _answer(ruleset, "against", start)
        broken = violated(direction.invariants, facts)
        if broken is not None:
            assert broken.id == "prices_are_compared"
            assert facts["price_change"] == "none"
            continue
        facts = _answer(ruleset, "direction", facts)
        assert violated(held.invariants, facts) is None
        facts = _answer(ruleset, "held_product", facts)
        if facts["refusal"] == "pass":
            assert violated(branch.invariants, facts) is None, facts
            seen.add(_answer(ruleset, "branch", facts)["branch"])

    assert seen == set(WORDS["branch"].values) - {"multi_product"}
