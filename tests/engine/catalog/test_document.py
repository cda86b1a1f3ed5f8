from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from engine.catalog.document import CatalogDocument
from engine.catalog.lint import check
from engine.errors import InvalidRequest, NotImplementedYet
from persistence.models.words import PaidHow

MESSAGES = {"id": "messages", "type": "metered", "consumable": True}
SEATS = {"id": "seats", "type": "metered", "consumable": False}
SSO = {"id": "sso", "type": "boolean"}
PACKS = {"billing": "prepaid", "amount": 1000, "per": 100}


def document(*products: dict[str, Any], **more: Any) -> CatalogDocument:
    return CatalogDocument.model_validate({"features": [MESSAGES, SEATS, SSO], "products": products, **more})


def product(**more: Any) -> dict[str, Any]:
    return {"id": "pro", "group": "main", **more}


def item(**more: Any) -> dict[str, Any]:
    return product(items=[{"feature": "messages", **more}])


WRONG_PARTS: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    (product(colour="red"), ("colour",)),
    (product(id="pro.plus"), ("id",)),
    (product(id="x" * 65), ("id",)),
    (product(version=0), ("version",)),
    (product(prices=[{"amount": -1}]), ("prices", 0, "amount")),
    (product(prices=[{"amount": 10.5}]), ("prices", 0, "amount")),
    (product(prices=[{"amount": "10"}]), ("prices", 0, "amount")),
    (product(prices=[{"amount": True}]), ("prices", 0, "amount")),
    (product(prices=[{"amount": 10, "interval": "hour"}]), ("prices", 0, "interval")),
    (product(prices=[{"amount": 10, "interval": "year", "interval_count": 4}]), ("prices", 0)),
    (product(prices=[{"amount": 10, "interval": "one_off", "interval_count": 2}]), ("prices", 0)),
    (product(trial={"days": 0}), ("trial", "days")),
    (item(included=-1), ("items", 0, "included")),
    (item(reset="decade"), ("items", 0, "reset")),
    (item(unlimited=True, overage=PACKS), ("items", 0)),
    (item(interval="month"), ("items", 0)),
    (item(rollover={"max": 5}), ("items", 0)),
    (item(overage={"billing": "prepaid"}), ("items", 0, "overage")),
    (item(overage={**PACKS, "tiers": [{"up_to": "inf", "amount": 1}]}), ("items", 0, "overage")),
    (item(overage={**PACKS, "per": 0}), ("items", 0, "overage", "per")),
    (item(overage={**PACKS, "billing": "fixed"}), ("items", 0, "overage", "billing")),
    (item(overage={"billing": "prepaid", "tiers": []}), ("items", 0, "overage")),
    (item(overage={"billing": "prepaid", "tiers": [{"up_to": 5, "amount": 1}]}), ("items", 0, "overage")),
    (
        item(
            overage={
                "billing": "prepaid",
                "tiers": [
                    {"up_to": 9, "amount": 1},
                    {"up_to": 5, "amount": 1},
                    {"up_to": "inf", "amount": 1},
                ],
            }
        ),
        ("items", 0, "overage"),
    ),
]


