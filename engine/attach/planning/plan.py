"""What will be done, as data: the frozen steps at Stripe, and what they mean for our own rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from engine.pricing.model import Line, NextCycle
from engine.steps.plan import PlannedStep, Ref

Json = dict[str, Any]

PAYABLE_FOR = timedelta(hours=23)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A product begins, now or at its scheduled instant, inside a Subscription that exists or is made."""

    row: str
    product: str
    subscription: str
    make: Literal["nothing", "costless", "paid"]
    state: Literal["active", "scheduled"]
    quantities: Mapping[str, Decimal]
    entity: str | None
    starts_at: datetime
    anchor: datetime
    replaces: str | None
    usage: str
    one_off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A product is over, for the reason that the event gives."""

    row: str
    event: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEnd:
    """A product will end at an instant."""

    row: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawEnd:
    """The planned end of a product is called off."""

    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuantities:
    """A held product has other quantities from now on."""

    row: str
    quantities: Mapping[str, Decimal]


Effect = Start | End | SetEnd | WithdrawEnd | SetQuantities


@dataclass(frozen=True, slots=True)
class AttachPlan:
    """All that one call does: steps at Stripe, money lines, effects on our rows; and what a preview tells.

    `own_invoice` is the step that makes an invoice of the lines; without one Stripe bills or nobody.
    """

    steps: tuple[PlannedStep, ...]
    effects: tuple[Effect, ...]
    lines: tuple[Line, ...]
    next_cycle: NextCycle | None = None
    subscription: str | None = None
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    result: str = "active"
    own_invoice: int | None = None

    @property
    def total(self) -> int:
        """What is invoiced now, in minor units, before the balance of the customer."""
        return sum(line.amount for line in self.lines)

    def lapses_at(self, at: datetime) -> datetime | None:
        """Until when its invoice may be paid: the next renewal, at most 23 hours; None when it makes none.

        The figures are those of the running period, and Stripe gives a first invoice 23 hours as well.
        """
        if not any(step.when and step.when.otherwise == "wait" for step in self.steps):
            return None
        renewal = self.next_cycle.starts_at if self.next_cycle else None
        latest = at + PAYABLE_FOR
        return latest if renewal is None or renewal <= at else min(latest, renewal)

    def as_json(self) -> Json:
        """The part that is frozen beside the steps."""
        return {
            "effects": [{"do": type(effect).__name__, **_json(asdict(effect))} for effect in self.effects],
            "subscription": self.subscription,
            "result": self.result,
            "own_invoice": self.own_invoice,
        }

    def lines_as_json(self) -> list[Json]:
        """The money lines as they are stored and shown."""
        return [line_as_json(line) for line in self.lines]


def line_as_json(line: Line) -> Json:
    """One money line as it is stored and shown."""
    return {
        "kind": line.kind.value,
        "description": line.description,
        "amount": line.amount,
        "currency": line.currency,
        "quantity": line.quantity,
        "period": _json(asdict(line.period)) if line.period else None,
        "product": line.product,
        "feature": line.feature,
        "price_id": line.price_id,
        "billed_line_id": line.billed_line_id,
        "holding": line.holding,
        "formula": line.formula,
    }


@dataclass(slots=True)
class StepList:
    """Steps in the making; adding one gives the reference by which later ones name its result."""

    metadata: Mapping[str, str]
    steps: list[PlannedStep] = field(default_factory=list[PlannedStep])

    def add(self, step: PlannedStep) -> Ref:
        """Append a step; what it creates at Stripe carries the attachment and the step in its metadata."""
        number = len(self.steps)
        if step.kind.endswith(".create") and step.kind != "subscription_schedules.create":
            marked = {**step.params.get("metadata", {}), **self.metadata, "ws_step": str(number)}
            step = PlannedStep(
                step.kind,
                {**step.params, "metadata": marked},
                target=step.target,
                when=step.when,
                tolerates=step.tolerates,
            )
        self.steps.append(step)
        return Ref(number)


def _json(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {str(k): _json(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- JSON
        case Sequence() if not isinstance(value, str):
            return [_json(v) for v in value]  # pyright: ignore[reportUnknownVariableType] -- JSON
        case _:
            return value
