"""What may happen to a checkout session? Stripe's lifecycle, which we follow and never lead.

Stripe docs: api/checkout/sessions/object (status), payments/checkout/how-checkout-works.
"""

from typing import Final

from machines.errors import UnreachableState
from machines.paths import shortest_paths
from machines.row import START, Word
from machines.table import Machine, Row


class State(Word):
    """The status of a checkout session, in Stripe's words."""

    OPEN = "open", "The customer can still pay there; one such session for each customer."
    COMPLETE = "complete", "The customer finished; payment may still be on its way."
    EXPIRED = "expired", "It can no longer be used."


class Event(Word):
    """What can happen to a checkout session; `seen_` is how one enters that we did not know."""

    SEEN_OPEN = "seen_open", "First seen open, usually because we made it."
    SEEN_COMPLETE = "seen_complete", "First seen complete."
    SEEN_EXPIRED = "seen_expired", "First seen expired."
    COMPLETED = "completed", "The customer finished it."
    EXPIRED = "expired", "Its time ran out, or another request took its place."


MACHINE: Final = Machine(
    "checkout",
    about="A checkout session at Stripe, as we last saw it.",
    states=State,
    events=Event,
    final=(State.COMPLETE, State.EXPIRED),
    rows=(
        Row(Event.SEEN_OPEN, (START,), State.OPEN),
        Row(Event.SEEN_COMPLETE, (START,), State.COMPLETE),
        Row(Event.SEEN_EXPIRED, (START,), State.EXPIRED),
        Row(Event.COMPLETED, (State.OPEN,), State.COMPLETE),
        Row(Event.EXPIRED, (State.OPEN,), State.EXPIRED),
    ),
)


def events_towards(state: str, target: str) -> tuple[Event, ...]:
    """The events that must have happened when a session known in `state` is found in `target`; () when none.

    Raises UnreachableState for the impossible.
    """
    path = shortest_paths(MACHINE.rows, state).get(target)
    if path is None:
        raise UnreachableState(MACHINE.name, state=state, target=target)
    return path
