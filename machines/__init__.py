"""What may happen next: every lifecycle of Wallstreet as one table, one answer, one picture."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from machines import attachment, checkout, invoice, subscription_product
from machines.errors import (
    EnginesDisagree,
    GuardNotAnswered,
    IllegalTransition,
    InconsistentMachine,
    MachineRefusal,
    UnknownWord,
    UnreachableState,
)
from machines.table import START, Arrow, Machine, Row, Start, Step, Word

REGISTRY: Final[Mapping[str, Machine[Any, Any]]] = MappingProxyType(
    {
        machine.name: machine
        for machine in (
            subscription_product.MACHINE,
            attachment.MACHINE,
            invoice.MACHINE,
            checkout.MACHINE,
        )
    }
)
"""Every machine by its name, which is also the value of `transition.machine`."""

__all__ = [
    "REGISTRY",
    "START",
    "Arrow",
    "EnginesDisagree",
    "GuardNotAnswered",
    "IllegalTransition",
    "InconsistentMachine",
    "Machine",
    "MachineRefusal",
    "Row",
    "Start",
    "Step",
    "UnknownWord",
    "UnreachableState",
    "Word",
    "attachment",
    "checkout",
    "invoice",
    "subscription_product",
]
