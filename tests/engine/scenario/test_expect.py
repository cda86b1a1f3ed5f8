from __future__ import annotations

from typing import Any

import pytest

from engine.scenario.door import Answer
from engine.scenario.expect import Seen, compare, state_of
from engine.scenario.format import Expectations
from engine.scenario.world import News

BODY: dict[str, Any] = {
    "status": "active",
    "branch": "upgrade",
    "config": {"proration": "immediate", "needs_card": True},
    "function": "update_product",
    "total": 1549,
    "next_cycle": {"total": 5000, "starts_at": "2026-02-01T00:00:00Z"},
    "allowed": False,
    "reason": "limit",
    "remaining": "0.500000",
    "required_action": {"code": "3ds_required", "url": "https://…"},
}
VIEW: dict[str, Any] = {
    "products": [
        {
            "product": "pro",
            "state": "ended",
            "started_at": "2026-01-01T00:00:00Z",
            "entity": None,
            "version": 1,
        },
        {"product": "premium", "state": "active", "started_at": "…", "entity": None, "version": 3},
        {"product": "free", "state": "ended", "started_at": None, "entity": None, "version": 1},
        {"product": "seat", "state": "active", "started_at": "…", "entity": "e1", "version": 1},
    ],
    "subscriptions": [
        {"stripe_subscription": "sub_1", "state": "active", "paid": True},
        {"stripe_subscription": None, "state": None, "paid": False},
        {"stripe_subscription": "sub_2", "state": "canceled", "paid": True},
    ],
    "balances": {"messages": {"included": 100, "used": 40.5, "next_reset_at": "2026-02-01T00:00:00Z"}},
}
SEEN = Seen(
    answer=Answer(200, BODY),
    result="active",
    view=VIEW,
    news=News(totals=(1549, -300), statuses=("paid", "open")),
)


def differences(expect: dict[str, Any], seen: Seen = SEEN) -> list[tuple[str, Any, Any]]:
    found = compare(Expectations.model_validate(expect), seen)
    return [(difference.key, difference.expected, difference.actual) for difference in found]


def test_everything_that_holds_makes_no_difference() -> None:
    assert (
        differences(
            {
                "result": "active",
                "branch": "upgrade",
                "function": "update_product",
                "config": {"proration": "immediate", "needs_card": True},
                "invoices": [0, 1548, -301],
                "invoice_status": ["paid", "open"],
                "total": 1550,
                "next_cycle": {"total": 5001, "starts_at": "2026-02-01T01:00:00+01:00"},
                "products": {"pro": "expired", "premium": "active", "free": "absent", "seat": "absent"},
                "product_version": {"premium": 3},
                "balances": {"messages": {"included": 100, "used": 40.5}},
                "next_reset_at": {"messages": "2026-02-01T00:00:00Z"},
                "subscriptions": 1,
                "allowed": False,
                "reason": "limit",
                "remaining": 0.5,
                "required_action": "3ds_required",
            }
        )
        == []
    )


@pytest.mark.parametrize(
    ("expect", "key", "expected", "actual"),
    [
        ({"result": "scheduled"}, "result", "scheduled", "active"),
        ({"result": "error"}, "result", "error", "active"),
        ({"error": ["a", "b"]}, "error", ["a", "b"], None),
        ({"branch": "new"}, "branch", "new", "upgrade"),
        ({"config": {"proration": "none"}}, "config", {"proration": "none"}, {"proration": "immediate"}),
        ({"invoices": []}, "invoices", [], [1549, -300]),
        ({"invoices": [1549]}, "invoices", [1549], [1549, -300]),
        ({"invoices": [1547, -300]}, "invoices", [1547, -300], [1549, -300]),
        ({"invoices": [-300, 1549]}, "invoices", [-300, 1549], [1549, -300]),
        ({"invoices": [1548, -300], "tolerance": 0}, "invoices", [1548, -300], [1549, -300]),
        ({"invoice_status": ["paid"]}, "invoice_status", ["paid"], ["paid", "open"]),
        ({"total": 1551}, "total", 1551, 1549),
        ({"next_cycle": {"total": 4998}}, "next_cycle", {"total": 4998}, {"total": 5000}),
        (
            {"products": {"pro": "absent", "premium": "active"}},
            "products",
            {"pro": "absent"},
            {"pro": "expired"},
        ),
        ({"products": {"free": "expired"}}, "products", {"free": "expired"}, {"free": "absent"}),
        (
            {"balances": {"messages": {"used": 40, "included": 100}}},
            "balances",
            {"messages": {"used": 40}},
            {"messages": {"used": 40.5}},
        ),
        (
            {"balances": {"words": {"used": 0}}},
            "balances",
            {"words": {"used": 0}},
            {"words": {"used": None}},
        ),
        ({"subscriptions": 2}, "subscriptions", 2, 1),
        ({"allowed": True}, "allowed", True, False),
        ({"remaining": 1}, "remaining", 1, "0.500000"),
        ({"required_action": "payment_failed"}, "required_action", "payment_failed", "3ds_required"),
    ],
)
def test_what_does_not_hold_is_told_and_no_more(
    expect: dict[str, Any], key: str, expected: Any, actual: Any
) -> None:
    assert differences(expect) == [(key, expected, actual)]


