"""What does persistence refuse?

PersistenceError
├── StateChangedOutsideMachine   a state moved without its transition: a programming error
├── FeedCauseMissing             an owned row changed in a transaction that does not say why
├── TransactionOpen              a foreign call was about to be made while a transaction is open
├── ChangedMeanwhile             another transaction changed a row after this one had read it
├── CustomerBusy                 another process holds the customer's lease
└── LeaseLost                    the lease ran out and was taken by another

Each means that nothing was written.
"""

from __future__ import annotations


class PersistenceError(Exception):
    """Anything that this room refuses."""


class StateChangedOutsideMachine(PersistenceError):
    """A state was about to change without the transition that explains it; nothing was written."""

    def __init__(self, *, machine: str, row_id: str, source: str | None, dest: str, why: str) -> None:
        super().__init__(f"{machine} {row_id} went from {source} to {dest} outside its machine: {why}")
        self.machine = machine
        self.row_id = row_id


class FeedCauseMissing(PersistenceError):
    """An owned row changed in a transaction without cause and instant; nothing was written."""

    def __init__(self, entity: str) -> None:
        super().__init__(
            f"{entity} changed, but the transaction has no cause; use Database.transaction(cause=, at=)"
        )


class TransactionOpen(PersistenceError):
    """A call to the outside would have been made while this task holds a transaction open."""

    def __init__(self) -> None:
        super().__init__("a transaction is open in this task; commit it before calling anybody")


class ChangedMeanwhile(PersistenceError):
    """Another transaction changed a row after this one had read it; read again and decide anew."""

    def __init__(self) -> None:
        super().__init__("another transaction changed a row that this one had read; nothing was written")


class CustomerBusy(PersistenceError):
    """Another live lease holds the customer; nothing was changed."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"customer {customer_id} is held by another lease")
        self.customer_id = customer_id


class LeaseLost(PersistenceError):
    """The customer was claimed by another since; what was about to be written must not be."""

    def __init__(self, customer_id: str, fence: int) -> None:
        super().__init__(f"lease {fence} of customer {customer_id} is no longer held")
        self.customer_id = customer_id
        self.fence = fence
