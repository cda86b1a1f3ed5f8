"""Search: the query language, its fields, pages, lag, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.engine.sandbox.twin_client import JAN_1, Clock, Twin


@pytest.fixture(scope="module")
def tag(twin: Twin) -> str:
    """Three customers with a tag of their own."""
    tag = f"run-{twin.v1.customers.create({}).id}"
    for name, email in (
        ("Ada Lovelace", "ada@example.com"),
        ("Grace Hopper", "grace@example.org"),
        ("Alan", None),
    ):
        given = {"name": name, "metadata": {"tag": tag, "first name": name.split()[0]}}
        twin.v1.customers.create({**given, **({"email": email} if email else {})})
    return tag


def _names(twin: Twin, query: str) -> list[str]:
    return [customer.name for customer in twin.v1.customers.search({"query": query, "limit": 100}).data]


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("", ["Alan", "Grace Hopper", "Ada Lovelace"]),
        ('email:"ADA@example.com"', ["Ada Lovelace"]),
        ("email:'ada@example.com'", ["Ada Lovelace"]),
        ('name~"hop"', ["Grace Hopper"]),
        ('-name~"hop"', ["Alan", "Ada Lovelace"]),
        ("email:null", ["Alan"]),
        ("-email:null", ["Grace Hopper", "Ada Lovelace"]),
        ('AND metadata["first name"]:"grace"', ["Grace Hopper"]),
        ("and created>0", ["Alan", "Grace Hopper", "Ada Lovelace"]),
        ("created<=0", []),
        ('created<"0"', []),
        ('name:"ada"', []),
        ('-metadata["first name"]:"Ada" -name:"alan"', ["Grace Hopper"]),
    ],
)
def test_clauses(twin: Twin, tag: str, clause: str, names: list[str]) -> None:
    assert _names(twin, f'metadata["tag"]:"{tag}" {clause}') == names


def test_either_of_some_clauses(twin: Twin, tag: str) -> None:
    query = f'metadata["tag"]:"{tag}x" OR email:"grace@example.org" or name:"nobody"'
    assert _names(twin, query)[0] == "Grace Hopper"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "unable to parse"),
        ("asdf", "unable to parse"),
        ('email:"a', "unable to parse"),
        ("email:ada", "unable to parse"),
        ('email:"a" AND', "unable to parse"),
        ('email:"a"name:"b"', "unable to parse"),
        ('foo:"bar"', "Field `foo` is an unsupported search field for resource `customers`"),
        ('email:"a" AND name:"b" OR phone:"c"', "cannot combine"),
        (" ".join(['email:"a"'] * 11), "at most 10 clauses"),
        ('email~"ab"', "at least 3 characters"),
        ('created~"123"', "not supported"),
        ('created>"soon"', "must be a number"),
        ("created>null", "only be used with"),
        ('email>"a"', "not supported"),
        ('metadata["a"]~"abc"', "not supported"),
    ],
)
def test_what_is_no_query(twin: Twin, query: str, says: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=says):
        twin.v1.customers.search({"query": query})


def test_pages(twin: Twin, tag: str) -> None:
    query = f'metadata["tag"]:"{tag}"'
    first = twin.v1.customers.search({"query": query, "limit": 2, "expand": ["total_count"]})
    assert ([found.name for found in first.data], first.has_more) == (["Alan", "Grace Hopper"], True)
    assert (first.total_count, first.url) == (3, "/v1/customers/search")
    last = twin.v1.customers.search({"query": query, "limit": 2, "page": first.next_page})
    assert ([found.name for found in last.data], last.has_more, last.next_page) == (
        ["Ada Lovelace"],
        False,
        None,
    )
    assert [found.name for found in first.auto_paging_iter()] == ["Alan", "Grace Hopper", "Ada Lovelace"]
    for wrong in ({"page": "what"}, {"limit": 0}, {"limit": 101}):
        with pytest.raises(stripe.InvalidRequestError):
            twin.v1.customers.search({"query": query, **wrong})


def test_every_kind_is_found_by_its_fields(twin: Twin, clock: Clock) -> None:
    buyer = clock.customer()
    price = twin.price(2000)
    held = twin.v1.subscriptions.create(
        {"customer": buyer, "items": [{"price": price}], "metadata": {"tag": clock.id}}
    )
    product = twin.v1.products.update(
        twin.v1.prices.retrieve(price).product, {"name": f"Pro {clock.id}", "metadata": {"tag": clock.id}}
    )

    def found(kind: Any, query: str) -> list[str]:
        return [each.id for each in kind.search({"query": query}).data]

    (charge,) = twin.v1.charges.list({"customer": buyer}).data
    assert found(
        twin.v1.charges, f'customer:"{buyer}" amount>=2000 payment_method_details.card.last4:4242'
    ) == [charge.id]
    assert found(twin.v1.charges, f'customer:"{buyer}" refunded:"true"') == []
    assert found(twin.v1.invoices, f'subscription:"{held.id}" total:2000 status:"paid"') == [
        held.latest_invoice
    ]
    assert found(twin.v1.payment_intents, f'customer:"{buyer}" status:"succeeded" created:{JAN_1}') == [
        charge.payment_intent
    ]
    assert found(twin.v1.subscriptions, f'status:"active" metadata["tag"]:"{clock.id}" canceled_at:null') == [
        held.id
    ]
    assert found(twin.v1.products, f'name~"{clock.id}" active:"true"') == [product.id]
    assert found(twin.v1.prices, f'product:"{product.id}" type:"recurring" currency:"USD"') == [price]


def test_search_lags_behind(twin: Twin, clock: Clock) -> None:
    buyer = clock.customer(None)
    found = {"query": f'email:"late@example.com" metadata["clock"]:"{clock.id}"'}
    twin.v1.customers.update(buyer, {"email": "late@example.com", "metadata": {"clock": clock.id}})
    assert [each.id for each in twin.v1.customers.search(found).data] == [buyer]
    twin.post_json("/_twin/settings", {"search_lag_seconds": 60})
    try:
        assert twin.v1.customers.search(found).data == []
        clock.advance(JAN_1 + 60)
        assert [each.id for each in twin.v1.customers.search(found).data] == [buyer]
        twin.v1.customers.update(buyer, {"email": "soon@example.com"})
        (stale,) = twin.v1.customers.search(found).data
        assert stale.email == "soon@example.com"
        clock.advance(JAN_1 + 120)
        assert twin.v1.customers.search(found).data == []
    finally:
        twin.post_json("/_twin/settings", {"search_lag_seconds": 0})
