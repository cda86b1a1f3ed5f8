"""What is known about one line of a request: the product asked for, and what the customer has of it."""

from __future__ import annotations

from typing import Final

from rules.words.word import Scope, Word, choice, flag

PRODUCT: Final[tuple[Word, ...]] = (
    choice(
        "line_kind",
        Scope.LINE,
        "What the line is about: a product, or one quantity of a held product that the request changes.",
        {
            "product": "the line is a product",
            "quantity": "the line is one changed quantity of a held product",
        },
    ),
    choice(
        "product_price",
        Scope.LINE,
        "What the product costs as asked for, custom prices included: nothing, once, or again each period.",
        {"free": "the product is free", "one_off": "it is paid once", "recurring": "it is paid each period"},
    ),
    flag(
        "add_on",
        Scope.LINE,
        "The product stands beside the plan of its group instead of replacing it.",
        no="it is a main product",
        yes="it is an add-on",
    ),
    flag(
        "product_ready",
        Scope.LINE,
        "The product and all its prices exist at Stripe (a free product is always ready).",
        no="the product is not complete at Stripe",
        yes="the product is complete at Stripe",
    ),
    flag(
        "group_taken_in_call",
        Scope.LINE,
        "Another main product of the same group and scope is in the same request.",
        no="no other product of its group is in the request",
        yes="another product of its group is in the same request",
    ),
    choice(
        "trial_offer",
        Scope.LINE,
        "The trial that could start: the one given in the request, else that of the product, which a customer"
        " has once.",
        {
            "none": "no trial is to be had",
            "card_required": "a trial that needs a card is to be had",
            "card_free": "a trial without a card is to be had",
        },
    ),
    choice(
        "custom_items",
        Scope.LINE,
        "How the custom prices and items of the request differ from what is held (from the catalog when the"
        " product is not held).",
        {
            "none": "no custom items are given",
            "same": "the custom items change nothing",
            "features": "the custom items change features and no price",
            "prices": "the custom items change a price",
        },
    ),
    flag(
        "version_change",
        Scope.LINE,
        "The product is held, and the version asked for (or the active one when none is named) is another.",
        no="the version stays",
        yes="another version than the held one is meant",
    ),
    flag(
        "becomes_paid",
        Scope.LINE,
        "The product is held without any price, and the request gives it one.",
        no="a held free product stays free",
        yes="a product that was held for free becomes priced",
    ),
)

HOLDINGS: Final[tuple[Word, ...]] = (
    choice(
        "held",
        Scope.LINE,
        "How the customer holds this very product in the scope of the line; one-off products never count.",
        {
            "none": "the customer does not hold it",
            "scheduled": "it is scheduled to begin",
            "incomplete": "its first payment is still open",
            "trialing": "it is held, in a trial",
            "active": "it is held and active",
            "past_due": "it is held and a payment is overdue",
            "paused": "it is held and paused",
            "canceling": "it is held and is going to end",
        },
    ),
    flag(
        "ending",
        Scope.LINE,
        "The held product has a date on which it ends; true whenever `held` is canceling.",
        no="it has no end date",
        yes="it has an end date",
    ),
    choice(
        "current_plan",
        Scope.LINE,
        "The other main product of the same group and scope that is in force (never the product itself).",
        {
            "none": "no other plan of its group is in force",
            "free": "a free plan of its group is in force",
            "paid": "a paid plan of its group is in force",
        },
    ),
    choice(
        "current_state",
        Scope.LINE,
        "How the plan that is in force stands; one that is in a trial and also ending counts as trialing.",
        {
            "none": "there is no such plan",
            "trialing": "that plan is in a trial",
            "active": "that plan is active",
            "past_due": "a payment of that plan is overdue",
            "paused": "that plan is paused",
            "canceling": "that plan is going to end",
        },
    ),
    choice(
        "scheduled_in_group",
        Scope.LINE,
        "Which product of the same group and scope is scheduled to begin.",
        {
            "none": "nothing of its group is scheduled",
            "this": "this product is the scheduled one",
            "other": "another product of its group is scheduled",
        },
    ),
    choice(
        "live_subscription",
        Scope.LINE,
        "The paid Subscription that holds the product or the plan it replaces, else the one it would join.",
        {
            "none": "there is no paid Subscription to change or join",
            "active": "its paid Subscription is active",
            "trialing": "its paid Subscription is in a trial",
            "past_due": "its paid Subscription is past due",
        },
    ),
    flag(
        "currency_matches",
        Scope.LINE,
        "The product has its prices in the currency of the customer (a free product always does).",
        no="the product has no price in the customer's currency",
        yes="the currency is the customer's",
    ),
)

QUANTITY: Final[tuple[Word, ...]] = (
    choice(
        "quantities",
        Scope.LINE,
        "Whether the quantities of the request differ from those held.",
        {
            "unset": "no quantities are given",
            "same": "the quantities are those held",
            "changed": "a quantity differs from what is held",
        },
    ),
    choice(
        "quantity_problem",
        Scope.LINE,
        "What is wrong with a quantity of the request.",
        {
            "none": "the quantities are in order",
            "negative": "a quantity is negative",
            "not_prepaid": "a quantity is given for something that is not sold by quantity",
            "above_maximum": "a quantity is above what may be bought",
        },
    ),
    choice(
        "quantity_change",
        Scope.LINE,
        "Which way the quantity of a quantity line goes; none on a product line.",
        {
            "none": "no single quantity is meant",
            "increase": "the quantity goes up",
            "decrease": "it goes down",
        },
    ),
    choice(
        "on_increase",
        Scope.LINE,
        "How the catalog bills more of this quantity; may be unset where the quantity does not go up.",
        {
            "unset": "no price for an increase is meant",
            "prorate_immediately": "more of it is billed at once for the time left",
            "bill_immediately": "more of it is billed at once at the full price",
            "prorate_next_cycle": "more of it is billed for the time left, next cycle",
            "bill_next_cycle": "more of it is billed from the next cycle on",
        },
    ),
    choice(
        "on_decrease",
        Scope.LINE,
        "How the catalog credits less of this quantity; may be unset where the quantity does not go down.",
        {
            "unset": "no price for a decrease is meant",
            "prorate_immediately": "less of it is credited at once for the time left",
            "prorate_next_cycle": "less of it is credited next cycle",
            "none": "less of it is not credited, what is paid stays usable until the cycle ends",
            "no_prorations": "less of it takes effect next cycle without a credit",
        },
    ),
)

COMPARISON: Final[tuple[Word, ...]] = (
    choice(
        "interval_change",
        Scope.LINE,
        "The longest billing interval of the product beside that of the plan in force.",
        {
            "none": "there are no intervals to compare",
            "longer": "its longest interval is longer",
            "equal": "its longest interval is as long",
            "shorter": "its longest interval is shorter",
        },
    ),
    choice(
        "price_change",
        Scope.LINE,
        "The monthly sum of all prices that are not usage, beside that of the plan in force.",
        {
            "none": "there are no prices to compare",
            "higher": "it costs more a month",
            "equal": "it costs the same a month",
            "lower": "it costs less a month",
        },
    ),
    flag(
        "usage_only",
        Scope.LINE,
        "The product and the plan in force both have usage prices and no other.",
        no="one of the two has a price that is not usage",
        yes="both are billed by usage alone",
    ),
)

LINE: Final = (*PRODUCT, *HOLDINGS, *QUANTITY, *COMPARISON)
