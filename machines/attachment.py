"""Where does one attach, cancel or other change stand between its plan and its outcome?"""

from typing import Final

from machines.row import START, Word
from machines.table import Machine, Row


class State(Word):
    """Where a change stands; what the `state` column holds."""

    PLANNED = "planned", "The frozen steps are stored; nothing was sent."
    CALLING = "calling", "Steps are being sent to Stripe."
    UNKNOWN = (
        "unknown",
        "A call may or may not have happened; it is looked up and sent again with the same key.",
    )
    RECORDED = "recorded", "Every answer that was due is stored; only our own rows are missing."
    AWAITING_CUSTOMER = "awaiting_customer", "The customer must pay or confirm before it goes on."
    REJECTED = "rejected", "Stripe refused a step."
    COMPENSATING = "compensating", "What was already done is being undone."
    COMPLETED = "completed", "Done, and its outcome is stored."
    FAILED = "failed", "Nothing of it remains, and its outcome is stored."
    NEEDS_OPERATOR = "needs_operator", "Stopped rather than guess; a person decides."


class Event(Word):
    """What can happen to a change."""

    PLAN_STORED = "plan_stored", "Decision and steps were committed."
    CALL_STARTED = "call_started", "The first step was marked as sent."
    ANSWER_LOST = "answer_lost", "A call ended without an answer that can be trusted."
    ANSWER_FOUND = "answer_found", "The lost answer was found or given again."
    ANSWERS_RECORDED = "answers_recorded", "Every step that is due has its answer."
    CUSTOMER_AWAITED = "customer_awaited", "The rest waits for the customer."
    CUSTOMER_ACTED = "customer_acted", "The customer paid or confirmed, and steps are left."
    COMPLETED = "completed", "Our rows and the outcome were committed together."
    LAPSED = "lapsed", "What the customer should have done was not done in time; nothing is to be undone."
    REFUSED = "refused", "Stripe answered no."
    COMPENSATION_STARTED = "compensation_started", "Undoing began."
    COMPENSATED = "compensated", "Everything done is undone."
    GIVEN_UP = "given_up", "Nothing had been done, so nothing is undone."
    OPERATOR_CALLED = "operator_called", "Time, tries or sense ran out."
    OPERATOR_RESUMED = "operator_resumed", "A person let it go on."
    OPERATOR_CLOSED = "operator_closed", "A person cleaned up and closed it."


LIVE: Final = (
    State.PLANNED,
    State.CALLING,
    State.UNKNOWN,
    State.RECORDED,
    State.REJECTED,
    State.COMPENSATING,
)
"""States in which no other attach of the same customer may begin."""

MACHINE: Final = Machine(
    "attachment",
    about="One change that a caller asked for, from its frozen plan to its stored outcome.",
    states=State,
    events=Event,
    final=(State.COMPLETED, State.FAILED),
    rows=(
        Row(Event.PLAN_STORED, (START,), State.PLANNED),
        Row(Event.CALL_STARTED, (State.PLANNED,), State.CALLING),
        Row(Event.ANSWER_LOST, (State.CALLING,), State.UNKNOWN),
        Row(Event.ANSWER_FOUND, (State.UNKNOWN,), State.CALLING),
        Row(Event.ANSWERS_RECORDED, (State.PLANNED, State.CALLING, State.UNKNOWN), State.RECORDED),
        Row(Event.COMPLETED, (State.RECORDED, State.AWAITING_CUSTOMER), State.COMPLETED),
        Row(Event.CUSTOMER_AWAITED, (State.CALLING, State.RECORDED), State.AWAITING_CUSTOMER),
        Row(Event.CUSTOMER_ACTED, (State.AWAITING_CUSTOMER,), State.CALLING),
        Row(Event.LAPSED, (State.AWAITING_CUSTOMER,), State.FAILED),
        Row(Event.REFUSED, (State.CALLING, State.UNKNOWN), State.REJECTED),
        Row(Event.COMPENSATION_STARTED, (State.REJECTED, State.AWAITING_CUSTOMER), State.COMPENSATING),
        Row(Event.COMPENSATED, (State.COMPENSATING,), State.FAILED),
        Row(Event.GIVEN_UP, (State.REJECTED,), State.FAILED),
        Row(
            Event.OPERATOR_CALLED,
            (State.CALLING, State.UNKNOWN, State.RECORDED, State.COMPENSATING),
            State.NEEDS_OPERATOR,
        ),
        Row(Event.OPERATOR_RESUMED, (State.NEEDS_OPERATOR,), State.CALLING),
        Row(Event.OPERATOR_CLOSED, (State.NEEDS_OPERATOR,), State.FAILED),
    ),
)
