"""What does this runner, or the engine behind it, not have yet? A file that uses such a word is not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

from engine.scenario.format import Attach, Cancel, ChangeEntities, Overage, Parallel, Scenario, Step, Stripe

VERBS = frozenset(
    {
        "attach",
        "preview",
        "check",
        "track",
        "set_usage",
        "advance",
        "complete_checkout",
        "pay_invoice",
        "set_payment_method",
        "cancel",
        "uncancel",
        "stripe",
        "fault",
        "heal",
    }
)
"""What a step may do here."""

PARAMETERS = frozenset({"quantities", "timing", "force_checkout", "success_url"})
"""What a call may add here."""


STRIPE_ACTIONS = frozenset(
    {
        "cancel_now",
        "delete_customer",
        "resend_last_event",
        "refund",
        "dispute",
        "pay_invoice",
        "void_invoice",
        "mark_uncollectible",
        "pause_collection",
        "resume_collection",
    }
)
"""What may be done at Stripe behind our back; the runner knows more, which the engine does not follow yet."""

TOLD_BY_A_WORD = frozenset(
    {
        "parallel",
        "create_entity",
        "delete_entity",
        "create_version",
        "version",
        "free_trial",
        "entity_data",
    }
)
"""Verbs and parameters that a word of the list stands for already."""


@dataclass(frozen=True, slots=True)
class Word:
    """A part of the format that is not built, and how to see that a file uses it."""

    name: str
    used: Callable[[Scenario], bool]


def unsupported(scenario: Scenario) -> tuple[str, ...]:
    """The words for which this scenario cannot be run here, in the order of the list; empty when it can."""
    words = [word.name for word in UNSUPPORTED if word.used(scenario)]
    steps = list(_all_steps(scenario.steps))
    words += sorted({f"do: {step.do}" for step in steps if step.do not in VERBS | TOLD_BY_A_WORD})
    words += sorted({f"stripe {step.action}" for step in steps if _is_ahead(step)})
    words += sorted({f"params.{name}" for step in steps for name in _parameters(step) - TOLD_BY_A_WORD})
    return tuple(words)


def _is_ahead(step: Step) -> TypeGuard[Stripe]:
    return isinstance(step, Stripe) and step.action not in STRIPE_ACTIONS


def _all_steps(steps: list[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, Parallel):
            yield from _all_steps([*([step.step] if step.step else []), *step.steps])


def _parameters(step: Step) -> set[str]:
    if isinstance(step, Attach):
        custom = {"custom"} if any(line.custom is not None for line in step.products or ()) else set[str]()
        return (set(step.params) | custom) - PARAMETERS
    if isinstance(step, Cancel):
        return set(step.params.document())
    return set()


def _attaches(scenario: Scenario) -> list[Attach]:
    return [step for step in _all_steps(scenario.steps) if isinstance(step, Attach)]


def _entities(scenario: Scenario) -> bool:
    steps = list(_all_steps(scenario.steps))
    return scenario.entities is not None or any(
        isinstance(step, ChangeEntities)
        or (isinstance(step, Attach) and "entity_data" in step.params)
        or getattr(step, "entity", None) is not None
        or step.expect.entity_products is not None
        or step.expect.entity_balances is not None
        for step in steps
    )


def _several_products(scenario: Scenario) -> bool:
    return any(len(step.products or ()) > 1 for step in _attaches(scenario))


def _trial(scenario: Scenario) -> bool:
    return any(product.trial for product in scenario.products) or any(
        "free_trial" in step.params for step in _attaches(scenario)
    )


def _overages(scenario: Scenario) -> list[Overage]:
    return [item.overage for product in scenario.products for item in product.items if item.overage]


def _billed(billing: str) -> Callable[[Scenario], bool]:
    return lambda scenario: any(overage.billing == billing for overage in _overages(scenario))


def _versions(scenario: Scenario) -> bool:
    several = max(Counter(product.id for product in scenario.products).values(), default=0) > 1
    named = any(
        "version" in step.params or any(line.version is not None for line in step.products or ())
        for step in _attaches(scenario)
    )
    steps = list(_all_steps(scenario.steps))
    made = any(step.do == "create_version" or step.expect.product_version is not None for step in steps)
    return several or named or made


def _any_step(kind: type[Parallel]) -> Callable[[Scenario], bool]:
    return lambda scenario: any(isinstance(step, kind) for step in scenario.steps)


UNSUPPORTED: tuple[Word, ...] = (
    Word("entities", _entities),
    Word("several products", _several_products),
    Word("add_on", lambda scenario: any(product.add_on for product in scenario.products)),
    Word("trial", _trial),
    Word("arrears", _billed("arrears")),
    Word("allocated", _billed("allocated")),
    Word("allocated_arrears", _billed("allocated_arrears")),
    Word("tiers", lambda scenario: any(overage.tiers for overage in _overages(scenario))),
    Word(
        "rollover",
        lambda scenario: (
            any(item.rollover for product in scenario.products for item in product.items)
            or any(step.expect.rollovers is not None for step in scenario.steps)
        ),
    ),
    Word(
        "per_entity",
        lambda scenario: any(item.per_entity for product in scenario.products for item in product.items),
    ),
    Word(
        "credit_system",
        lambda scenario: any(feature.type == "credit_system" for feature in scenario.features),
    ),
    Word("versions", _versions),
    Word("parallel", _any_step(Parallel)),
    Word(
        "upcoming_quantities",
        lambda scenario: any(step.expect.upcoming_quantities is not None for step in scenario.steps),
    ),
)
"""What is not built, by the name that a report gives; verbs and parameters are told by what is built."""
