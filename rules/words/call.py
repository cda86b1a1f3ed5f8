"""What is known about the request as a whole: what was asked for, who pays, and what is due."""

from __future__ import annotations

from typing import Final

from rules.words.word import Scope, Word, choice, flag

REQUEST: Final[tuple[Word, ...]] = (
    choice(
        "asked_timing",
        Scope.CALL,
        "When the request wants it to happen.",
        {
            "unset": "the caller leaves the time to the rules",
            "immediate": "the caller wants it at once",
            "end_of_cycle": "the caller wants it at the end of the cycle",
        },
    ),
    choice(
        "asked_proration",
        Scope.CALL,
        "How the request wants the running period to be billed.",
        {
            "unset": "the caller leaves proration to the rules",
            "immediate": "the caller wants the difference billed at once",
            "next_cycle": "the caller wants the difference billed next cycle",
            "none": "the caller wants no proration",
        },
    ),
    flag(
        "force_checkout",
        Scope.CALL,
        "The request insists on a checkout page.",
        no="no checkout page is asked for",
        yes="the caller insists on a checkout page",
    ),
    flag(
        "invoice_mode",
        Scope.CALL,
        "The request wants an invoice to be sent instead of a card to be charged.",
        no="no invoice by mail is asked for",
        yes="the caller wants an invoice",
    ),
    flag(
        "enable_immediately",
        Scope.CALL,
        "The request gives access before the money has come.",
        no="access may wait for the money",
        yes="the caller gives access before the money",
    ),
    choice(
        "asked_finalize",
        Scope.CALL,
        "Whether the request wants its invoice finalized or left as a draft.",
        {
            "unset": "nothing is said about the draft",
            "yes": "the caller wants the invoice finalized",
            "no": "the caller wants the invoice left as a draft",
        },
    ),
    choice(
        "asked_trial",
        Scope.CALL,
        "What the request says about a trial.",
        {
            "unset": "nothing is said about a trial",
            "off": "the caller wants no trial",
            "custom": "the caller gives a trial of its own",
        },
    ),
    flag(
        "new_subscription",
        Scope.CALL,
        "The request wants a Subscription of its own instead of joining one.",
        no="joining a Subscription is fine",
        yes="the caller wants a Subscription of its own",
    ),
    choice(
        "anchor",
        Scope.CALL,
        "The billing day that the request asks for.",
        {
            "unset": "no billing day is given",
            "now": "the billing cycle is to restart now",
            "valid": "a later billing day is given",
            "invalid": "the billing day given is not possible",
        },
    ),
    choice(
        "start_date",
        Scope.CALL,
        "The start that the request asks for.",
        {
            "unset": "no start is given",
            "future": "a start in the future is given",
            "past": "a start in the past is given",
            "invalid": "the start given is not possible",
        },
    ),
    choice(
        "end_date",
        Scope.CALL,
        "The end that the request asks for.",
        {"unset": "no end is given", "valid": "an end is given", "invalid": "the end given is not possible"},
    ),
    choice(
        "discount",
        Scope.CALL,
        "Whether the discounts of the request can be used.",
        {
            "none": "no discount is given",
            "valid": "a discount is given",
            "unknown": "a discount is given that does not exist or has run out",
            "not_applicable": "a discount is given that covers nothing of this request",
            "first_time_only": "a discount for first purchases is given to somebody who has bought before",
        },
    ),
    choice(
        "carry_over",
        Scope.CALL,
        "What the request wants to take along from the plan that is replaced.",
        {
            "none": "nothing is to be taken along",
            "usage": "the usage is to be taken along",
            "balance": "what is left is to be taken along",
            "both": "usage and what is left are to be taken along",
        },
    ),
    flag(
        "removes_products",
        Scope.CALL,
        "The request names products that are to end when this begins.",
        no="no product is to be removed",
        yes="other products are to be removed",
    ),
    flag(
        "custom_lines",
        Scope.CALL,
        "The request brings its own invoice lines.",
        no="no invoice lines are given",
        yes="the caller brings its own invoice lines",
    ),
    flag(
        "no_billing_changes",
        Scope.CALL,
        "The request wants access changed and nothing billed.",
        no="billing follows",
        yes="the caller wants nothing billed",
    ),
)

CUSTOMER: Final[tuple[Word, ...]] = (
    choice(
        "payment_method",
        Scope.CALL,
        "Whether the customer has a card (or the like) on file.",
        {"none": "no card is on file", "on_file": "a card is on file"},
    ),
    flag(
        "entity_known",
        Scope.CALL,
        "The entity that the request names exists (true when none is named).",
        no="the entity named does not exist",
        yes="the scope exists",
    ),
)

MONEY: Final[tuple[Word, ...]] = (
    choice(
        "due_now",
        Scope.CALL,
        "What the whole request would cost at once if it began now and no trial started.",
        {
            "nothing": "nothing is due now",
            "something": "something is due now",
            "credit": "a credit is due now",
        },
    ),
    flag(
        "mixed_intervals",
        Scope.CALL,
        "The whole request has prices of more than one recurring interval to be paid now.",
        no="what is to be paid now has one interval",
        yes="what is to be paid now has several intervals",
    ),
)

CALL: Final = (*REQUEST, *CUSTOMER, *MONEY)
