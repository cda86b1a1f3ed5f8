"""How does a caller name a customer, and what does it tell us of one?"""

from __future__ import annotations

from dataclasses import dataclass

from persistence.models.words import CustomerType


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys, by the type and id under which the caller knows them."""

    type: CustomerType
    id: str

    def __str__(self) -> str:
        return f"{self.type.value}_{self.id}"


@dataclass(frozen=True, slots=True)
class CustomerTerms:
    """What a customer is given when it is made or changed; None leaves a value as it is.

    A new customer receives the default products unless told; one that never had any, only when told.
    """

    catalog: str | None = None
    clock: str | None = None
    name: str | None = None
    email: str | None = None
    receives_default: bool | None = None
