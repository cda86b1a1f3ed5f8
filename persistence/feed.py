"""What is told when an owned row changes? One message for each change, written in the same flush.

    wallstreet.change_feed.<entity>.<customerType>_<customerId>.<verb>V1

A change of anything that a customer owns is a change of the customer as well: its version moves by one in
each flush, under a row lock that is held until commit, so that the messages of one customer have the order
of their commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, inspect, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from persistence.errors import FeedCauseMissing
from persistence.ids import new_id
from persistence.models import Base, Customer, Json, Outbox, Owned
from persistence.models.base import jsonable
from persistence.models.words import Verb

PREFIX: Final = "wallstreet.change_feed"
CATALOG_TOKEN: Final = "catalog"  # noqa: S105 -- a token of a subject, not a secret
"""What stands for the customer in the subject of something that belongs to a catalog."""

TOLD: Final = "told"
"""The mark of a session whose commit makes messages wait in the outbox."""

_PREPARED: Final = "prepared messages"
_CUSTOMER: Final = Base.metadata.tables["customer"]


@dataclass(frozen=True, slots=True)
class Change:
    """One owned row of a flush, what happens to it, and which of its columns differ."""

    row: Owned
    verb: Verb
    differences: Json


def subject(entity: str, owner: str, verb: str) -> str:
    """Where the message of a change is published."""
    return f"{PREFIX}.{entity}.{owner}.{verb}V1"


def owner_token(customer: Customer | None) -> str:
    """The token of the customer in a subject."""
    return CATALOG_TOKEN if customer is None else f"{customer.type}_{customer.external_id}"


def prepare_messages(session: Session) -> None:
    """Before a flush: make a message for each owned row that it will change, and move the versions."""
    session.info.pop(_PREPARED, None)  # what an earlier flush that failed would have told
    changes = list(_changes(session))
    if not changes:
        return
    if session.info.get("cause") is None or session.info.get("at") is None:
        raise FeedCauseMissing(changes[0].row.__feed__)
    owners = _touched_owners(session, changes)
    messages: list[Json] = []
    for change in changes:
        if not isinstance(change.row, Customer) or change.verb is not Verb.UPDATED:
            version = change.row.version + 1
            if change.verb is not Verb.DELETED:
                change.row.version = version
            messages.append(_message(session, change, version=version, owners=owners))
    differences = {id(change.row): change.differences for change in changes}
    for customer in _moved(owners, changes):
        change = Change(customer, Verb.UPDATED, differences.get(id(customer), {}))
        messages.append(_message(session, change, version=customer.version, owners=owners))
    session.info[_PREPARED] = messages


def append_messages(session: Session) -> None:
    """After a flush: write its messages, while the rows they tell of are locked by their own writing."""
    messages: list[Json] = session.info.pop(_PREPARED, [])
    if messages:
        session.info[TOLD] = True
        session.execute(insert(Outbox), messages)


def _changes(session: Session) -> Iterator[Change]:
    """The owned rows of the flush: new ones in the order they were added, then changed, then deleted ones."""
    for row in session.new:
        if isinstance(row, Owned):
            yield Change(row, Verb.CREATED, {})
    changed = [row for row in session.dirty if isinstance(row, Owned)]
    for row in sorted(changed, key=_name):
        differences = _differences(row)
        if differences:
            yield Change(row, Verb.UPDATED, differences)
    for row in sorted((row for row in session.deleted if isinstance(row, Owned)), key=_name):
        yield Change(row, Verb.DELETED, {})


def _differences(row: Owned) -> Json:
    attributes = inspect(row).attrs
    found: Json = {}
    for name in row.feed_columns():
        history = attributes[name].history
        if history.has_changes():
            before = history.deleted[0] if history.deleted else None
            found[name] = {"from": jsonable(before), "to": jsonable(getattr(row, name))}
    return found


def _touched_owners(session: Session, changes: list[Change]) -> dict[str, Customer]:
    """Every customer whose rows change, locked and at its next version unless it comes or goes itself."""
    itself = {
        change.row.id: change.row
        for change in changes
        if isinstance(change.row, Customer) and change.verb is not Verb.UPDATED
    }
    ids = sorted({owner for change in changes if (owner := change.row.feed_owner()) is not None})
    return {owner: itself.get(owner) or _next_version(session, owner) for owner in ids}


def _moved(owners: dict[str, Customer], changes: list[Change]) -> Iterator[Customer]:
    told = {id(change.row) for change in changes if change.verb is not Verb.UPDATED}
    return (customer for customer in owners.values() if id(customer) not in told)


def _next_version(session: Session, customer_id: str) -> Customer:
    """Lock the customer and move its version in the database, then see in memory what the database has.

    What this session changed of the customer itself is kept and written by the flush that follows.
    """
    statement = (
        update(_CUSTOMER)
        .where(_CUSTOMER.c.id == customer_id)
        .values(version=_CUSTOMER.c.version + 1)
        .returning(*_CUSTOMER.c)
    )
    now_stored = session.execute(statement).mappings().one()
    customer = session.get_one(Customer, customer_id)
    attributes = inspect(customer).attrs
    for name, value in now_stored.items():
        if not attributes[name].history.has_changes():
            set_committed_value(customer, name, value)
    return customer


def _message(session: Session, change: Change, *, version: int, owners: dict[str, Customer]) -> Json:
    row, entity = change.row, change.row.__feed__
    owner_id = row.feed_owner()
    customer = owners[owner_id] if owner_id is not None else None
    event_id, name, token = new_id("evt"), _name(row)[1], owner_token(customer)
    body: Json = {
        "event_id": event_id,
        "entity": entity,
        "id": name,
        "version": version,
        "verb": change.verb.value,
        "at": _instant(session),
        "customer": None if customer is None else {"type": customer.type, "id": customer.external_id},
        "state": row.feed_state(),
        "changes": change.differences,
        "cause": session.info["cause"],
    }
    return {
        "event_id": event_id,
        "entity": entity,
        "entity_id": name,
        "version": version,
        "subject": subject(entity, token, change.verb.value),
        "owner": token,
        "body": body,
    }


def _instant(session: Session) -> Any:
    at: datetime = session.info["at"]
    return jsonable(at)


def _name(row: Owned) -> tuple[str, str]:
    """Entity and primary key: the order in which changed rows are told, and how they are found again."""
    return row.__feed__, str(inspect(type(row)).primary_key_from_instance(row)[0])