@pytest.mark.parametrize(("wrong", "where"), WRONG_PARTS)
def test_a_part_that_makes_no_sense_is_refused_where_it_stands(
    wrong: dict[str, Any], where: tuple[Any, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        document(wrong)

    assert refused.value.errors()[0]["loc"] == ("products", 0, *where)


WRONG_FEATURES: list[dict[str, Any]] = [
    {"id": "x", "type": "metered"},
    {"id": "x", "type": "boolean", "consumable": True},
    {"id": "x", "type": "boolean", "event_names": ["a"]},
    {"id": "x", "type": "credit_system"},
    {"id": "x", "type": "metered", "consumable": True, "costs": {"a": 1}},
    {"id": "x", "type": "credit_system", "costs": {"a": 0}},
    {"id": "x", "type": "metered", "consumable": "yes"},
]


@pytest.mark.parametrize("wrong", WRONG_FEATURES)
def test_a_feature_that_is_not_one_of_its_kind_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        document(features=[wrong])


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"products": [item(feature="nothing")]}, "/products/0/items/0/feature"),
    ({"products": [item(per_entity="nothing")]}, "/products/0/items/0/per_entity"),
    ({"products": [product(), product()]}, "/products/0/version"),
    ({"products": [product(active=True), product(active=True, version=2)]}, "/products/1/active"),
    ({"features": [MESSAGES, MESSAGES]}, "/features/1/id"),
    (
        {"features": [SSO, {"id": "credits", "type": "credit_system", "costs": {"sso": 1}}]},
        "/features/1/costs/sso",
    ),
    ({"products": [product(items=[{"feature": "sso", "included": 1}])]}, "/products/0/items/0"),
    (
        {"products": [item(overage={"billing": "allocated", "amount": 5})]},
        "/products/0/items/0/overage/billing",
    ),
    (
        {"products": [product(items=[{"feature": "seats", "overage": {"billing": "arrears", "amount": 5}}])]},
        "/products/0/items/0/overage/billing",
    ),
    (
        {
            "products": [
                product(
                    items=[
                        {"feature": "messages", "overage": PACKS},
                        {"feature": "messages", "overage": PACKS},
                    ]
                )
            ]
        },
        "/products/0/items",
    ),
    ({"products": [product(default=True), product(id="b", default=True)]}, "/products/1/default"),
    ({"products": [product(default=True, prices=[{"amount": 1}])]}, "/products/0/default"),
    (
        {"products": [product(default=True, items=[{"feature": "messages", "overage": PACKS}])]},
        "/products/0/default",
    ),
    (
        {"products": [product(trial={"days": 3}, prices=[{"amount": 1, "interval": "one_off"}])]},
        "/products/0/trial",
    ),
    ({"settings": {"void_invoices_on_cancel": "yes"}}, "/settings/void_invoices_on_cancel"),
]


@pytest.mark.parametrize(("given", "pointer"), CONTRADICTIONS)
def test_parts_that_do_not_fit_are_told_with_their_place(given: dict[str, Any], pointer: str) -> None:
    whole = CatalogDocument.model_validate({"features": [MESSAGES, SEATS, SSO], **given})

    with pytest.raises(InvalidRequest) as refused:
        check(whole)

    errors: Any = refused.value.facts["errors"]
    assert pointer in [error["pointer"] for error in errors]


def test_a_setting_that_is_not_known_is_not_ignored() -> None:
    with pytest.raises(NotImplementedYet, match="merge_cycles"):
        check(document(settings={"merge_cycles": True}))


def test_a_paid_default_is_possible_when_it_is_meant() -> None:
    check(document(product(default=True, prices=[{"amount": 1}]), settings={"allow_paid_defaults": True}))


def test_defaults_of_several_groups_and_none_are_fine() -> None:
    check(
        document(
            product(default=True),
            product(id="b", group="other", default=True),
            product(id="c", group=None, default=True),
            product(id="d", group=None, default=True),
            product(id="e", group="main", default=True, version=1, active=False),
        )
    )


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        (product(), PaidHow.FREE),
        (item(included=5, reset="month"), PaidHow.FREE),
        (product(prices=[{"amount": 0}]), PaidHow.RECURRING),
        (product(prices=[{"amount": 5, "interval": "one_off"}]), PaidHow.ONE_OFF),
        (item(interval="one_off", overage=PACKS), PaidHow.ONE_OFF),
        (
            product(
                prices=[{"amount": 5, "interval": "one_off"}],
                items=[{"feature": "messages", "interval": "month", "overage": PACKS}],
            ),
            PaidHow.RECURRING,
        ),
    ],
)
def test_a_product_is_free_without_price_and_overage(terms: dict[str, Any], kind: PaidHow) -> None:
    [read] = document(terms).products

    assert read.price_kind is kind


def test_the_active_version_is_the_highest_unless_told() -> None:
    versions = [product(version=1), product(version=3), product(version=2)]

    assert document(*versions).active_versions() == {"pro": 3}
    assert document(*versions, product(version=4, active=False)).active_versions() == {"pro": 3}
    told = [product(version=1, active=True), product(version=2)]
    assert document(*told).active_versions() == {"pro": 1}


def test_a_document_is_told_as_it_was_written() -> None:
    written = {
        "features": [MESSAGES, {"id": "credits", "type": "credit_system", "costs": {"messages": 0.2}}],
        "products": [
            item(
                included=100,
                reset="month",
                rollover={"max_percentage": 50},
                overage={**PACKS, "max_purchase": 2.5},
            )
        ],
    }

    read = CatalogDocument.model_validate(written)

    assert read.model_dump(mode="json", exclude_unset=True) == written
