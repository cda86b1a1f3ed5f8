"""Invoices and checkout sessions: Stripe's lifecycles, found in any order."""

from itertools import product

import pytest

from machines import START, UnreachableState, attachment, checkout, invoice
from machines.attachment import LIVE
from machines.paths import shortest_paths

STRIPE_INVOICES = {
    ("draft", "open"): ["finalized"],
    ("draft", "paid"): ["finalized", "paid"],
    ("draft", "void"): ["finalized", "voided"],
    ("draft", "uncollectible"): ["finalized", "marked_uncollectible"],
    ("open", "paid"): ["paid"],
    ("open", "void"): ["voided"],
    ("open", "uncollectible"): ["marked_uncollectible"],
    ("uncollectible", "paid"): ["paid"],
    ("uncollectible", "void"): ["voided"],
}
"""What Stripe's page on status transitions allows, and what was missed when several steps lie between."""


def test_an_invoice_moves_as_stripe_says_and_never_otherwise() -> None:
    for known, found in product(invoice.State, invoice.State):
        if known is found:
            assert invoice.events_towards(known, found) == ()
        elif (known, found) in STRIPE_INVOICES:
            assert list(invoice.events_towards(known, found)) == STRIPE_INVOICES[known, found]
        else:
            with pytest.raises(UnreachableState):
                invoice.events_towards(known, found)


def test_an_invoice_may_be_seen_first_in_any_state() -> None:
    for found in invoice.State:
        assert list(invoice.events_towards(START, found)) == [f"seen_{found}"]


def test_only_a_draft_is_deleted() -> None:
    assert invoice.MACHINE.step("draft", invoice.Event.DELETED).dest is invoice.State.VOID
    assert [s for s in invoice.State if invoice.Event.DELETED in invoice.MACHINE.allowed(s)] == ["draft"]


def test_a_checkout_session_ends_once() -> None:
    assert list(checkout.events_towards("open", "complete")) == ["completed"]
    assert list(checkout.events_towards("open", "expired")) == ["expired"]
    for found in checkout.State:
        assert list(checkout.events_towards(START, found)) == [f"seen_{found}"]
    for known, other in (("complete", "expired"), ("expired", "complete"), ("complete", "open")):
        with pytest.raises(UnreachableState, match=f"{known} never becomes {other}"):
            checkout.events_towards(known, other)


def test_words_that_stripe_does_not_have_are_impossible() -> None:
    with pytest.raises(UnreachableState):
        invoice.events_towards("open", "refunded")


@pytest.mark.parametrize(
    "story",
    [
        "plan_stored call_started answers_recorded completed",
        "plan_stored answers_recorded completed",
        "plan_stored call_started answer_lost answer_found answers_recorded completed",
        "plan_stored call_started answer_lost answers_recorded completed",
        "plan_stored call_started answers_recorded customer_awaited completed",
        "plan_stored call_started customer_awaited customer_acted answers_recorded completed",
        "plan_stored call_started customer_awaited lapsed",
        "plan_stored call_started customer_awaited compensation_started compensated",
        "plan_stored call_started refused given_up",
        "plan_stored call_started refused compensation_started compensated",
        "plan_stored call_started answer_lost operator_called operator_resumed answers_recorded completed",
        "plan_stored call_started answer_lost operator_called operator_closed",
    ],
)
def test_a_change_comes_to_its_end(story: str) -> None:
    state = START.value
    for event in story.split():
        state = attachment.MACHINE.step(state, event).dest.value
    assert state in attachment.MACHINE.final


def test_a_live_change_can_always_be_finished_or_given_to_a_person() -> None:
    for state in LIVE:
        ways = shortest_paths(attachment.MACHINE.rows, state)
        assert "failed" in ways
    assert set(LIVE) | set(attachment.MACHINE.final) | {"awaiting_customer", "needs_operator"} == set(
        attachment.State
    )
