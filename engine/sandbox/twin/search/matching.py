"""Does an object fit a query? The fields that Stripe can search, by kind of object, and how they compare.

Texts are compared without regard to case. Source: Stripe docs, search (query fields, field types).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.sandbox.twin.core.errors import StripeError, invalid
from engine.sandbox.twin.values.types import Obj, as_obj, inside

from .language import Clause, Query

TOKEN, STRING, NUMBER = "token", "string", "numeric"
_SUBSCRIPTION_OF = "parent.subscription_details.subscription"
_SHORTEST_PART = 3
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_OPERATORS = {TOKEN: {":"}, STRING: {":", "~"}, NUMBER: set(_COMPARED)}
_CARD = "payment_method_details.card"
FIELDS: Mapping[str, Mapping[str, str]] = {
    "charge": {
        "amount": NUMBER, "billing_details.address.postal_code": TOKEN, "created": NUMBER, "currency": TOKEN,
        "customer": TOKEN, "disputed": TOKEN, "refunded": TOKEN, "status": TOKEN, f"{_CARD}.last4": TOKEN,
        f"{_CARD}.exp_month": TOKEN, f"{_CARD}.exp_year": TOKEN, f"{_CARD}.brand": TOKEN,
        f"{_CARD}.fingerprint": TOKEN,
    },
    "customer": {"created": NUMBER, "email": STRING, "name": STRING, "phone": STRING},
    "invoice": {
        "created": NUMBER, "currency": TOKEN, "customer": TOKEN, "last_finalization_error_code": TOKEN,
        "last_finalization_error_type": TOKEN, "number": STRING, "receipt_number": STRING, "status": STRING,
        "subscription": TOKEN, "total": NUMBER,
    },
    "payment_intent": {
        "amount": NUMBER, "created": NUMBER, "currency": TOKEN, "customer": TOKEN, "status": TOKEN,
    },
    "price": {
        "active": TOKEN, "currency": TOKEN, "lookup_key": STRING, "product": TOKEN, "type": TOKEN,
    },
    "product": {
        "active": TOKEN, "description": STRING, "name": STRING, "shippable": TOKEN, "url": STRING,
    },
    "subscription": {"canceled_at": NUMBER, "created": NUMBER, "status": STRING},
}  # fmt: skip
_PLACES = {
    "subscription": _SUBSCRIPTION_OF,
    "last_finalization_error_code": "last_finalization_error.code",
    "last_finalization_error_type": "last_finalization_error.type",
}


def check(query: Query, kind: str, resource: str) -> None:
    """Raise where a clause names a field, an operator or a value that Stripe cannot search by."""
    for clause in query.clauses:
        sort = TOKEN if clause.key is not None else FIELDS[kind].get(clause.field)
        if sort is None:
            raise _unsupported(clause, resource)
        if clause.operator not in _OPERATORS[sort]:
            text = f"Operator `{clause.operator}` is not supported for the {sort} field `{clause.field}`."
            raise invalid(text, param="query")
        if clause.operator != ":" and clause.value is None:
            raise invalid("`null` can only be used with the `:` operator.", param="query")
        if sort == NUMBER and clause.value is not None and _number(clause.value) is None:
            text = f"The value of the numeric field `{clause.field}` must be a number."
            raise invalid(text, param="query")
        if clause.operator == "~" and len(clause.value or "") < _SHORTEST_PART:
            text = f"Substring search needs at least {_SHORTEST_PART} characters."
            raise invalid(text, param="query")


def _unsupported(clause: Clause, resource: str) -> StripeError:
    text = (
        f"Field `{clause.field}` is an unsupported search field for resource `{resource}`. See"
        f" http://stripe.com/docs/search#query-fields-for-{resource.replace('_', '-')} for a list of"
        " supported fields."
    )
    return invalid(text, param="query")


def fits(obj: Obj, query: Query) -> bool:
    """Whether an object is what a query asks for."""
    found = (_holds(obj, clause) is not clause.negated for clause in query.clauses)
    return any(found) if query.either else all(found)


def _holds(obj: Obj, clause: Clause) -> bool:
    if clause.key is not None:
        value: Any = inside(obj, "metadata").get(clause.key)
    else:
        value = _at(obj, _PLACES.get(clause.field, clause.field))
    if clause.value is None or value is None:
        return clause.value is None and value is None
    if FIELDS.get(obj["object"], {}).get(clause.field) == NUMBER and clause.key is None:
        return _COMPARED[clause.operator](Decimal(value), _number(clause.value))
    text, wanted = _spelled(value), clause.value.lower()
    return wanted in text if clause.operator == "~" else wanted == text


def _at(obj: Obj, path: str) -> Any:
    value: Any = obj
    for name in path.split("."):
        value = (as_obj(value) or {}).get(name)
    return value


def _spelled(value: Any) -> str:
    return str(value).lower()


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
