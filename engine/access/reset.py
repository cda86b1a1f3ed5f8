"""What happens when a period of a balance is over? One due reset, written once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from engine.access.scope import state_of
from engine.errors import NotImplementedYet
from engine.ledger.resets import reset
from engine.ledger.rows import reset_due, restarted
from persistence.repositories import access as rows


async def reset_balance(session: AsyncSession, balance_id: str, *, at: datetime) -> datetime | None:
    """Start one balance again if its reset is due, and put the next one on the list of what is due.

    Returns when it resets next; None when it never does, has ended or is gone. A reset that was done before
    does nothing, so that it may be repeated. The customer is locked first, then the balance.
    """
    owner = await rows.lock_owner(session, balance_id)
    found = await rows.one_balance(session, balance_id, lock=True)
    if owner is None or found is None or found.balance.ended_at is not None:
        return None
    row, state = found.balance, state_of(found)
    change = reset(state, at=at)
    if change is None:
        return row.next_reset_at
    if state.overage_allowed and state.over:
        raise NotImplementedYet(f"billing for the use of {state.feature} beyond what is included")
    session.add(restarted(change, row, at=at))
    due = reset_due(row, clock_id=owner.clock_id)
    session.add_all([due] if due is not None else [])
    return row.next_reset_at
