from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType

from engine.demo import page


def text(content: RenderableType | None, *, width: int = 118) -> str:
    assert content is not None
    console = Console(width=width, record=True, file=StringIO())
    console.print(content)
    return console.export_text()


def words(content: RenderableType | None) -> str:
    return " ".join(text(content).split())


DECISION: dict[str, Any] = {
    "branch": "upgrade",
    "function": "update_product",
    "config": {
        "timing": {"value": "immediate", "source": "request", "rule": "asked"},
        "needs_card": {"value": False, "source": "rule", "rule": "otherwise"},
    },
}


def test_a_decision_tells_what_was_asked_for() -> None:
    told = words(page.decision(DECISION))
    assert "branch upgrade" in told
    assert "timing: immediate (asked for) needs_card: false" in told
    assert "function update_product" in told


def test_a_rule_is_told_with_its_place_and_its_reason() -> None:
    match = {
        "file": "attach/branch.yaml",
        "line": 41,
        "outcome": {"branch": "upgrade"},
        "because": "it costs more",
    }
    assert words(page.rules([match])) == "attach/branch.yaml:41 branch = upgrade it costs more"


def test_a_request_shows_what_it_said_and_how_it_ended() -> None:
    params = {
        "customer": "cus_1",
        "items": [{"price": "price_1", "quantity": 2}],
        "metadata": {"hidden": "yes"},
        "expand": ["latest_invoice"],
        "off_session": True,
    }
    made: list[dict[str, Any]] = [
        {"method": "POST", "path": "/v1/subscriptions", "status": 200, "params": params},
        {"method": "POST", "path": "/v1/invoices/in_1/pay", "status": 402, "params": {}},
    ]
    told = text(page.calls(made))
    assert "200 POST /v1/subscriptions" in told
    assert "customer=cus_1  items[0][price]=price_1  items[0][quantity]=2  off_session=true" in told
    assert "hidden" not in told
    assert "402 POST /v1/invoices/in_1/pay" in told


def test_a_long_request_stays_on_its_line() -> None:
    params = {f"key_{n}": "x" * 40 for n in range(10)}
    made = [{"method": "POST", "path": "/v1/subscriptions", "status": 200, "params": params}]
    assert len(text(page.calls(made), width=100).splitlines()) == 1


def test_an_invoice_is_told_line_by_line() -> None:
    invoice = {
        "state": "paid",
        "currency": "usd",
        "total": 2581,
        "lines": [
            {"description": "Unused time on team", "amount": -2529},
            {"description": "Remaining time on business", "amount": 5110},
        ],
    }
    assert [line.split() for line in text(page.invoices([invoice])).splitlines()] == [
        ["Unused", "time", "on", "team", "-$25.29"],
        ["Remaining", "time", "on", "business", "$51.10"],
        ["total,", "paid", "$25.81"],
    ]


def test_a_move_and_a_message_are_told() -> None:
    moves: list[dict[str, Any]] = [
        {
            "machine": "subscription_product",
            "row": "sp_1",
            "from": "active",
            "to": "canceling",
            "event": "one",
        },
        {
            "machine": "subscription_product",
            "row": "sp_2",
            "from": None,
            "to": "active",
            "event": "activated",
        },
        {
            "machine": "subscription_product",
            "row": "sp_1",
            "from": "canceling",
            "to": "ended",
            "event": "two",
        },
    ]
    assert words(page.moves(moves, {"sp_1": "pro"})) == (
        "subscription_product pro active → canceling → ended one, two "
        "subscription_product none → active activated"
    )
    message = {
        "subject": "wallstreet.change_feed.subscription_product.user_u1.updatedV1",
        "data": {
            "changes": {"state": {"from": "active", "to": "ended"}, "ends_at": {"from": None, "to": "now"}}
        },
    }
    told = words(page.messages([message]))
    assert told == (
        "wallstreet.change_feed. subscription_product.user_u1.updatedV1 "
        "state active → ended, ends_at nothing → now"
    )


def test_messages_that_tell_nothing_are_counted_and_long_owners_cut() -> None:
    subject = "wallstreet.change_feed.customer.organization_a-very-long-name-of-one.updatedV1"
    message: dict[str, Any] = {"subject": subject, "data": {"changes": {}}}
    told = words(page.messages([message] * 3))
    assert told == "wallstreet.change_feed. customer.organization_a-very-lon….updatedV1 3 times"


def test_access_is_told_before_and_after() -> None:
    before: dict[str, dict[str, Any]] = {
        "messages": {"allowed": False, "reason": "no_entitlement", "remaining": None}
    }
    after: dict[str, dict[str, Any]] = {
        "messages": {"allowed": True, "reason": "granted", "remaining": 100.0},
        "sso": {"allowed": True},
    }
    told = words(page.access(before, after))
    assert told == "messages no (no_entitlement) → yes, 100 left sso unknown → yes"


@pytest.mark.parametrize("nothing", [page.facts([]), page.rules([]), page.calls([]), page.invoices([])])
def test_what_there_is_not_is_left_out(nothing: RenderableType | None) -> None:
    assert nothing is None
    assert text(page.sections(("empty", nothing), ("full", "content"))).split() == ["full", "content"]


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (2581, "usd", "$25.81"),
        (-5, "usd", "-$0.05"),
        (123456789, "eur", "€1,234,567.89"),
        (100, "sek", "sek 1.00"),
    ],
)
def test_money_is_written_as_people_do(amount: int, currency: str, written: str) -> None:
    assert page.money(amount, currency) == written