REFUSED = Seen(answer=Answer(409, {"code": "limit_reached", "detail": "No more."}))


def test_a_refusal_that_is_expected_is_no_difference() -> None:
    assert differences({"result": "error"}, REFUSED) == []
    assert differences({"error": "limit_reached"}, REFUSED) == []
    assert differences({"result": "error", "error": ["limit_reached", "other"]}, REFUSED) == []


def test_a_refusal_of_another_kind_is_told() -> None:
    assert differences({"error": "other"}, REFUSED) == [("error", "other", "limit_reached")]
    assert differences({"result": "active"}, REFUSED) == [
        ("result", "active", "error limit_reached: No more.")
    ]


def test_a_refusal_that_nobody_spoke_of_is_told() -> None:
    assert differences({}, REFUSED) == [("result", "no error", "limit_reached: No more.")]


def test_a_refusal_that_was_asked_for_may_stay_unspoken() -> None:
    wished = Seen(answer=REFUSED.answer, refusal_is_an_answer=True)
    assert differences({}, wished) == []


def session(label: str, handed_out: str | None, known: dict[str, str]) -> bool:
    body = {"checkout": {"session": handed_out}} if handed_out else {}
    seen = Seen(answer=Answer(200, body), sessions=known)
    return not differences({"session": label}, seen)


def test_a_label_stands_for_one_session_and_a_session_for_one_label() -> None:
    assert session("s1", "cs_a", {})
    assert session("s1", "cs_a", {"s1": "cs_a"})
    assert session("s2", "cs_b", {"s1": "cs_a"})
    assert not session("s1", "cs_b", {"s1": "cs_a"})
    assert not session("s2", "cs_a", {"s1": "cs_a"})
    assert not session("s1", None, {})


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([], "absent"),
        ([{"state": "incomplete"}], "absent"),
        ([{"state": "ended", "started_at": None}], "absent"),
        ([{"state": "ended", "started_at": "2026-01-01T00:00:00Z"}], "expired"),
        ([{"state": "ended", "started_at": "…"}, {"state": "scheduled"}], "scheduled"),
        ([{"state": "scheduled"}, {"state": "canceling"}], "canceling"),
        ([{"state": "active"}, {"state": "ended", "started_at": "…"}], "active"),
        ([{"state": "past_due"}], "past_due"),
    ],
)
def test_a_product_has_one_word_whatever_its_rows(rows: list[dict[str, Any]], state: str) -> None:
    assert state_of(rows) == state


def message(verb: str, entity: str = "subscription_product", **state: Any) -> dict[str, Any]:
    return {
        "subject": f"wallstreet.change_feed.{entity}.organization_an-example-1f2e.{verb}V1",
        "data": {"entity": entity, "verb": verb, "state": state, "changes": {}},
    }


FEED = Seen(
    answer=Answer(200),
    feed=[message("created", state="active"), message("updated"), message("updated", entity="customer")],
)
PRODUCT = "wallstreet.change_feed.subscription_product.organization_acme"


@pytest.mark.parametrize(
    "expected",
    [
        [],
        [{"subject": f"{PRODUCT}.createdV1"}, {"subject": f"{PRODUCT}.updatedV1"}],
        [{"subject": f"{PRODUCT}.createdV1", "data": {"state": "active"}}],
        [{"data": {"verb": "updated"}}, {"subject": "wallstreet.change_feed.*.*.updatedV1"}],
    ],
)
def test_messages_are_a_part_of_the_feed_in_order(expected: list[dict[str, Any]]) -> None:
    assert differences({"feed": expected}, FEED) == []


@pytest.mark.parametrize(
    "expected",
    [
        [{"subject": f"{PRODUCT}.deletedV1"}],
        [{"subject": f"{PRODUCT}.updatedV1"}, {"subject": f"{PRODUCT}.createdV1"}],
        [{"subject": f"{PRODUCT}.createdV1", "data": {"state": "scheduled"}}],
        [{"subject": f"{PRODUCT}.createdV1"}, {"subject": f"{PRODUCT}.createdV1"}],
        [{"subject": "wallstreet.change_feed.subscription_product.user_acme.createdV1"}],
    ],
)
def test_a_message_that_is_missing_is_told(expected: list[dict[str, Any]]) -> None:
    [(key, wanted, _)] = differences({"feed": expected}, FEED)
    assert (key, wanted) == ("feed", expected[-1])
