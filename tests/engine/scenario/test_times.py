from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.scenario.format import Advance
from engine.scenario.times import NothingEnds, target

NOW = "2026-01-10T00:00:00Z"
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


def subscription(**more: Any) -> dict[str, Any]:
    return {
        "id": "sub_ours",
        "stripe_subscription": "sub_1",
        "state": "active",
        "paid": True,
        "current_period_end": "2026-02-01T00:00:00Z",
        "ends_at": None,
    } | more


def view(*subscriptions: dict[str, Any], **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"products": [], "balances": {}}
    return {"now": NOW, "subscriptions": list(subscriptions)} | nothing | more


def to(word: Any) -> Advance:
    return Advance(do="advance", to=word)


@pytest.mark.parametrize(
    ("by", "at"),
    [
        ({"days": 15}, datetime(2026, 1, 25, tzinfo=UTC)),
        ({"weeks": 2, "seconds": 1}, datetime(2026, 1, 24, 0, 0, 1, tzinfo=UTC)),
        ({"months": 1}, datetime(2026, 2, 10, tzinfo=UTC)),
    ],
)
def test_an_advance_by_a_length_starts_at_the_clock_of_the_customer(by: dict[str, int], at: datetime) -> None:
    assert target(Advance.model_validate({"do": "advance", "by": by}), view(), []) == at


def test_an_advance_to_an_instant_goes_there() -> None:
    assert target(to("2026-03-01T12:00:00Z"), view(), []) == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_period_ends_with_the_earliest_of_the_live_paid_subscriptions() -> None:
    several = view(
        subscription(current_period_end="2027-01-01T00:00:00Z"),
        subscription(),
        subscription(current_period_end="2026-01-11T00:00:00Z", state="canceled"),
        subscription(current_period_end="2026-01-11T00:00:00Z", stripe_subscription=None, paid=False),
        products=[{"ends_at": "2026-01-12T00:00:00Z"}],
    )
    assert target(to("period_end"), several, []) == FEBRUARY


def test_without_a_paid_subscription_the_next_end_or_reset_counts() -> None:
    free = view(
        products=[{"ends_at": "2026-01-20T00:00:00Z"}, {"ends_at": None}],
        balances={
            "messages": {"next_reset_at": "2026-01-15T00:00:00Z"},
            "words": {"next_reset_at": "2026-01-10T00:00:00Z"},
        },
    )
    assert target(to("period_end"), free, []) == datetime(2026, 1, 15, tzinfo=UTC)


def test_nothing_to_wait_for_is_said() -> None:
    with pytest.raises(NothingEnds):
        target(to("period_end"), view(), [])


def test_the_next_invoice_is_final_an_hour_after_the_renewal() -> None:
    assert target(to("next_invoice"), view(subscription()), []) == datetime(2026, 2, 1, 1, tzinfo=UTC)


def test_a_renewal_draft_that_waits_already_is_the_next_invoice() -> None:
    draft = {"state": "draft", "reason": "subscription_cycle", "created": NOW}
    assert target(to("next_invoice"), view(subscription()), [draft]) == datetime(2026, 1, 10, 1, tzinfo=UTC)


def test_drafts_of_other_kinds_and_old_ones_are_not_waited_for() -> None:
    drafts = [
        {"state": "draft", "reason": "manual", "created": NOW},
        {"state": "draft", "reason": "subscription_cycle", "created": "2026-01-01T00:00:00Z"},
        {"state": "open", "reason": "subscription_cycle", "created": NOW},
    ]
    assert target(to("next_invoice"), view(subscription()), drafts) == datetime(2026, 2, 1, 1, tzinfo=UTC)


def test_a_subscription_that_ends_has_no_next_invoice() -> None:
    ending = view(subscription(ends_at="2026-02-01T00:00:00Z"))
    assert target(to("next_invoice"), ending, []) == FEBRUARY


def test_a_subscription_whose_product_is_followed_by_another_renews() -> None:
    scheduled = {"state": "scheduled", "subscription": "sub_ours"}
    followed = view(subscription(ends_at="2026-02-01T00:00:00Z"), products=[scheduled])
    assert target(to("next_invoice"), followed, []) == datetime(2026, 2, 1, 1, tzinfo=UTC)
    elsewhere = view(
        subscription(ends_at="2026-02-01T00:00:00Z"), products=[scheduled | {"subscription": "free"}]
    )
    assert target(to("next_invoice"), elsewhere, []) == FEBRUARY


def test_another_subscription_that_renews_then_has_one() -> None:
    both = view(subscription(ends_at="2026-02-01T00:00:00Z"), subscription())
    assert target(to("next_invoice"), both, []) == datetime(2026, 2, 1, 1, tzinfo=UTC)
