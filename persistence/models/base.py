"""What does every row have, and what does a row have that is published or driven by a machine?

Rows are linked by their ids, which exist as soon as the object does; relationships are for reading only
and never load by themselves. A JSON value is replaced as a whole: a change inside it is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    MetaData,
    Numeric,
    Text,
    func,
    inspect,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from machines import START
from persistence.ids import new_id

Json = dict[str, Any]
"""A JSON object as the database keeps it."""


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    """Any table: when the database first and last wrote the row, by its own clock."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        str: Text,
        int: BigInteger,
        Decimal: Numeric,
        datetime: DateTime(timezone=True),
        Json: JSONB(none_as_null=True),
        list[Json]: JSONB(none_as_null=True),
        list[str]: ARRAY(Text),
    }
    # Without eager defaults an UPDATE leaves `updated_at` to be loaded on access; an async session cannot.
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 -- SQLAlchemy's own declaration

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), init=False, sort_order=998)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=func.now(), init=False, sort_order=999
    )

    def __repr__(self) -> str:
        named = inspect(type(self)).primary_key_from_instance(self)
        return f"<{type(self).__name__} {' '.join(str(part) for part in named)}>"


class Owned(MappedAsDataclass, kw_only=True, eq=False, repr=False):
    """A row whose every change is published: `version` counts its changes from 1, without a hole.

    The version also guards against a lost update: a flush that read an older one is refused by SQLAlchemy
    (StaleDataError).
    """

    __feed__: ClassVar[str]
    """The entity's name in the subject."""
    __feed_silent__: ClassVar[frozenset[str]] = frozenset()
    """Columns that are nobody else's business; a change of these alone is no change."""
    __feed_owner__: ClassVar[str | None] = None
    """The column with the id of the customer who owns the row; None for what belongs to a catalog."""

    version: Mapped[int] = mapped_column(init=False, default=0, sort_order=997)
    __mapper_args__ = {  # noqa: RUF012 -- SQLAlchemy's own declaration
        "eager_defaults": True,
        "version_id_col": version,
        "version_id_generator": False,
    }

    def feed_owner(self) -> str | None:
        """The id of the customer to whom the row belongs; None for what belongs to a catalog."""
        if self.__feed_owner__ is None:
            return None
        owner: str = getattr(self, self.__feed_owner__)
        return owner

    def feed_state(self) -> Json:
        """The row as it is told to others: every column that is not silent, in values JSON can hold."""
        return {name: jsonable(getattr(self, name)) for name in self.feed_columns()}

    @classmethod
    def feed_columns(cls) -> tuple[str, ...]:
        """The names of the columns that are told."""
        hidden = cls.__feed_silent__ | {"version", "created_at", "updated_at"}
        return tuple(key for key in inspect(cls).column_attrs.keys() if key not in hidden)  # noqa: SIM118 -- not a dict


class Driven(MappedAsDataclass, kw_only=True, eq=False, repr=False):
    """A row whose state only its machine moves; persistence.states.move is the one way to do so.

    The row begins in the machine's pseudo state, which the database refuses: its first event names its first
    state. `state_version` counts the moves, each of which is a `transition` with that number.
    """

    __machine__: ClassVar[str]
    """The name of the machine."""

    state: Mapped[str] = mapped_column(init=False, default=START.value, sort_order=990)
    state_version: Mapped[int] = mapped_column(init=False, default=0, sort_order=991)


def jsonable(value: object) -> Any:
    """The value as JSON can hold it: instants in ISO 8601, whole units as integers."""
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case _:
            return value


def identity(prefix: str) -> Mapped[str]:
    """A primary key that is there as soon as the object is."""
    return mapped_column(primary_key=True, default_factory=lambda: new_id(prefix), sort_order=-1)


def reference(target: str) -> ForeignKey:
    """A foreign key that is checked at commit, so that the order of inserts inside a flush is free."""
    return ForeignKey(target, deferrable=True, initially="DEFERRED")


def one_of(column: str, values: type[StrEnum] | Iterable[str]) -> CheckConstraint:
    """The column holds one of these words (or nothing, where it may be null)."""
    words = ", ".join(f"'{word}'" for word in values)
    return CheckConstraint(f'"{column}" IN ({words})', name=column)
