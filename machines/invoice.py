"""What may happen to an invoice? Stripe's lifecycle, which we follow and never lead.

Stripe docs: invoicing/overview (invoice status transitions), billing/invoices/workflow-transitions.
"""

from typing import Final

from machines.errors import UnreachableState
from machines.paths import shortest_paths
from machines.row import START, Word
from machines.table import Machine, Row


class State(Word):
    """The status of an invoice, in Stripe's words."""

    DRAFT = "draft", "Being written; lines may still change."
    OPEN = "open", "Finalized and waiting for payment."
    PAID = "paid", "Settled, also when nothing was due."
    VOID = "void", "Never to be paid; a deleted draft counts as void."
    UNCOLLECTIBLE = "uncollectible", "Payment is no longer expected, but still accepted."


class Event(Word):
    """What can happen to an invoice; `seen_` is how one enters that we did not know."""

    SEEN_DRAFT = "seen_draft", "First seen as a draft."
    SEEN_OPEN = "seen_open", "First seen open."
    SEEN_PAID = "seen_paid", "First seen paid."
    SEEN_VOID = "seen_void", "First seen void."
    SEEN_UNCOLLECTIBLE = "seen_uncollectible", "First seen uncollectible."
    FINALIZED = "finalized", "Its lines were fixed and it got its number."
    PAID = "paid", "It was settled."
    VOIDED = "voided", "It was declared void."
    MARKED_UNCOLLECTIBLE = "marked_uncollectible", "It was written off."
    DELETED = "deleted", "The draft was thrown away; Stripe has no draft that can be voided."


MACHINE: Final = Machine(
    "invoice",
    about="An invoice at Stripe, as we last saw it.",
    states=State,
    events=Event,
    final=(State.PAID, State.VOID),
    rows=(
        Row(Event.SEEN_DRAFT, (START,), State.DRAFT),
        Row(Event.SEEN_OPEN, (START,), State.OPEN),
        Row(Event.SEEN_PAID, (START,), State.PAID),
        Row(Event.SEEN_VOID, (START,), State.VOID),
        Row(Event.SEEN_UNCOLLECTIBLE, (START,), State.UNCOLLECTIBLE),
        Row(Event.FINALIZED, (State.DRAFT,), State.OPEN),
        Row(Event.PAID, (State.OPEN, State.UNCOLLECTIBLE), State.PAID),
        Row(Event.VOIDED, (State.OPEN, State.UNCOLLECTIBLE), State.VOID),
        Row(Event.MARKED_UNCOLLECTIBLE, (State.OPEN,), State.UNCOLLECTIBLE),
        Row(Event.DELETED, (State.DRAFT,), State.VOID),
    ),
)

_SHOWN: Final = frozenset(set(Event) - {Event.DELETED})


def events_towards(state: str, target: str) -> tuple[Event, ...]:
    """The events that must have happened when an invoice known in `state` is found in `target`; () when none.

    A draft that is found paid was finalized and paid: what was missed is told, in order. A deleted draft is
    never found, so that event is the caller's to name. Raises UnreachableState for the impossible.
    """
    path = shortest_paths(MACHINE.rows, state, events=_SHOWN).get(target)
    if path is None:
        raise UnreachableState(MACHINE.name, state=state, target=target)
    return path
