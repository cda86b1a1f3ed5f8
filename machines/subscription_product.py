"""What may happen to a product inside a subscription, from the first payment to the end?"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from machines.errors import GuardNotAnswered, UnreachableState
from machines.paths import shortest_paths
from machines.row import START, Word
from machines.table import Machine, Row


class State(Word):
    """Where a product of a customer stands; what the `state` column holds."""

    INCOMPLETE = "incomplete", "The first payment has not come yet."
    SCHEDULED = "scheduled", "It begins later, usually when the running product ends."
    TRIALING = "trialing", "In force, free of charge until the trial ends."
    ACTIVE = "active", "In force and in good standing."
    PAST_DUE = "past_due", "In force, but a payment failed; Stripe retries it. Wins over a planned end."
    PAUSED = "paused", "Held; it comes back as it was. Wins over a planned end."
    CANCELING = "canceling", "In force until a known end."
    ENDED = "ended", "Over; the end reason says why."


class EndReason(StrEnum):
    """Why an ended product is over."""

    CANCELED = "canceled"
    REPLACED = "replaced"
    EXPIRED = "expired"
    PAYMENT_FAILED = "payment_failed"
    REFUNDED = "refunded"


class Event(Word):
    """What can happen to a product of a customer."""

    CREATED_INCOMPLETE = "created_incomplete", "Bought, and the first payment is still open."
    SCHEDULED = "scheduled", "Bought for later."
    TRIAL_STARTED = "trial_started", "Bought with a trial, or given one."
    ACTIVATED = "activated", "Bought, and in force at once."
    PAYMENT_CONFIRMED = "payment_confirmed", "The first payment came."
    INCOMPLETE_EXPIRED = "incomplete_expired", "The first payment never came."
    SCHEDULE_BEGAN = "schedule_began", "The planned beginning was reached."
    SCHEDULE_DROPPED = "schedule_dropped", "The planned beginning was called off."
    TRIAL_ENDED = "trial_ended", "The trial is over; the product goes on."
    PAYMENT_FAILED = "payment_failed", "A renewal or a bill already served was not paid."
    PAYMENT_RECOVERED = "payment_recovered", "What was overdue is paid."
    RETRIES_EXHAUSTED = "retries_exhausted", "The last retry failed; nobody tries again."
    END_SCHEDULED = "end_scheduled", "It will end at a known instant."
    END_WITHDRAWN = "end_withdrawn", "The planned end was called off."
    PAUSED = "paused", "It was put on hold."
    RESUMED = "resumed", "It was taken off hold."
    REPLACED = "replaced", "Another product took its place."
    CANCELED = "canceled", "It was canceled at once."
    EXPIRED = "expired", "Its planned end, or the end of a trial without a card, was reached."
    REFUNDED = "refunded", "It was canceled and paid back."


class Guard(Word):
    """What decides where an event leads."""

    PAYMENT_OVERDUE = "payment_overdue", "A bill already served is unpaid."
    HAS_END = "has_end", "An end is planned and not reached."
    IN_TRIAL = "in_trial", "The trial is still running."


LIVE: Final = (State.TRIALING, State.ACTIVE, State.PAST_DUE, State.PAUSED, State.CANCELING)
"""States that hold the slot of a main product: one at a time for each customer, entity and group."""

END_REASON: Final[Mapping[Event, EndReason]] = {
    Event.INCOMPLETE_EXPIRED: EndReason.PAYMENT_FAILED,
    Event.RETRIES_EXHAUSTED: EndReason.PAYMENT_FAILED,
    Event.SCHEDULE_DROPPED: EndReason.CANCELED,
    Event.REPLACED: EndReason.REPLACED,
    Event.CANCELED: EndReason.CANCELED,
    Event.EXPIRED: EndReason.EXPIRED,
    Event.REFUNDED: EndReason.REFUNDED,
}
"""The end reason of every event that leads to `ended`."""

_OVERDUE, _END, _TRIAL = Guard.PAYMENT_OVERDUE, Guard.HAS_END, Guard.IN_TRIAL
_BEGIN, _STOP = ("open_balances",), ("close_balances",)


def _keeps(event: Event, *states: State) -> tuple[Row[State, Event], ...]:
    return tuple(Row(event, (state,), state) for state in states)


MACHINE: Final = Machine(
    "subscription_product",
    about="A product that a customer holds, from the first payment to the end.",
    states=State,
    events=Event,
    guards=Guard,
    final=(State.ENDED,),
    rows=(
        Row(Event.CREATED_INCOMPLETE, (START,), State.INCOMPLETE),
        Row(Event.SCHEDULED, (START,), State.SCHEDULED),
        Row(Event.ACTIVATED, (START,), State.ACTIVE, effects=_BEGIN),
        Row(Event.TRIAL_STARTED, (START, State.ACTIVE), State.TRIALING, effects=_BEGIN),
        Row(Event.PAYMENT_CONFIRMED, (State.INCOMPLETE,), State.ACTIVE, effects=_BEGIN),
        Row(Event.INCOMPLETE_EXPIRED, (State.INCOMPLETE,), State.ENDED),
        Row(Event.SCHEDULE_BEGAN, (State.SCHEDULED,), State.TRIALING, guard=(_TRIAL,), effects=_BEGIN),
        Row(Event.SCHEDULE_BEGAN, (State.SCHEDULED,), State.ACTIVE, unless=(_TRIAL,), effects=_BEGIN),
        Row(Event.SCHEDULE_DROPPED, (State.SCHEDULED,), State.ENDED),
        Row(Event.TRIAL_ENDED, (State.TRIALING,), State.ACTIVE),
        *_keeps(Event.TRIAL_ENDED, State.CANCELING, State.PAST_DUE, State.PAUSED),
        Row(Event.PAYMENT_FAILED, (State.TRIALING, State.ACTIVE, State.CANCELING), State.PAST_DUE),
        Row(Event.PAYMENT_RECOVERED, (State.PAST_DUE,), State.CANCELING, guard=(_END,)),
        Row(Event.PAYMENT_RECOVERED, (State.PAST_DUE,), State.TRIALING, guard=(_TRIAL,), unless=(_END,)),
        Row(Event.PAYMENT_RECOVERED, (State.PAST_DUE,), State.ACTIVE, unless=(_END, _TRIAL)),
        Row(Event.RETRIES_EXHAUSTED, (State.PAST_DUE,), State.ENDED, effects=_STOP),
        Row(Event.END_SCHEDULED, (State.TRIALING, State.ACTIVE), State.CANCELING),
        *_keeps(Event.END_SCHEDULED, State.CANCELING, State.PAST_DUE, State.PAUSED),
        Row(Event.END_WITHDRAWN, (State.CANCELING,), State.PAST_DUE, guard=(_OVERDUE,)),
        Row(Event.END_WITHDRAWN, (State.CANCELING,), State.TRIALING, guard=(_TRIAL,), unless=(_OVERDUE,)),
        Row(Event.END_WITHDRAWN, (State.CANCELING,), State.ACTIVE, unless=(_OVERDUE, _TRIAL)),
        *_keeps(Event.END_WITHDRAWN, State.PAST_DUE, State.PAUSED),
        Row(Event.PAUSED, (State.TRIALING, State.ACTIVE, State.PAST_DUE, State.CANCELING), State.PAUSED),
        Row(Event.RESUMED, (State.PAUSED,), State.PAST_DUE, guard=(_OVERDUE,)),
        Row(Event.RESUMED, (State.PAUSED,), State.CANCELING, guard=(_END,), unless=(_OVERDUE,)),
        Row(Event.RESUMED, (State.PAUSED,), State.TRIALING, guard=(_TRIAL,), unless=(_OVERDUE, _END)),
        Row(Event.RESUMED, (State.PAUSED,), State.ACTIVE, unless=(_OVERDUE, _END, _TRIAL)),
        Row(Event.REPLACED, LIVE, State.ENDED, effects=_STOP),
        Row(Event.REPLACED, (State.INCOMPLETE, State.SCHEDULED), State.ENDED),
        Row(Event.CANCELED, LIVE, State.ENDED, effects=_STOP),
        Row(Event.CANCELED, (State.INCOMPLETE,), State.ENDED),
        Row(
            Event.EXPIRED,
            (State.TRIALING, State.PAST_DUE, State.PAUSED, State.CANCELING),
            State.ENDED,
            effects=_STOP,
        ),
        Row(Event.REFUNDED, LIVE, State.ENDED, effects=_STOP),
    ),
)


def guards_at(
    at: datetime, *, ends_at: datetime | None, trial_ends_at: datetime | None, overdue: bool = False
) -> dict[str, bool]:
    """The answers to every guard at an instant, from the columns of the row; an instant reached is past."""
    return {
        _OVERDUE.value: overdue,
        _END.value: ends_at is not None and at < ends_at,
        _TRIAL.value: trial_ends_at is not None and at < trial_ends_at,
    }


_FIRST: Final = frozenset({Event.ACTIVATED, Event.PAYMENT_CONFIRMED, Event.SCHEDULE_BEGAN})
_BACK: Final = frozenset({Event.PAYMENT_RECOVERED, Event.RESUMED})
_TELLS: Final[Mapping[State, frozenset[Event]]] = {
    State.INCOMPLETE: frozenset({Event.CREATED_INCOMPLETE}),
    State.SCHEDULED: frozenset({Event.SCHEDULED}),
    State.TRIALING: _BACK | {Event.TRIAL_STARTED, Event.SCHEDULE_BEGAN, Event.END_WITHDRAWN},
    State.ACTIVE: _FIRST | _BACK | {Event.TRIAL_ENDED, Event.END_WITHDRAWN},
    State.PAST_DUE: _FIRST | {Event.TRIAL_ENDED, Event.PAYMENT_FAILED, Event.RESUMED},
    State.PAUSED: _FIRST | {Event.TRIAL_STARTED, Event.PAUSED},
    State.CANCELING: _FIRST | _BACK | {Event.TRIAL_STARTED, Event.END_SCHEDULED},
    State.ENDED: _FIRST,
}

_BEFORE: Final[Mapping[Event, frozenset[Event]]] = {
    Event.EXPIRED: frozenset({Event.END_SCHEDULED}),
    Event.RETRIES_EXHAUSTED: frozenset({Event.PAYMENT_FAILED}),
}


def events_towards(
    state: str, target: State, guards: Mapping[str, bool], *, ended_by: Event = Event.CANCELED
) -> tuple[Event, ...]:
    """The events that must have happened when a product known in `state` is found in `target`; () when none.

    They may be several, since notices from Stripe come late, twice or never. No event is named that the
    target contradicts (a product that is found active did not just fail to pay). `guards` are those of the
    found state; `ended_by` is the event that tells why it is over. Raises UnreachableState if it cannot be.
    """
    missing = [guard.value for guard in Guard if guard not in guards]
    if missing:
        raise GuardNotAnswered(MACHINE.name, state=state, event=f"what leads to {target}", guards=missing)
    told = set(_TELLS[target])
    if target is State.ENDED:
        told |= {ended_by} | _BEFORE.get(ended_by, frozenset())
    if target in (State.CANCELING, State.PAUSED):
        told.discard(Event.ACTIVATED if guards[_TRIAL] else Event.TRIAL_STARTED)
    path = shortest_paths(MACHINE.rows, state, events=told, guards=guards).get(target)
    if path is None:
        raise UnreachableState(MACHINE.name, state=state, target=target)
    return path
