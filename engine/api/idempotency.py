"""What happens when the same call comes twice under one key? It is done once, and answered twice.

A key belongs to one customer. The same call gets the stored answer; another call is refused; one that comes
while the first is under way waits for it, and is refused when that takes too long. A call that was refused
before it had any effect frees its key. Where nobody can say what happened, the same call may be repeated
under the key: what was begun is found again by it and carried on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final, assert_never

from engine.api.services import Answer, Busy, Claimed, Keys, Mismatch, Stored
from engine.errors import InvalidRequest, NotFound, NotImplementedYet, Refused, WallstreetError

OK: Final = 200
AFTER_EFFECTS: Final = frozenset({"stripe_refused", "changed_meanwhile"})
"""Refusals that come when an attachment exists: the same request finds it again under its key."""
PATIENCE: Final = 10.0
"""Seconds for which a call waits for another under the same key."""
PAUSES: Final = (0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Once:
    """The answer to a call, and whether it was given before."""

    body: Answer
    replayed: bool


async def once(
    keys: Keys,
    work: Callable[[], Awaitable[Answer]],
    *,
    caller: str,
    key: str,
    fingerprint: str,
    patience: float = PATIENCE,
) -> Once:
    """Do the work, unless it was done under this key before.

    Raises:
        Refused: the key was used for something else, or is in use for too long.
    """
    waited = 0.0
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        claim = await keys.claim(caller, key, fingerprint)
        match claim:
            case Claimed():
                return Once(await _first(keys, work, caller=caller, key=key), replayed=False)
            case Stored(body=body):
                return Once(body, replayed=True)
            case Mismatch():
                raise Refused(
                    "idempotency_mismatch",
                    "This idempotency key was used for another request; take a new key for a new request.",
                    facts={"idempotency_key": key},
                )
            case Busy():
                if waited >= patience:
                    break
                await asyncio.sleep(pause)
                waited += pause
            case _:
                assert_never(claim)
    raise Refused(
        "concurrent_request",
        "A request with this idempotency key is still being done; repeat it with the same key in a moment.",
        facts={"idempotency_key": key},
    )


async def _first(keys: Keys, work: Callable[[], Awaitable[Answer]], *, caller: str, key: str) -> Answer:
    try:
        answer = await work()
        await keys.store(caller, key, status=OK, body=answer)
    except WallstreetError as error:
        release = keys.free if _had_no_effect(error) else keys.unlock
        await asyncio.shield(release(caller, key))
        raise
    except BaseException:
        await asyncio.shield(keys.unlock(caller, key))
        raise
    return answer


def _had_no_effect(error: WallstreetError) -> bool:
    """Whether it was refused before anything was sent to Stripe or written."""
    if isinstance(error, Refused):
        return error.code not in AFTER_EFFECTS
    return isinstance(error, InvalidRequest | NotFound | NotImplementedYet)


def agreed_key(header: str | None, body: str | None) -> str | None:
    """The key of a call, which may be given in the header or in the body, but only one."""
    if header is not None and body is not None and header != body:
        raise InvalidRequest(
            "The header Idempotency-Key and the body name two keys; give one.", code="conflicting_parameters"
        )
    return header or body
