"""How is a row named? By a prefix that says what it is and a suffix that sorts by the time it was made.

The suffix is a UUIDv7 in base 32 (TypeID), all lower case: it does not look like an id of Stripe's.
"""

from __future__ import annotations

import re
from typing import Final

from typeid import TypeID

EXTERNAL_ID: Final = r"^[A-Za-z0-9-]{1,64}$"
"""What an outside id must look like to be one token of a NATS subject, for Python and for Postgres."""

_EXTERNAL_ID = re.compile(EXTERNAL_ID)


def new_id(prefix: str) -> str:
    """A name that was never given before; names made later sort later."""
    return str(TypeID(prefix=prefix))


def is_external_id(text: str) -> bool:
    """Whether the outside id is safe as one token of a subject; the database refuses any other."""
    return _EXTERNAL_ID.fullmatch(text) is not None
