"""No sequence of calls and time breaks the laws of money: sums, balances, one payment, time billed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.sandbox.twin.books import ledger
from tests.engine.sandbox.laws.depth import law
from tests.engine.sandbox.laws.draws import buyer
from tests.engine.sandbox.laws.inside import JAN_1, Inside
from tests.engine.sandbox.laws.recomputed import export, sums

HOUR, DAY = 3600, 86400
LIVE = {"active", "trialing", "past_due"}
AMOUNTS = st.integers(1000, 90_000)
INTERVALS = st.sampled_from(["week", "month", "month", "year"])
NOW = {"proration_behavior": "always_invoice"}
PICK = st.integers(0, 99)


class Shop(RuleBasedStateMachine):
    """One customer who changes her mind often."""

    def __init__(self) -> None:
        super().__init__()
        self.twin = Inside()
        self.customer = ""

    def teardown(self) -> None:
        try:
            self.the_books_say_what_the_traffic_says()
        finally:
            self.twin.close()

    def the_books_say_what_the_traffic_says(self) -> None:
        export(self.twin)
        booked = ledger.export(self.twin.world)["accounts"].get("usd", {})
        held = {account: amount for account, amount in booked.items() if amount}
        assert held == sums(self.twin.traffic.getvalue().splitlines())

    @initialize(start=st.integers(0, 400))
    def begin(self, start: int) -> None:
        self.twin.world.live = JAN_1 + start * DAY
        self.customer = buyer(self.twin)

    def all(self, path: str, **params: Any) -> list[Any]:
        found: list[Any] = self.twin.made("GET", path, {"limit": 100, **params})["data"]
        return found

    def live(self) -> list[Any]:
        return [held for held in self.all("/v1/subscriptions", status="all") if held["status"] in LIVE]

    def price(self, amount: int, interval: str) -> str:
        given = {"currency": "usd", "unit_amount": amount, "recurring": {"interval": interval}}
        made = self.twin.made("POST", "/v1/prices", {**given, "product_data": {"name": "Plan"}})
        return str(made["id"])

    def change(self, pick: int, **given: Any) -> None:
        """Ask for a change; it may be refused, but never half done."""
        held = self.live()[pick % len(self.live())]
        self.twin.call("POST", f"/v1/subscriptions/{held['id']}", {**NOW, **given})

    @rule(amount=AMOUNTS, interval=INTERVALS, quantity=st.integers(1, 5), trial=st.sampled_from([0, 0, 0, 3]))
    def subscribe(self, amount: int, interval: str, quantity: int, trial: int) -> None:
        item = {"price": self.price(amount, interval), "quantity": quantity}
        more = {"trial_period_days": trial} if trial else {}
        given = {"customer": self.customer, "items": [item], **more}
        self.twin.call("POST", "/v1/subscriptions", given)

    @precondition(lambda self: self.live())
    @rule(pick=PICK, quantity=st.integers(1, 9))
    def change_quantity(self, pick: int, quantity: int) -> None:
        item = self.live()[pick % len(self.live())]["items"]["data"][0]
        self.change(pick, items=[{"id": item["id"], "quantity": quantity}])

    @precondition(lambda self: self.live())
    @rule(pick=PICK, amount=AMOUNTS, interval=INTERVALS)
    def change_price(self, pick: int, amount: int, interval: str) -> None:
        item = self.live()[pick % len(self.live())]["items"]["data"][0]
        new = {"id": item["id"], "price": self.price(amount, interval), "quantity": item["quantity"]}
        self.change(pick, items=[new])

    @precondition(lambda self: self.live())
    @rule(pick=PICK, amount=AMOUNTS, interval=INTERVALS)
    def add_item(self, pick: int, amount: int, interval: str) -> None:
        self.change(pick, items=[{"price": self.price(amount, interval)}])

    @precondition(lambda self: self.live())
    @rule(pick=PICK)
    def remove_item(self, pick: int) -> None:
        item = self.live()[pick % len(self.live())]["items"]["data"][-1]
        self.change(pick, items=[{"id": item["id"], "deleted": True}])

    @precondition(lambda self: self.live())
    @rule(pick=PICK, at_end=st.booleans())
    def cancel_at_end(self, pick: int, *, at_end: bool) -> None:
        self.change(pick, cancel_at_period_end=at_end)

    @precondition(lambda self: self.live())
    @rule(pick=PICK)
    def cancel_now(self, pick: int) -> None:
        held = self.live()[pick % len(self.live())]
        how = {"prorate": True, "invoice_now": True}
        self.twin.call("DELETE", f"/v1/subscriptions/{held['id']}", how)

    @rule(card=st.sampled_from(["pm_card_visa", "pm_card_visa", "pm_card_chargeCustomerFail"]))
    def other_card(self, card: str) -> None:
        id_ = self.twin.made("POST", f"/v1/payment_methods/{card}/attach", {"customer": self.customer})["id"]
        chosen = {"invoice_settings": {"default_payment_method": id_}}
        self.twin.made("POST", f"/v1/customers/{self.customer}", chosen)

    @rule(amount=st.integers(1, 20_000))
    def single_bill(self, amount: int) -> None:
        id_ = self.twin.made("POST", "/v1/invoices", {"customer": self.customer, "auto_advance": False})["id"]
        lines = {"lines": [{"amount": amount, "description": "Work"}]}
        self.twin.made("POST", f"/v1/invoices/{id_}/add_lines", lines)
        self.twin.call("POST", f"/v1/invoices/{id_}/pay")

    @rule(pick=PICK, verb=st.sampled_from(["pay", "void", "mark_uncollectible"]))
    def open_bill(self, pick: int, verb: str) -> None:
        waiting = self.all("/v1/invoices", status="open")
        if waiting:
            self.twin.call("POST", f"/v1/invoices/{waiting[pick % len(waiting)]['id']}/{verb}")

    @rule(pick=PICK, part=st.integers(1, 100))
    def refund(self, pick: int, part: int) -> None:
        charges = [charge for charge in self.all("/v1/charges") if charge["paid"]]
        if charges:
            charge = charges[pick % len(charges)]
            asked = {"charge": charge["id"], "amount": max(1, charge["amount"] * part // 100)}
            self.twin.call("POST", "/v1/refunds", asked)

    @rule(pick=PICK, part=st.integers(1, 100))
    def credit_note(self, pick: int, part: int) -> None:
        paid = [bill for bill in self.all("/v1/invoices", status="paid") if bill["total"] > 0]
        if paid:
            bill = paid[pick % len(paid)]
            amount = max(1, bill["total"] * part // 100)
            asked = {"invoice": bill["id"], "amount": amount, "credit_amount": amount}
            self.twin.call("POST", "/v1/credit_notes", asked)

    @rule(hours=st.sampled_from([1, 2, 5, 26, 24 * 8, 24 * 31, 24 * 100]))
    def wait(self, hours: int) -> None:
        self.twin.move(self.twin.world.now() + hours * HOUR)

    @invariant()
    def bills_add_up(self) -> None:
        for bill in self.all("/v1/invoices"):
            lines = sum(line["amount"] for line in _lines(self.twin, bill))
            discounts: list[dict[str, Any]] = bill["total_discount_amounts"] or []
            off = sum(part["amount"] for part in discounts)
            assert bill["subtotal"] == lines, bill["id"]
            assert bill["total"] == lines - off, bill["id"]
            assert bill["amount_paid"] + bill["amount_remaining"] == bill["amount_due"], bill
            if bill["ending_balance"] is not None:
                moved = bill["starting_balance"] - bill["ending_balance"]
                assert bill["amount_due"] == max(0, bill["total"] + moved), bill

    @invariant()
    def a_bill_is_paid_once(self) -> None:
        paid: dict[str, list[int]] = defaultdict(list)
        for payment in self.all("/v1/invoice_payments", status="paid"):
            paid[payment["invoice"]].append(payment["amount_paid"])
        for bill in self.all("/v1/invoices"):
            assert sum(paid[bill["id"]]) == bill["amount_paid"], bill["id"]
            assert len(paid[bill["id"]]) <= 1, bill["id"]
        for charge in self.all("/v1/charges"):
            refunds = self.all("/v1/refunds", charge=charge["id"])
            assert charge["amount_refunded"] == sum(back["amount"] for back in refunds) <= charge["amount"]

    @invariant()
    def the_balance_is_the_sum_of_its_movements(self) -> None:
        if self.customer:
            moves = self.all(f"/v1/customers/{self.customer}/balance_transactions")
            balance = self.twin.made("GET", f"/v1/customers/{self.customer}")["balance"]
            assert balance == sum(move["amount"] for move in moves)

    @invariant()
    def no_more_is_credited_than_was_debited(self) -> None:
        debited: dict[str, int] = defaultdict(int)
        credited: dict[str, int] = defaultdict(int)
        for line in self.lines():
            details: dict[str, Any] = line["parent"]["subscription_item_details"] or {}
            item = str(details.get("subscription_item"))
            (debited if line["amount"] > 0 else credited)[item] += abs(line["amount"])
        for item, amount in credited.items():
            assert amount <= debited[item], item

    @invariant()
    def time_is_billed_once(self) -> None:
        """At no instant is an item billed twice: charges of a stretch less its credits are one or none."""
        edges: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for line in self.lines():
            details = line["parent"]["subscription_item_details"]
            if details and line["amount"]:
                sign = 1 if line["amount"] > 0 else -1
                edges[details["subscription_item"]] += [
                    (line["period"]["start"], sign),
                    (line["period"]["end"], -sign),
                ]
        for item, steps in edges.items():
            assert all(0 <= height <= 1 for height in _heights(steps)), (item, sorted(steps))

    def lines(self) -> Iterator[Any]:
        for bill in self.all("/v1/invoices"):
            yield from _lines(self.twin, bill)


def _lines(twin: Inside, bill: Any) -> list[Any]:
    found: list[Any] = twin.made("GET", f"/v1/invoices/{bill['id']}/lines", {"limit": 100})["data"]
    return found


def _heights(steps: list[tuple[int, int]]) -> Iterator[int]:
    """How often each stretch between two edges is billed."""
    at: dict[int, int] = defaultdict(int)
    for instant, change in steps:
        at[instant] += change
    height = 0
    for instant in sorted(at):
        height += at[instant]
        yield height


Shop.TestCase.settings = law(10)
TestShop = Shop.TestCase
