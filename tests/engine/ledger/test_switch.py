from __future__ import annotations

from decimal import Decimal

from engine.ledger.grants import grants
from engine.ledger.model import Source, UsageOnSwitch
from engine.ledger.switch import ending, missing, opening, resize, switch
from engine.pricing.model import ONCE, PriceKind
from tests.engine.ledger.build import FEB, JAN, JAN_16, balance, entitlement, item, seen


def test_consumables_start_at_nothing_and_held_features_bring_their_use() -> None:
    messages = grants([entitlement(500)], anchor=JAN, at=JAN_16)
    seats = grants(
        [entitlement(10, consumable=False, feature_id="feat_2", feature="seats")], anchor=JAN, at=JAN_16
    )
    old = [
        balance(100, 50),
        balance(3, 2, name="bal_2", feature_id="feat_2", feature="seats", consumable=False),
    ]
    change = switch(old, (*messages, *seats), at=JAN_16)
    assert change.ended == ("bal_1", "bal_2")
    assert [seen(o.grant.feature, o.grant.included, o.used) for o in change.opened] == [
        ("messages", 500, 0),
        ("seats", 10, 2),
    ]
    assert change.opened[0].grant.next_reset_at == FEB


def test_usage_is_carried_when_asked_or_when_the_new_item_keeps_it() -> None:
    old = [balance(100, 50)]
    plain = grants([entitlement(200)], anchor=JAN, at=JAN_16)
    keeping = grants([entitlement(200, reset_on_switch=False)], anchor=JAN, at=JAN_16)
    assert switch(old, plain, at=JAN_16, usage=UsageOnSwitch.CARRY).opened[0].used == 50
    assert switch(old, keeping, at=JAN_16).opened[0].used == 50


def test_the_rest_of_units_bought_once_lives_on_for_good() -> None:
    bought = balance(0, 50, purchased=Decimal(200), source=Source.BOUGHT_ONCE.value)
    change = switch([bought], grants([entitlement(500)], anchor=JAN, at=JAN_16), at=JAN_16)
    premium, kept = change.opened
    assert seen(premium.grant.included, premium.used) == (500, 0)
    assert seen(kept.grant.source, kept.grant.purchased, kept.used, kept.kept_from) == (
        Source.KEPT,
        150,
        0,
        "bal_1",
    )
    assert kept.grant.next_reset_at is None
    assert kept.grant.expires_at is None
    assert kept.grant.stands_alone


def test_what_was_bought_once_and_used_up_leaves_nothing_behind() -> None:
    bought = balance(0, 200, purchased=Decimal(200), source=Source.BOUGHT_ONCE.value)
    assert switch([bought], (), at=JAN_16).opened == ()


def test_bought_units_live_on_where_the_new_product_lacks_the_feature_but_not_after_an_end() -> None:
    bought = balance(purchased=Decimal(200), source=Source.BOUGHT_ONCE.value)
    assert [o.grant.purchased for o in switch([bought], (), at=JAN_16).opened] == [200]
    assert ending([bought], at=JAN_16).opened == ()
    assert ending([bought], at=JAN_16).ended == ("bal_1",)


def test_use_of_units_bought_once_is_not_carried_into_the_new_plan() -> None:
    old = [
        balance(100, 30),
        balance(0, 50, name="bal_2", purchased=Decimal(200), source=Source.BOUGHT_ONCE.value),
    ]
    change = switch(
        old, grants([entitlement(200)], anchor=JAN, at=JAN_16), at=JAN_16, usage=UsageOnSwitch.CARRY
    )
    assert [seen(o.grant.source, o.used) for o in change.opened] == [(Source.PRODUCT, 30), (Source.KEPT, 0)]


def test_an_unlimited_grant_begins_without_use() -> None:
    unlimited = grants([entitlement(unlimited=True)], anchor=JAN, at=JAN_16)
    assert switch([balance(5, 5)], unlimited, at=JAN_16, usage=UsageOnSwitch.CARRY).opened[0].used == 0


def test_another_quantity_changes_the_amounts_and_nothing_else() -> None:
    wanted = grants([entitlement(100, item=item(500, included=100))], anchor=JAN, at=JAN_16)
    (change,) = resize([balance(100, 100, purchased=Decimal(300))], wanted)
    assert seen(change.balance, change.included, change.purchased) == ("bal_1", 100, 400)
    assert resize([balance(100, 100, purchased=Decimal(400))], wanted) == ()


def test_units_bought_once_are_never_taken_back_and_first_ones_open_a_balance() -> None:
    few = grants([entitlement(item=item(100, cadence=ONCE))], anchor=JAN, at=JAN_16)
    held = balance(purchased=Decimal(300), source=Source.BOUGHT_ONCE.value)
    assert resize([held], few) == ()
    assert missing([held], few).opened == ()
    assert [o.grant.purchased for o in missing([balance()], few).opened] == [100]


def test_paid_seats_are_not_resized_by_a_grant() -> None:
    seats = grants(
        [entitlement(1, consumable=False, item=item(kind=PriceKind.ALLOCATED))], anchor=JAN, at=JAN
    )
    assert resize([balance(1, 3, purchased=Decimal(2), seats=True, consumable=False)], seats) == ()


def test_an_opening_ends_nothing() -> None:
    change = opening(grants([entitlement(100)], anchor=JAN, at=JAN))
    assert seen(change.ended, len(change.opened)) == ((), 1)
