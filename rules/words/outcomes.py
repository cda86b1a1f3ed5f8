"""What the rules can answer: the words that tables decide, and that later tables read."""

from __future__ import annotations

from typing import Final

from rules.words.word import Scope, Word, choice, flag

COMPARED: Final[tuple[Word, ...]] = (
    choice(
        "difference",
        Scope.DERIVED,
        "What the request would change in a product that is held already.",
        {
            "nothing": "nothing would change in it",
            "version": "its version would change",
            "prices": "a price of it would change",
            "features": "its features would change, its prices would not",
            "trial": "a trial would begin or end",
            "quantities": "a quantity would change",
        },
    ),
    choice(
        "quantity_billing",
        Scope.DERIVED,
        "How the catalog bills the quantity that changes.",
        {
            "none": "no single quantity changes",
            "now": "the change of quantity is billed or credited at once",
            "next_cycle": "the change of quantity is billed or credited next cycle",
            "from_next_cycle": "the change of quantity is billed from the next cycle on",
            "at_cycle_end": "what is paid stays usable until the cycle ends",
        },
    ),
    choice(
        "against",
        Scope.DERIVED,
        "What the line stands against: the product itself, the plan that it replaces, or nothing.",
        {
            "nothing": "it replaces nothing",
            "itself": "it changes the product that is held",
            "free_plan": "it replaces a free plan",
            "trial_plan": "it replaces a plan in its trial",
            "paid_plan": "it replaces a paid plan",
        },
    ),
    choice(
        "direction",
        Scope.DERIVED,
        "Up or down, beside the plan in force.",
        {"none": "there is nothing to compare", "up": "it is an upgrade", "down": "it is a downgrade"},
    ),
    flag(
        "waits",
        Scope.DERIVED,
        "Whether it would wait for the end of the running cycle.",
        no="it would not wait for the end of a cycle",
        yes="it would wait for the end of the cycle",
    ),
)

REFUSAL: Final = choice(
    "refusal",
    Scope.DERIVED,
    "Whether the request is let through, or the code of its refusal.",
    {
        "pass": "it is let through",
        "product_already_attached": "the customer has exactly this",
        "product_already_scheduled": "exactly this is scheduled",
        "product_not_ready": "the product is not complete at Stripe",
        "entity_not_found": "the entity does not exist",
        "invalid_quantity": "a quantity is not possible",
        "conflicting_parameters": "two parameters contradict each other",
        "currency_mismatch": "the currency is not the customer's",
        "subscription_past_due": "an overdue payment comes first",
        "discount_invalid": "the discount does not exist",
        "discount_not_applicable": "the discount covers nothing here",
        "promo_code_first_time_only": "the promotion is for first purchases",
        "trial_not_allowed": "no trial is possible here",
        "anchor_invalid": "the billing day is not possible",
        "start_date_invalid": "the start is not possible",
        "end_date_invalid": "the end is not possible",
        "carry_over_not_allowed": "nothing can be taken along",
        "checkout_not_possible": "this cannot go through a checkout page",
        "nothing_to_pay": "a checkout page would have nothing to pay",
        "mixed_intervals_in_checkout": "a checkout page cannot mix intervals",
        "payment_method_required": "a card has to be put on file first",
        "not_implemented": "the case is known, but not built",
    },
)

BRANCH: Final = choice(
    "branch",
    Scope.DERIVED,
    "Which case a purchase is (AttachBranch).",
    {
        "new": "it is a product where there was none",
        "add_on": "it is an add-on beside what is there",
        "one_off": "it is a single purchase",
        "from_free": "it is a step up from a free plan",
        "from_trial": "it is a step up in the trial of another plan",
        "upgrade": "it is a step up from a paid plan",
        "downgrade": "it is a step down",
        "renew": "what was going to end goes on",
        "update_quantity": "it is about other quantities of what is held",
        "new_version": "it is another version of what is held",
        "same_custom": "it gives what is held other prices or another trial",
        "same_custom_features": "it gives what is held other features at the same prices",
        "multi_product": "it is several products in one call",
    },
)

CONFIG: Final[tuple[Word, ...]] = (
    choice(
        "timing",
        Scope.DERIVED,
        "When it happens.",
        {
            "immediate": "it happens at once",
            "end_of_cycle": "it happens when the running cycle ends",
            "at": "it happens at the date asked for",
        },
    ),
    choice(
        "trial",
        Scope.DERIVED,
        "What becomes of a trial.",
        {
            "start": "a trial starts",
            "carry": "the running trial goes on",
            "end": "the running trial ends now",
            "none": "there is no trial",
        },
    ),
    choice(
        "proration",
        Scope.DERIVED,
        "How the running period is billed.",
        {
            "immediate": "credits and charges for the time left are invoiced now",
            "next_cycle": "credits and charges for the time left go onto the next renewal",
            "none": "nothing is billed for the time left",
        },
    ),
    choice(
        "collection",
        Scope.DERIVED,
        "How the money is collected.",
        {
            "charge": "the card on file is charged, or the open invoice is handed out",
            "checkout": "the buyer pays on a checkout page",
            "invoice": "an invoice is sent",
        },
    ),
    choice(
        "usage",
        Scope.DERIVED,
        "What becomes of the usage so far.",
        {"carry": "the usage is kept", "reset": "consumables start again at 0"},
    ),
    choice(
        "subscription",
        Scope.DERIVED,
        "Which Subscription holds it.",
        {
            "same": "it stays on or joins the Subscription that is there",
            "new": "it gets a Subscription of its own",
        },
    ),
    choice(
        "activation",
        Scope.DERIVED,
        "When access begins.",
        {
            "immediate": "access begins as soon as it happens",
            "on_payment": "access begins when the money has come",
        },
    ),
    flag(
        "needs_card",
        Scope.DERIVED,
        "Whether it cannot go through without a card on file or a page on which the buyer pays.",
        no="no card is needed",
        yes="a card is needed",
    ),
    flag(
        "finalize_invoice",
        Scope.DERIVED,
        "Whether our invoice is finalized, or left as a draft for a person to look at.",
        no="the invoice stays a draft",
        yes="the invoice is finalized",
    ),
)

FUNCTION: Final = choice(
    "function",
    Scope.DERIVED,
    "Which function does it (AttachFunction).",
    {
        "create_checkout": "a checkout session is made and waited for",
        "new_product": "a product is given that replaces nothing paid",
        "one_off_purchase": "it is billed once and given",
        "update_product": "what is held is changed or replaced now",
        "schedule_product": "a product is planned for later",
        "update_quantity": "the quantities are changed",
        "renew_product": "the planned end is taken back",
    },
)

ACCESS: Final[tuple[Word, ...]] = (
    choice(
        "product_state",
        Scope.DERIVED,
        "The state of the product that carries the feature.",
        {
            "incomplete": "its first payment is open",
            "scheduled": "it has not begun",
            "trialing": "it is in a trial",
            "active": "it is active",
            "past_due": "a payment of it is overdue",
            "paused": "it is paused",
            "canceling": "it is going to end",
            "ended": "it is over",
        },
    ),
    choice(
        "feature_type",
        Scope.DERIVED,
        "The kind of feature.",
        {
            "boolean": "the feature is on or off",
            "metered": "the feature is counted",
            "credit_system": "the feature is a pool of credits",
        },
    ),
    choice(
        "grants",
        Scope.DERIVED,
        "Whether the product gives the feature.",
        {"yes": "the feature is given", "no": "the feature is not given"},
    ),
)

OUTCOMES: Final = (*COMPARED, REFUSAL, BRANCH, *CONFIG, FUNCTION, *ACCESS)
